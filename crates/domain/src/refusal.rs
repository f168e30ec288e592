//! A refusal: the lawful "no" of a rule, as a value.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// 不予办理的理由. Names the rule, the field it is about (if any), what the person can do next, and the article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable machine name of the rule, such as `case.wrong_state`.
    pub code: Cow<'static, str>,
    /// The form field it belongs to; `None` when it is about the whole act.
    pub field: Option<String>,
    /// Chinese sentence for the person: what is wrong and what to do next.
    pub message: String,
    /// The article it rests on, such as `办法第十四条`.
    pub article: Option<Cow<'static, str>>,
}

impl Refusal {
    /// A refusal about the whole act.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), field: None, message: message.into(), article: None }
    }

    /// A refusal about one field of a form.
    pub fn field(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), field: Some(field.into()), message: message.into(), article: None }
    }

    /// Adds the article the rule rests on.
    #[must_use]
    pub fn article(mut self, article: impl Into<Cow<'static, str>>) -> Self {
        self.article = Some(article.into());
        self
    }
}

/// A text that must be there and not too long, trimmed; `what` names it to the person.
pub(crate) fn words(field: &str, text: &str, what: &str, most: usize) -> Result<String, Refusal> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(Refusal::field(field, "text.required", format!("请填写{what}。"))),
        n if n > most => {
            Err(Refusal::field(field, "text.too_long", format!("{what}不能超过 {most} 个字，现为 {n} 个字。")))
        }
        _ => Ok(text.to_owned()),
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.article {
            Some(article) => write!(f, "({article})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
