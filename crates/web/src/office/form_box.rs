//! A form on the page of a thing: title, what it means, fields, one button.

use crate::html::Markup;
use askama::{Template, filters::HtmlSafe};

/// The form, as a card.
#[derive(Template)]
#[template(path = "office/form_box.html")]
pub struct FormBox {
    /// Anchor.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// What it means and by when.
    pub lead: String,
    /// Where it goes.
    pub action: String,
    /// Fields.
    pub fields: Vec<Markup>,
    /// Words on the button.
    pub submit: &'static str,
    /// Class of the button.
    pub class: &'static str,
    /// Question before it is sent, and what follows from it.
    pub confirm: (&'static str, &'static str),
    /// Token of the session.
    pub csrf: String,
    /// Idempotency key.
    pub once: String,
}

impl HtmlSafe for FormBox {}
