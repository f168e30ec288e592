//! Components of the pages: small structs, each with its template under `templates/kit/`, that print safe HTML.
//!
//! In a template: `{{ html::Field::text("name", "项目名称").value(f.name).errors(f.errors).required() }}`.
//! Texts are anything that can be displayed and are always escaped; ready HTML comes in as [`Markup`] only.

mod days;
mod form;
mod guide;
mod page_view;
mod view;

pub use days::{Days, deemed};
pub use form::*;
pub use guide::{GuideText, calculator, formats, size_words, sure};
pub use page_view::PageView;
pub use view::*;

use askama::filters::{Html, HtmlSafe};
use std::{
    borrow::Borrow,
    fmt::{self, Display},
};

/// HTML that is already safe: the printed form of a component, or escaped text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Escapes a text.
    pub fn text(text: impl Display) -> Self {
        Self(askama::filters::escape(text, Html).map(|safe| safe.to_string()).unwrap_or_default())
    }

    /// Prints a component.
    pub fn of(component: impl HtmlSafe) -> Self {
        Self(component.to_string())
    }

    /// A link.
    pub fn link(text: impl Display, href: impl Display) -> Self {
        Self(format!(r#"<a href="{}">{}</a>"#, Self::text(href), Self::text(text)))
    }

    /// Whether nothing would be shown.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// The meaning of a colour. Text always says the same in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing to do, or not yet.
    #[default]
    Grey,
    /// Under way; information.
    Blue,
    /// Done, good.
    Green,
    /// Attention, soon due.
    Yellow,
    /// Late, refused, failed.
    Red,
}

impl Tone {
    /// Class of the theme.
    pub fn class(self) -> &'static str {
        match self {
            Self::Grey => "tone-grey",
            Self::Blue => "tone-blue",
            Self::Green => "tone-green",
            Self::Yellow => "tone-yellow",
            Self::Red => "tone-red",
        }
    }

    /// The icon that says the same as the colour.
    pub fn icon(self) -> Icon {
        Icon(match self {
            Self::Grey | Self::Blue => "info-circle",
            Self::Green => "circle-check",
            Self::Yellow => "alert-triangle",
            Self::Red => "alert-circle",
        })
    }
}

// Templates pass variables by reference.
impl From<&Tone> for Tone {
    fn from(tone: &Tone) -> Self {
        *tone
    }
}

impl From<&&Tone> for Tone {
    fn from(tone: &&Tone) -> Self {
        **tone
    }
}

/// A decorative icon of the sprite; the text beside it says what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icon(&'static str);

impl Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r##"<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>"##,
            crate::assets::ICONS_SVG,
            self.0
        )
    }
}

impl HtmlSafe for Icon {}

/// Takes a list as templates pass it: owned or borrowed.
fn owned<T: Clone>(list: impl IntoIterator<Item = impl Borrow<T>>) -> Vec<T> {
    list.into_iter().map(|item| item.borrow().clone()).collect()
}

/// The icon of this name (`web/src/icons.txt` lists them).
pub fn icon(name: &'static str) -> Icon {
    Icon(name)
}

/// A QR code as an SVG image; nothing when the text is too long for one (about 2,900 characters).
pub fn qr(text: impl Display, label: impl Display) -> Markup {
    let Ok(code) = qrcode::QrCode::with_error_correction_level(text.to_string(), qrcode::EcLevel::M) else {
        return Markup::default();
    };
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == qrcode::Color::Dark);
    let path: String = dark.map(|(index, _)| format!("M{} {}h1v1h-1z", index % width + 4, index / width + 4)).collect();
    let side = width + 8;
    Markup(format!(
        r#"<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="currentColor" d="{path}"/></svg>"#,
        Markup::text(label)
    ))
}

/// The id of the control of a form field, which error summaries and change links point at.
pub fn field_id(name: &str) -> String {
    format!("field-{}", name.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'), "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Refusal;

    #[test]
    fn a19_what_people_type_is_never_markup() {
        let evil = r#""><script>alert(1)</script><img src=x onerror=alert(1)>"#;
        let refusal = Refusal::field("name", "test.evil", evil);
        for printed in [
            Field::text("name", evil).value(evil).hint(evil).error_list([&refusal]).to_string(),
            Field::textarea("name", evil, 3).value(evil).to_string(),
            Field::select("name", evil, [Choice::new(evil, evil)]).value(evil).to_string(),
            ErrorSummary::new([&refusal]).to_string(),
            Pill::new(Tone::Red, evil).meaning(evil).to_string(),
            Facts::new().row(evil, evil).to_string(),
            Timeline::new().entry(Tone::Blue, evil, evil, evil).to_string(),
            Upload::new(evil, evil, evil, evil).to_string(),
            Plate::new(evil, evil).to_string(),
            Action::post(evil, evil, evil).confirm(evil, evil).to_string(),
            qr("x", evil).to_string(),
        ] {
            assert!(!printed.contains("<script>alert") && !printed.contains("<img"), "{printed}");
        }
    }

    #[test]
    fn a_refusal_stands_at_its_field_and_in_the_summary_that_links_to_it() {
        let refusals = vec![
            Refusal::field("name", "test.name", "请填写项目名称。").article("办法第十条"),
            Refusal::field("other", "test.other", "别处的问题。"),
        ];
        let field = Field::text("name", "项目名称").errors(&refusals).to_string();
        assert!(field.contains("请填写项目名称") && field.contains("办法第十条") && !field.contains("别处的问题"));
        assert!(field.contains(r#"aria-invalid="true""#));
        let summary = ErrorSummary::new(&refusals).to_string();
        assert!(summary.contains(r##"href="#field-name""##) && summary.contains(r##"href="#field-other""##));
    }

    #[test]
    fn a_qr_code_is_an_image_without_style() {
        let code = qr("https://example.cn/verify?code=2611-150102", "核验二维码").to_string();
        assert!(code.starts_with("<svg") && code.contains("核验二维码") && !code.contains("style"));
        assert!(qr("x".repeat(5000), "").is_empty());
    }
}
