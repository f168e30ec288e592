//! The printer: a paper and its template in, PDF/A-2u out.

use crate::fonts::{FontSettings, Fonts};
use crate::legible::legible;
use crate::{PrintError, qr};
use domain::document::{Document, DocumentKind};
use serde_json::json;
use typst::diag::{FileError, FileResult, SourceDiagnostic, Warned};
use typst::foundations::{Bytes, Datetime, Dict, Duration, IntoValue, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

/// The templates, by file name.
pub const TEMPLATES: [(&str, &str); 6] = [
    ("letterhead.typ", include_str!("../templates/letterhead.typ")),
    ("notice.typ", include_str!("../templates/notice.typ")),
    ("receipt.typ", include_str!("../templates/receipt.typ")),
    ("joint_receipt.typ", include_str!("../templates/joint_receipt.typ")),
    ("platform.typ", include_str!("../templates/platform.typ")),
    ("certificate.typ", include_str!("../templates/certificate.typ")),
];

/// Body sizes in points: 三号 as GB/T 9704 wants it, then 四号 and 小四 when that saves a second page.
const SIZES: [u8; 3] = [16, 14, 12];

/// How many prints an unused layout result stays in Typst's cache.
const CACHE_AGE: usize = 10;

/// 打印机: fonts and templates in memory. Make one at start (reads over 70 MB of fonts) and share it.
pub struct Printer {
    fonts: Fonts,
    sources: Vec<Source>,
    standards: PdfStandards,
}

impl Printer {
    /// Reads the fonts of `settings`.
    ///
    /// # Errors
    /// A font file that is missing (the message names the package to install), unreadable or no font.
    pub fn new(settings: &FontSettings) -> Result<Self, PrintError> {
        let fonts = Fonts::read(settings)?;
        let sources = TEMPLATES
            .iter()
            .map(|(name, text)| Ok(Source::new(file_id(name)?, (*text).to_owned())))
            .collect::<Result<_, PrintError>>()?;
        let standards = PdfStandards::new(&[PdfStandard::A_2u])
            .map_err(|fault| PrintError::Template { template: "PDF/A-2u", diagnostics: fault.message().to_string() })?;
        Ok(Self { fonts, sources, standards })
    }

    /// Prints one paper as PDF/A-2u: the same paper gives the same bytes.
    ///
    /// Pure computation, but many milliseconds of it: call it off the async threads.
    ///
    /// # Errors
    /// A check address too long for a QR code, or any error or warning of template or PDF/A check.
    pub fn print(&self, paper: &Document) -> Result<Vec<u8>, PrintError> {
        let pdf = self.set(paper).and_then(|pages| self.export(paper, &pages));
        comemo::evict(CACHE_AGE);
        pdf
    }

    /// Sets the paper at the largest size that needs one page, or at the full size when none does.
    fn set(&self, paper: &Document) -> Result<PagedDocument, PrintError> {
        let [full, smaller @ ..] = SIZES;
        let first = self.set_at(paper, full)?;
        if first.pages().len() > 1 {
            for size in smaller {
                let pages = self.set_at(paper, size)?;
                if pages.pages().len() == 1 {
                    return Ok(pages);
                }
            }
        }
        Ok(first)
    }

    fn set_at(&self, paper: &Document, size: u8) -> Result<PagedDocument, PrintError> {
        let template = template_of(paper.kind);
        let desk = Desk {
            printer: self,
            main: file_id(template)?,
            library: LazyHash::new(Library::builder().with_inputs(self.inputs(paper, size)?).build()),
        };
        let Warned { output, warnings } = typst::compile::<PagedDocument>(&desk);
        let pages = output.map_err(|faults| fault(template, &faults))?;
        if warnings.is_empty() { Ok(pages) } else { Err(fault(template, &warnings)) }
    }

    /// What the template reads from `sys.inputs`: the paper as JSON and the QR code as SVG.
    fn inputs(&self, paper: &Document, size: u8) -> Result<Dict, PrintError> {
        let document = serde_json::to_value(paper).map_err(PrintError::Data)?;
        let paper_json = json!({
            "title": paper.kind.title(),
            "document": legible(document, &|c| self.fonts.can_draw(c)),
            "fonts": self.fonts.roles,
            "size": size,
        })
        .to_string();
        Ok([("paper".into(), paper_json.into_value()), ("qr".into(), qr::svg(&paper.verify_url)?.into_value())]
            .into_iter()
            .collect())
    }

    fn export(&self, paper: &Document, pages: &PagedDocument) -> Result<Vec<u8>, PrintError> {
        let options = PdfOptions {
            ident: Smart::Custom(format!("{} {}", paper.number, paper.check_value)),
            creator: Smart::Custom(Some("tzxm".to_owned())),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(pages, &options).map_err(|faults| fault(template_of(paper.kind), &faults))
    }
}

/// The template a kind is set with: a letter under seal, a slip listing materials, a letter of the
/// platform's own, or a certificate.
fn template_of(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::CodeCertificate => "certificate.typ",
        DocumentKind::ReceiptSlip => "receipt.typ",
        DocumentKind::JointReceipt => "joint_receipt.typ",
        DocumentKind::DeemedAcceptanceNotice | DocumentKind::CommitmentLetter => "platform.typ",
        DocumentKind::AcceptanceNotice
        | DocumentKind::CorrectionNotice
        | DocumentKind::NonAcceptanceNotice
        | DocumentKind::CompletionNotice
        | DocumentKind::JointCompletionNotice
        | DocumentKind::ExtensionNotice
        | DocumentKind::TransferNotice
        | DocumentKind::RevocationNotice
        | DocumentKind::AmendmentNotice
        | DocumentKind::CommitmentCheckNotice => "notice.typ",
    }
}

fn file_id(name: &'static str) -> Result<FileId, PrintError> {
    let path = VirtualPath::new(name)
        .map_err(|fault| PrintError::Template { template: name, diagnostics: fault.to_string() })?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn fault(template: &'static str, faults: &[SourceDiagnostic]) -> PrintError {
    let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    PrintError::Template { template, diagnostics: messages.join("; ") }
}

/// One printing: all that the compiler may see. No disk, no network, no clock.
struct Desk<'a> {
    printer: &'a Printer,
    main: FileId,
    library: LazyHash<Library>,
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.printer.fonts.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let found = self.printer.sources.iter().find(|source| source.id() == id);
        found.cloned().ok_or_else(|| FileError::NotFound(id.vpath().get_without_slash().into()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.source(id).map(Bytes::from_string)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.printer.fonts.faces.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
