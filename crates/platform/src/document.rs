//! 文书: papers as they were issued, printed again at any time, verified by anybody.

use crate::{Action, Call, Failure, Object, Platform, permission, seal::SealCheck};
use domain::{
    Moment,
    document::Document,
    ids::{ProjectId, UnitId},
    region::RegionCode,
};

/// What the public check page says about a paper.
#[derive(Debug, Clone)]
pub struct PaperCheck {
    /// The paper; only what it prints itself is shown.
    pub document: Document,
    /// Its content still has its check value.
    pub intact: bool,
    /// When it was issued.
    pub issued_at: Moment,
    /// 电子签章; `None` while it is not signed.
    pub seal: Option<SealCheck>,
}

/// One row of a list of papers.
#[derive(Debug, Clone)]
pub struct PaperRow {
    /// 文号.
    pub number: String,
    /// Title.
    pub title: &'static str,
    /// Case it belongs to; empty for the code certificate.
    pub case: String,
    /// When.
    pub issued_at: Moment,
}

/// A text as one segment of an address (RFC 3986): readers of QR codes differ in what they do with bare Chinese.
pub fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").unwrap_or_default(),
        }
        out
    })
}

struct Stored {
    document: Document,
    unit: UnitId,
    project: ProjectId,
    case: String,
    issued_at: Moment,
}

impl Platform {
    /// Looks at the rows a paper's check stands on; what was changed behind the platform is restored first (S-25).
    async fn prove_document(&self, number: &str) -> Result<(), Failure> {
        let paper =
            "SELECT number, kind, project_id, case_id, unit_id, issued_at, data, mac FROM documents WHERE number = $1";
        let seal = "SELECT number, seal_key, signature, sealed_at, seal_mac AS mac FROM documents WHERE number = $1 AND seal_key <> ''";
        let key = "SELECT k.id, k.pem, k.organ, k.certificate, k.mac FROM seal_keys k JOIN documents d ON d.seal_key = k.id WHERE d.number = $1";
        let mut groups = Vec::new();
        let sql = "SELECT g.id FROM case_groups g JOIN documents d ON d.project_id = g.project_id WHERE d.number = $1 AND d.case_id = ''";
        for row in &self.store.query_few(sql, [number.into()]).await.map_err(Failure::fault)? {
            groups.push(format!("group:{}", row.try_get::<String>("", "id").map_err(Failure::fault)?));
        }
        let owners = |row: &crate::integrity::Stands| {
            let (project, case) = (row.text(2), row.text(3));
            let named = [("project", project), ("case", case)].into_iter().filter(|(_, id)| !id.is_empty());
            named.map(|(kind, id)| format!("{kind}:{id}")).chain(groups.clone()).collect()
        };
        self.prove_rows("documents", paper, number, owners).await?;
        self.prove_rows("document_seals", seal, number, |row| row.streams("paper_seal")).await?;
        self.prove_rows("seal_keys", key, number, |row| row.streams("seal_key")).await?;
        Ok(())
    }

    async fn stored_document(&self, number: &str) -> Result<Option<Stored>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT data, unit_id, project_id, case_id, issued_at FROM documents WHERE number = $1",
                [number.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        Ok(Some(Stored {
            document: serde_json::from_str(&text("data")?).map_err(Failure::fault)?,
            unit: UnitId(text("unit_id")?),
            project: ProjectId(text("project_id")?),
            case: text("case_id")?,
            issued_at: Moment(row.try_get("", "issued_at").map_err(Failure::fault)?),
        }))
    }

    /// The address behind a paper's QR code.
    pub fn check_url(&self, document: &Document) -> String {
        format!("{}/check/{}?v={}", self.settings.portal_url, percent_encoded(&document.number), document.check_value)
    }

    /// The PDF of a paper, for its unit and the officers who may read its case.
    pub async fn print_document(&self, call: &Call, number: &str) -> Result<(Document, Vec<u8>), Failure> {
        let stored = self.stored_document(number).await?.ok_or(Failure::NotThere)?;
        let (department, region) = self.place_of(&stored).await?;
        let object = Object { unit: Some(&stored.unit), department: department.as_deref(), region };
        let _permit = permission::decide(&call.actor, Action::PrintDocument, object, self.rules.regions)?;
        let document = Document { verify_url: self.check_url(&stored.document), ..stored.document };
        let printer = self.printer.clone();
        let to_print = document.clone();
        let pdf = tokio::task::spawn_blocking(move || printer.print(&to_print)).await.map_err(Failure::fault)?;
        Ok((document, pdf.map_err(Failure::Fault)?))
    }

    async fn place_of(&self, stored: &Stored) -> Result<(Option<String>, Option<RegionCode>), Failure> {
        if stored.case.is_empty() {
            let project = self.load::<domain::project::Project>(stored.project.as_str()).await?.state;
            return Ok((None, project.declared.as_deref().map(crate::project::declaration_region)));
        }
        let case = self.load::<domain::case::Case>(&stored.case).await?.state;
        let agency = case.application.map(|a| a.agency.clone());
        Ok((agency.as_ref().map(|a| a.department.clone()), agency.map(|a| a.region)))
    }

    /// Papers of a project, newest first.
    pub async fn papers_of_project(&self, call: &Call, project: &ProjectId) -> Result<Vec<PaperRow>, Failure> {
        let _ = self.load_project(call, Action::ReadProject, project).await?;
        let rows = self
            .store
            .query(
                "SELECT number, kind, case_id, issued_at FROM documents WHERE project_id = $1 ORDER BY issued_at DESC, number LIMIT 200",
                [project.as_str().into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter()
            .map(|row| {
                let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
                let kind: domain::document::DocumentKind =
                    serde_json::from_value(text("kind")?.into()).map_err(Failure::fault)?;
                Ok(PaperRow {
                    number: text("number")?,
                    title: kind.title(),
                    case: text("case_id")?,
                    issued_at: Moment(row.try_get("", "issued_at").map_err(Failure::fault)?),
                })
            })
            .collect()
    }

    /// Anybody checks a paper by its number and check value; a wrong pair and an unknown number look the same.
    pub async fn check_document(
        &self,
        call: &Call,
        number: &str,
        check_value: &str,
    ) -> Result<Option<PaperCheck>, Failure> {
        let _permit = permission::decide(&call.actor, Action::QueryPublic, Object::default(), self.rules.regions)?;
        self.prove_document(number.trim()).await?;
        let stored = self.stored_document(number.trim()).await?;
        let fits = |s: &Stored| s.document.check_value.eq_ignore_ascii_case(check_value.trim());
        let Some(stored) = stored.filter(fits) else { return Ok(None) };
        Ok(Some(PaperCheck {
            intact: stored.document.is_intact(),
            seal: self.seal_of(&stored.document).await?,
            document: stored.document,
            issued_at: stored.issued_at,
        }))
    }
}
