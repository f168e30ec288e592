//! What people fill in: fields, errors, uploads, buttons that act.

use super::{Icon, Tone, field_id, icon, owned};
use askama::{Template, filters::HtmlSafe};
use domain::Refusal;
use std::{borrow::Borrow, fmt::Display};

/// One of several answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub text: String,
    /// A word of explanation under it (radio buttons and check boxes).
    pub note: Option<String>,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Display, text: impl Display) -> Self {
        Self { value: value.to_string(), text: text.to_string(), note: None }
    }

    /// Adds a word of explanation.
    #[must_use]
    pub fn note(mut self, note: impl Display) -> Self {
        self.note = Some(note.to_string());
        self
    }
}

/// `<option>`s of a dependent list, as its own answer to htmx.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/options.html")]
pub struct Options {
    choices: Vec<Choice>,
    value: String,
}

impl Options {
    /// The list with the chosen value.
    pub fn new(choices: impl IntoIterator<Item = impl Borrow<Choice>>, value: impl Display) -> Self {
        Self { choices: owned(choices), value: value.to_string() }
    }
}

#[derive(Debug, Clone)]
enum Control {
    Input {
        kind: &'static str,
        mode: &'static str,
        autocomplete: &'static str,
        width: &'static str,
        unit: &'static str,
    },
    Textarea {
        rows: u8,
    },
    Select {
        choices: Vec<Choice>,
    },
    Radios {
        choices: Vec<Choice>,
        inline: bool,
    },
    Checkboxes {
        choices: Vec<Choice>,
    },
    Check {
        text: String,
    },
    Region {
        county: String,
        cities: Vec<Choice>,
        counties: Vec<Choice>,
        source: String,
    },
    Search {
        source: String,
    },
}

/// A form field: label, control, hint, drawer (为什么要填 · 依据 · 怎么填) and errors, joined for screen readers.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/field.html")]
pub struct Field {
    name: String,
    label: String,
    control: Control,
    values: Vec<String>,
    hint: Option<String>,
    why: Option<String>,
    article: Option<String>,
    how: Option<String>,
    errors: Vec<Refusal>,
    required: bool,
    /// When it must be filled in, if not always.
    when: Option<String>,
    readonly: bool,
    max: Option<usize>,
    part_of: String,
}

impl Field {
    fn new(name: impl Display, label: impl Display, control: Control) -> Self {
        Self {
            name: name.to_string(),
            label: label.to_string(),
            control,
            values: Vec::new(),
            hint: None,
            why: None,
            article: None,
            how: None,
            errors: Vec::new(),
            required: false,
            when: None,
            readonly: false,
            max: None,
            part_of: String::new(),
        }
    }

    fn input(
        name: impl Display,
        label: impl Display,
        kind: &'static str,
        mode: &'static str,
        width: &'static str,
        unit: &'static str,
    ) -> Self {
        Self::new(name, label, Control::Input { kind, mode, autocomplete: "off", width, unit })
    }

    /// One line of text.
    pub fn text(name: impl Display, label: impl Display) -> Self {
        Self::input(name, label, "text", "text", "", "")
    }

    /// Secret text. `autocomplete`: `current-password` or `new-password`.
    pub fn password(name: impl Display, label: impl Display, autocomplete: &'static str) -> Self {
        Self::input(name, label, "password", "text", "width-m", "").autocomplete(autocomplete)
    }

    /// Digits that are no amount: phone numbers, one-time codes.
    pub fn digits(name: impl Display, label: impl Display) -> Self {
        Self::input(name, label, "text", "numeric", "width-m", "")
    }

    /// A number with its unit, such as 亩 or 平方米.
    pub fn number(name: impl Display, label: impl Display, unit: &'static str) -> Self {
        Self::input(name, label, "text", "decimal", "width-m", unit)
    }

    /// An amount in 万元.
    pub fn money(name: impl Display, label: impl Display) -> Self {
        Self::number(name, label, "万元")
    }

    /// A day.
    pub fn date(name: impl Display, label: impl Display) -> Self {
        Self::input(name, label, "date", "", "width-s", "")
    }

    /// A time of the day, in hours and minutes.
    pub fn time(name: impl Display, label: impl Display) -> Self {
        Self::input(name, label, "time", "", "width-s", "")
    }

    /// A month.
    pub fn month(name: impl Display, label: impl Display) -> Self {
        Self::input(name, label, "month", "", "width-s", "")
    }

    /// Several lines of text.
    pub fn textarea(name: impl Display, label: impl Display, rows: u8) -> Self {
        Self::new(name, label, Control::Textarea { rows })
    }

    /// A list to choose one from; begins with 请选择.
    pub fn select(
        name: impl Display,
        label: impl Display,
        choices: impl IntoIterator<Item = impl Borrow<Choice>>,
    ) -> Self {
        Self::new(name, label, Control::Select { choices: owned(choices) })
    }

    /// One of a few, all in view.
    pub fn radios(
        name: impl Display,
        label: impl Display,
        choices: impl IntoIterator<Item = impl Borrow<Choice>>,
    ) -> Self {
        Self::new(name, label, Control::Radios { choices: owned(choices), inline: false })
    }

    /// 是 (`yes`) or 否 (`no`).
    pub fn yes_no(name: impl Display, label: impl Display) -> Self {
        let choices = vec![Choice::new("yes", "是"), Choice::new("no", "否")];
        Self::new(name, label, Control::Radios { choices, inline: true })
    }

    /// Any of a few, sent under one name.
    pub fn checkboxes(
        name: impl Display,
        label: impl Display,
        choices: impl IntoIterator<Item = impl Borrow<Choice>>,
    ) -> Self {
        Self::new(name, label, Control::Checkboxes { choices: owned(choices) })
    }

    /// A single box with its sentence; sends `yes`.
    pub fn check(name: impl Display, label: impl Display, text: impl Display) -> Self {
        Self::new(name, label, Control::Check { text: text.to_string() })
    }

    /// 盟市 and 旗县 side by side. A change of the first fetches [`Options`] for the second from `source`
    /// (`GET source?CITY=code`); without a script a button sends the form with `_action=refresh`.
    /// Values: city, then county.
    pub fn region(
        city: impl Display,
        county: impl Display,
        label: impl Display,
        cities: impl IntoIterator<Item = impl Borrow<Choice>>,
        counties: impl IntoIterator<Item = impl Borrow<Choice>>,
        source: impl Display,
    ) -> Self {
        let control = Control::Region {
            county: county.to_string(),
            cities: owned(cities),
            counties: owned(counties),
            source: source.to_string(),
        };
        Self::new(city, label, control)
    }

    /// A text with suggestions: while it is typed, `GET source?NAME=text` brings `<option>`s for its list. Without a
    /// script the server makes sense of what was typed.
    pub fn search(name: impl Display, label: impl Display, source: impl Display) -> Self {
        Self::new(name, label, Control::Search { source: source.to_string() })
    }

    /// The present value; call again for each further one (check boxes, region).
    #[must_use]
    pub fn value(mut self, value: impl Display) -> Self {
        self.values.push(value.to_string());
        self
    }

    /// Several present values.
    #[must_use]
    pub fn values<T: Display>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        self.values.extend(values.into_iter().map(|value| value.to_string()));
        self
    }

    /// A sentence under the control that everybody should read.
    #[must_use]
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The drawer: why we ask, the article, how to find or measure the answer. Empty texts are left out.
    #[must_use]
    pub fn guide(mut self, why: impl Display, article: impl Display, how: impl Display) -> Self {
        let some = |text: String| (!text.is_empty()).then_some(text);
        self.why = some(why.to_string());
        self.article = some(article.to_string());
        self.how = some(how.to_string());
        self
    }

    /// Shows those of the form's refusals that are about this field.
    #[must_use]
    pub fn errors<'r>(self, refusals: impl AsRef<[Refusal]> + 'r) -> Self {
        self.error_list(refusals.as_ref())
    }

    /// As [`Self::errors`], from any sequence.
    #[must_use]
    pub fn error_list<'r>(mut self, refusals: impl IntoIterator<Item = &'r Refusal>) -> Self {
        let county = match &self.control {
            Control::Region { county, .. } => Some(county),
            _ => None,
        };
        let mine = |refusal: &&Refusal| {
            refusal.field.as_ref().is_some_and(|field| *field == self.name || Some(field) == county)
        };
        self.errors = refusals.into_iter().filter(mine).cloned().collect();
        self
    }

    /// Must be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Must be filled in under a condition, as in 责令限期整改的必填.
    #[must_use]
    pub fn required_when(mut self, when: impl Display) -> Self {
        self.when = Some(when.to_string());
        self
    }

    /// Shown but not to be changed.
    #[must_use]
    pub fn readonly(mut self) -> Self {
        self.readonly = true;
        self
    }

    /// Stands outside of the form of this id but is sent with it (texts and lists only).
    #[must_use]
    pub fn part_of(mut self, form: impl Display) -> Self {
        self.part_of = form.to_string();
        self
    }

    /// At most so many characters.
    #[must_use]
    pub fn max(mut self, characters: usize) -> Self {
        self.max = Some(characters);
        self
    }

    /// What the browser may fill in by itself, such as `username` or `one-time-code`.
    #[must_use]
    pub fn autocomplete(mut self, what: &'static str) -> Self {
        if let Control::Input { autocomplete, .. } = &mut self.control {
            *autocomplete = what;
        }
        self
    }

    fn id(&self) -> String {
        field_id(&self.name)
    }

    /// Id of the n-th radio button or check box; the first has the field's own.
    fn nth_id(&self, index: &usize) -> String {
        if *index == 0 { self.id() } else { format!("{}-{index}", self.id()) }
    }

    fn first(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    fn second(&self) -> &str {
        self.values.get(1).map_or("", String::as_str)
    }

    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|held| held == value)
    }

    fn is_group(&self) -> bool {
        matches!(
            self.control,
            Control::Radios { .. } | Control::Checkboxes { .. } | Control::Check { .. } | Control::Region { .. }
        )
    }

    /// What a screen reader reads after the label.
    fn described(&self) -> String {
        let id = self.id();
        let mut parts = Vec::new();
        if self.hint.is_some() {
            parts.push(format!("{id}-hint"));
        }
        if !self.errors.is_empty() {
            parts.push(format!("{id}-error"));
        }
        parts.join(" ")
    }
}

/// All refusals of a form on top of it, each linking to its field; nothing when there are none.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/error_summary.html")]
pub struct ErrorSummary {
    refusals: Vec<Refusal>,
}

impl ErrorSummary {
    /// In the order of the form.
    pub fn new<'r>(refusals: impl IntoIterator<Item = &'r Refusal>) -> Self {
        Self { refusals: refusals.into_iter().cloned().collect() }
    }
}

/// A file that has arrived.
#[derive(Debug, Clone)]
pub struct UploadedFile {
    /// Id that `_remove` sends.
    pub id: String,
    /// Name it was sent under.
    pub name: String,
    /// Size, such as `1.2 MB`.
    pub size: String,
    /// State in words, such as 已检查.
    pub state: String,
    /// Colour of the state.
    pub tone: Tone,
    /// Where it can be fetched; empty when it cannot yet.
    pub href: String,
}

impl UploadedFile {
    /// Whether it can be looked at page by page.
    pub fn has_pages(&self) -> bool {
        self.href.starts_with("/files/") && self.name.to_lowercase().ends_with(".pdf")
    }

    /// Whether it is shown only so that it can be taken out.
    pub fn is_refused(&self) -> bool {
        self.tone == Tone::Red
    }
}

/// A material slot: a form of its own (never inside another form) that posts `file` to `action`, one file per
/// request. The server draws the component anew: with `HX-Request` as the answer (200, or 422 with errors),
/// otherwise after a redirect to the page. A posted `_remove` names a file to take out.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/upload.html")]
pub struct Upload {
    slot: String,
    name: String,
    action: String,
    csrf: String,
    required: bool,
    hint: String,
    accept: String,
    max_mb: u32,
    files: Vec<UploadedFile>,
    errors: Vec<Refusal>,
    locked: bool,
    part_of: String,
    otherwise: &'static str,
}

impl Upload {
    /// A slot with its key, name, address and the page's token.
    pub fn new(slot: impl Display, name: impl Display, action: impl Display, csrf: impl Display) -> Self {
        Self {
            slot: slot.to_string(),
            name: name.to_string(),
            action: action.to_string(),
            csrf: csrf.to_string(),
            required: false,
            hint: String::new(),
            accept: ".pdf,.jpg,.jpeg,.png,.docx,.xlsx,.ofd".into(),
            max_mb: 50,
            files: Vec::new(),
            errors: Vec::new(),
            locked: false,
            part_of: String::new(),
            otherwise: "按需提交",
        }
    }

    /// The word that stands on a slot that may stay empty.
    #[must_use]
    pub fn otherwise(mut self, word: &'static str) -> Self {
        self.otherwise = word;
        self
    }

    /// Must hold at least one file.
    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// What the file should show.
    #[must_use]
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hint = hint.to_string();
        self
    }

    /// Endings the file dialog offers, such as `.pdf,.jpg`.
    #[must_use]
    pub fn accept(mut self, endings: impl Display) -> Self {
        self.accept = endings.to_string();
        self
    }

    /// Largest file in MB.
    #[must_use]
    pub fn max_mb(mut self, max_mb: u32) -> Self {
        self.max_mb = max_mb;
        self
    }

    /// Files that have arrived.
    #[must_use]
    pub fn files(mut self, files: impl IntoIterator<Item = impl Borrow<UploadedFile>>) -> Self {
        self.files = owned(files);
        self
    }

    /// Why the last file was not taken.
    #[must_use]
    pub fn errors<'r>(mut self, refusals: impl IntoIterator<Item = &'r Refusal>) -> Self {
        self.errors = refusals.into_iter().cloned().collect();
        self
    }

    /// Each file in the list is sent along, under the slot's key, with the form of this id.
    #[must_use]
    pub fn part_of(mut self, form: impl Display) -> Self {
        self.part_of = form.to_string();
        self
    }

    /// Shows the files only.
    #[must_use]
    pub fn locked(mut self) -> Self {
        self.locked = true;
        self
    }

    fn id(&self) -> String {
        field_id(&self.slot)
    }

    fn max_bytes(&self) -> u64 {
        u64::from(self.max_mb) * 1_048_576
    }

    /// `.pdf,.jpg` -> `PDF、JPG`.
    fn formats(&self) -> String {
        self.accept
            .split(',')
            .map(|ending| ending.trim().trim_start_matches('.').to_uppercase())
            .collect::<Vec<_>>()
            .join("、")
    }
}

/// A button that does something at once: its own small form with the token.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/action.html")]
pub struct Action {
    href: String,
    csrf: String,
    label: String,
    class: &'static str,
    icon: Option<Icon>,
    confirm: Option<(String, String)>,
    hidden: Vec<(String, String)>,
}

impl Action {
    /// Posts to the address.
    pub fn post(href: impl Display, csrf: impl Display, label: impl Display) -> Self {
        Self {
            href: href.to_string(),
            csrf: csrf.to_string(),
            label: label.to_string(),
            class: "btn-outline-primary",
            icon: None,
            confirm: None,
            hidden: Vec::new(),
        }
    }

    /// The main thing to do on this page.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.class = "btn-primary";
        self
    }

    /// Takes something away or refuses something.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.class = "btn-outline-danger";
        self
    }

    /// With an icon of the sprite.
    #[must_use]
    pub fn icon(mut self, name: &'static str) -> Self {
        self.icon = Some(icon(name));
        self
    }

    /// Asks before: question, and what follows from it.
    #[must_use]
    pub fn confirm(mut self, question: impl Display, consequence: impl Display) -> Self {
        self.confirm = Some((question.to_string(), consequence.to_string()));
        self
    }

    /// Sends one more value.
    #[must_use]
    pub fn with(mut self, name: impl Display, value: impl Display) -> Self {
        self.hidden.push((name.to_string(), value.to_string()));
        self
    }
}

impl HtmlSafe for Options {}
impl HtmlSafe for Field {}
impl HtmlSafe for ErrorSummary {}
impl HtmlSafe for Upload {}
impl HtmlSafe for Action {}
