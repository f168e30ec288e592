//! What people read: states, progress, lists, tables.

use super::{Icon, Markup, Tone, icon, owned, qr};
use askama::{Template, filters::HtmlSafe};
use std::{borrow::Borrow, fmt::Display};

/// A state in a word or two, with its meaning one click away.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/pill.html")]
pub struct Pill {
    tone: Tone,
    text: String,
    meaning: Option<String>,
}

impl Pill {
    /// A state.
    pub fn new(tone: impl Into<Tone>, text: impl Display) -> Self {
        Self { tone: tone.into(), text: text.to_string(), meaning: None }
    }

    /// 这是什么意思: what the state means and who acts next.
    #[must_use]
    pub fn meaning(mut self, meaning: impl Display) -> Self {
        self.meaning = Some(meaning.to_string());
        self
    }
}

/// A supervision light (绿灯, 黄灯, 红灯, 灰灯): shape, colour and words say the same.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/light.html")]
pub struct Light {
    class: &'static str,
    name: &'static str,
    text: String,
}

impl Light {
    /// In time.
    pub fn green(text: impl Display) -> Self {
        Self { class: "light-green", name: "绿灯", text: text.to_string() }
    }

    /// Soon due.
    pub fn yellow(text: impl Display) -> Self {
        Self { class: "light-yellow", name: "黄灯", text: text.to_string() }
    }

    /// Late.
    pub fn red(text: impl Display) -> Self {
        Self { class: "light-red", name: "红灯", text: text.to_string() }
    }

    /// Not counting: paused, not begun, finished.
    pub fn grey(text: impl Display) -> Self {
        Self { class: "light-grey", name: "灰灯", text: text.to_string() }
    }
}

/// Steps of a way, with the present one.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/steps.html")]
pub struct Steps {
    label: String,
    steps: Vec<(String, String)>,
    now: usize,
}

impl Steps {
    /// A way with its name, standing at step `now` (from 0; the number of steps when all are done).
    pub fn new(label: impl Display, now: usize) -> Self {
        Self { label: label.to_string(), steps: Vec::new(), now }
    }

    /// Adds a step with a short note under it (may be empty).
    #[must_use]
    pub fn step(mut self, name: impl Display, note: impl Display) -> Self {
        self.steps.push((name.to_string(), note.to_string()));
        self
    }

    fn class(&self, index: &usize) -> &'static str {
        match index.cmp(&self.now) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "later",
        }
    }
}

/// What happened, newest first or last as given.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "kit/timeline.html")]
pub struct Timeline {
    entries: Vec<TimelineEntry>,
}

#[derive(Debug, Clone)]
struct TimelineEntry {
    tone: Tone,
    icon: Icon,
    title: String,
    at: String,
    text: String,
}

impl Timeline {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry: title, moment as shown, text (may be empty).
    #[must_use]
    pub fn entry(self, tone: Tone, title: impl Display, at: impl Display, text: impl Display) -> Self {
        let mark = if tone == Tone::Blue { "clock" } else { "" };
        let mark = if mark.is_empty() { tone.icon() } else { icon(mark) };
        self.push(tone, mark, title, at, text)
    }

    /// As [`Self::entry`] with an icon of one's own choice.
    #[must_use]
    pub fn entry_with(
        self,
        name: &'static str,
        tone: Tone,
        title: impl Display,
        at: impl Display,
        text: impl Display,
    ) -> Self {
        self.push(tone, icon(name), title, at, text)
    }

    fn push(mut self, tone: Tone, icon: Icon, title: impl Display, at: impl Display, text: impl Display) -> Self {
        self.entries.push(TimelineEntry {
            tone,
            icon,
            title: title.to_string(),
            at: at.to_string(),
            text: text.to_string(),
        });
        self
    }
}

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// 申请人.
    Applicant,
    /// 部门.
    Department,
    /// 不计入时限.
    Excluded,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Applicant, Self::Department, Self::Excluded];

    fn name(self) -> &'static str {
        match self {
            Self::Applicant => "申请人",
            Self::Department => "部门办理",
            Self::Excluded => "不计入时限",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Applicant => "lane-applicant",
            Self::Department => "lane-department",
            Self::Excluded => "lane-excluded",
        }
    }
}

/// The tracker: time runs down, each stretch stands in the lane of whoever had the case.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "kit/lanes.html")]
pub struct Lanes {
    rows: Vec<LaneRow>,
}

#[derive(Debug, Clone)]
struct LaneRow {
    lane: Lane,
    when: String,
    title: String,
    note: String,
}

impl Lanes {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a stretch: dates as shown, what happened, note such as the days counted (may be empty).
    #[must_use]
    pub fn stretch(mut self, lane: Lane, when: impl Display, title: impl Display, note: impl Display) -> Self {
        self.rows.push(LaneRow { lane, when: when.to_string(), title: title.to_string(), note: note.to_string() });
        self
    }
}

/// Names and values in two columns (one with [`Facts::single`]), with change links when wanted.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "kit/facts.html")]
pub struct Facts {
    rows: Vec<Fact>,
    single: bool,
}

#[derive(Debug, Clone)]
struct Fact {
    name: String,
    value: Markup,
    wide: bool,
    change: Option<String>,
}

impl Facts {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// One pair per row: for check-your-answers pages.
    #[must_use]
    pub fn single(mut self) -> Self {
        self.single = true;
        self
    }

    /// A text.
    #[must_use]
    pub fn row(self, name: impl Display, value: impl Display) -> Self {
        self.push(name, Markup::text(value), false)
    }

    /// A long text over the whole width; line breaks are kept.
    #[must_use]
    pub fn wide(self, name: impl Display, value: impl Display) -> Self {
        self.push(name, Markup::text(value), true)
    }

    /// A component, such as a [`Pill`].
    #[must_use]
    pub fn part(self, name: impl Display, component: impl HtmlSafe) -> Self {
        self.push(name, Markup::of(component), false)
    }

    /// Gives the last row a 修改 link.
    #[must_use]
    pub fn change(mut self, href: impl Display) -> Self {
        if let Some(row) = self.rows.last_mut() {
            row.change = Some(href.to_string());
        }
        self
    }

    fn push(mut self, name: impl Display, value: Markup, wide: bool) -> Self {
        self.rows.push(Fact { name: name.to_string(), value, wide, change: None });
        self
    }
}

/// A coloured box: something to know before going on.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/note.html")]
pub struct Note {
    tone: Tone,
    title: String,
    text: String,
    article: String,
    link: Option<(String, String)>,
}

impl Note {
    /// Title and text; either may be empty.
    pub fn new(tone: impl Into<Tone>, title: impl Display, text: impl Display) -> Self {
        Self { tone: tone.into(), title: title.to_string(), text: text.to_string(), article: String::new(), link: None }
    }

    /// The article it rests on.
    #[must_use]
    pub fn article(mut self, article: impl Display) -> Self {
        self.article = article.to_string();
        self
    }

    /// A link that helps on.
    #[must_use]
    pub fn link(mut self, name: impl Display, href: impl Display) -> Self {
        self.link = Some((name.to_string(), href.to_string()));
        self
    }
}

/// Nothing here, and what to do about it.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/empty.html")]
pub struct Empty {
    icon: Icon,
    title: String,
    text: String,
    link: Option<(String, String)>,
}

impl Empty {
    /// Title and a helping sentence.
    pub fn new(name: &'static str, title: impl Display, text: impl Display) -> Self {
        Self { icon: icon(name), title: title.to_string(), text: text.to_string(), link: None }
    }

    /// The next thing to do.
    #[must_use]
    pub fn link(mut self, name: impl Display, href: impl Display) -> Self {
        self.link = Some((name.to_string(), href.to_string()));
        self
    }
}

/// Under a list: how many are shown, and links to its neighbours (keyset pages have no numbers).
#[derive(Debug, Clone, Default, Template)]
#[template(path = "kit/pager.html")]
pub struct Pager {
    text: String,
    first: Option<String>,
    next: Option<String>,
}

impl Pager {
    /// What is shown, such as `本页 20 件`.
    pub fn new(text: impl Display) -> Self {
        Self { text: text.to_string(), ..Self::default() }
    }

    /// Back to the beginning of the list.
    #[must_use]
    pub fn first(mut self, href: Option<impl Display>) -> Self {
        self.first = href.map(|href| href.to_string());
        self
    }

    /// On to the next part.
    #[must_use]
    pub fn next(mut self, href: Option<impl Display>) -> Self {
        self.next = href.map(|href| href.to_string());
        self
    }
}

/// A row of figures, each a link when it leads somewhere.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "kit/stats.html")]
pub struct Stats {
    cards: Vec<StatCard>,
}

#[derive(Debug, Clone)]
struct StatCard {
    tone: Tone,
    name: String,
    value: String,
    note: String,
    href: String,
}

impl Stats {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a figure; note and address may be empty.
    #[must_use]
    pub fn card(
        mut self,
        tone: Tone,
        name: impl Display,
        value: impl Display,
        note: impl Display,
        href: impl Display,
    ) -> Self {
        self.cards.push(StatCard {
            tone,
            name: name.to_string(),
            value: value.to_string(),
            note: note.to_string(),
            href: href.to_string(),
        });
        self
    }
}

/// Work lists beside each other, with counts.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/tabs.html")]
pub struct Tabs {
    label: String,
    tabs: Vec<Tab>,
}

#[derive(Debug, Clone)]
struct Tab {
    name: String,
    count: Option<String>,
    href: String,
    now: bool,
}

impl Tabs {
    /// With a name for screen readers.
    pub fn new(label: impl Display) -> Self {
        Self { label: label.to_string(), tabs: Vec::new() }
    }

    /// Adds a list with its count.
    #[must_use]
    pub fn tab(mut self, name: impl Display, count: impl Display, href: impl Display, now: bool) -> Self {
        self.tabs.push(Tab { name: name.to_string(), count: Some(count.to_string()), href: href.to_string(), now });
        self
    }

    /// Adds an entry without a count.
    #[must_use]
    pub fn plain(mut self, name: impl Display, href: impl Display, now: bool) -> Self {
        self.tabs.push(Tab { name: name.to_string(), count: None, href: href.to_string(), now });
        self
    }
}

/// The task list of a project: one row per item with state, holder, due date and what holds it up.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "kit/tasks.html")]
pub struct Tasks {
    tasks: Vec<Task>,
}

/// A row of [`Tasks`].
#[derive(Debug, Clone)]
pub struct Task {
    name: String,
    href: String,
    state: Pill,
    meta: Vec<String>,
    why: String,
}

impl Task {
    /// Name, address (empty: cannot be opened), state.
    pub fn new(name: impl Display, href: impl Display, state: Pill) -> Self {
        Self { name: name.to_string(), href: href.to_string(), state, meta: Vec::new(), why: String::new() }
    }

    /// A short fact: holder, due date, place.
    #[must_use]
    pub fn meta(mut self, text: impl Display) -> Self {
        self.meta.push(text.to_string());
        self
    }

    /// Why it cannot start yet, or what is asked of the reader.
    #[must_use]
    pub fn why(mut self, text: impl Display) -> Self {
        self.why = text.to_string();
        self
    }
}

impl Tasks {
    /// In the order to be done.
    pub fn new(tasks: impl IntoIterator<Item = impl Borrow<Task>>) -> Self {
        Self { tasks: owned(tasks) }
    }
}

/// A correction notice as a list of marked points, each to be answered at its place.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "kit/points.html")]
pub struct Points {
    points: Vec<Point>,
}

/// A row of [`Points`].
#[derive(Debug, Clone)]
pub struct Point {
    place: String,
    ask: String,
    article: String,
    href: String,
    answer: Option<String>,
}

impl Point {
    /// Where (field or material) and what is to be put right.
    pub fn new(place: impl Display, ask: impl Display) -> Self {
        Self {
            place: place.to_string(),
            ask: ask.to_string(),
            article: String::new(),
            href: String::new(),
            answer: None,
        }
    }

    /// The article it rests on.
    #[must_use]
    pub fn article(mut self, article: impl Display) -> Self {
        self.article = article.to_string();
        self
    }

    /// Where the reader can answer it.
    #[must_use]
    pub fn href(mut self, href: impl Display) -> Self {
        self.href = href.to_string();
        self
    }

    /// What was answered.
    #[must_use]
    pub fn answer(mut self, answer: Option<impl Display>) -> Self {
        self.answer = answer.map(|answer| answer.to_string());
        self
    }
}

impl Points {
    /// In the order of the notice.
    pub fn new(points: impl IntoIterator<Item = impl Borrow<Point>>) -> Self {
        Self { points: owned(points) }
    }
}

/// How a day is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// Counted as the n-th day.
    Counted(u32),
    /// Rest day or holiday.
    Off,
    /// Within the period, but stopped (correction, expert review, …).
    Paused,
    /// The starting day itself, not counted.
    Start,
    /// The last day, counted as the n-th.
    Due(u32),
}

impl DayKind {
    fn class(self) -> &'static str {
        match self {
            Self::Counted(_) => "day-counted",
            Self::Off | Self::Start => "day-off",
            Self::Paused => "day-paused",
            Self::Due(_) => "day-due",
        }
    }

    fn text(self) -> String {
        match self {
            Self::Counted(n) => format!("第 {n} 日"),
            Self::Due(n) => format!("第 {n} 日（届满）"),
            Self::Off => "不计（休息日）".into(),
            Self::Paused => "不计（停止计时）".into(),
            Self::Start => "起算日，不计".into(),
        }
    }
}

/// 计时明细: one row per day, each with how it is counted and why.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/clock_sheet.html")]
pub struct ClockSheet {
    caption: String,
    days: Vec<ClockDay>,
}

#[derive(Debug, Clone)]
struct ClockDay {
    date: jiff::civil::Date,
    kind: DayKind,
    why: String,
}

impl ClockDay {
    fn weekday(&self) -> &'static str {
        ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
            .get(self.date.weekday().to_monday_zero_offset() as usize)
            .unwrap_or(&"")
    }
}

impl ClockSheet {
    /// With its caption: what is counted, by which rule.
    pub fn new(caption: impl Display) -> Self {
        Self { caption: caption.to_string(), days: Vec::new() }
    }

    /// Adds a day.
    #[must_use]
    pub fn day(mut self, date: jiff::civil::Date, kind: DayKind, why: impl Display) -> Self {
        self.days.push(ClockDay { date, kind, why: why.to_string() });
        self
    }
}

/// 项目代码 or another number to keep: large, with a copy button, and a QR code when there is an address.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/plate.html")]
pub struct Plate {
    label: String,
    code: String,
    text: String,
    image: Markup,
}

impl Plate {
    /// What it is, and the number.
    pub fn new(label: impl Display, code: impl Display) -> Self {
        Self { label: label.to_string(), code: code.to_string(), text: String::new(), image: Markup::default() }
    }

    /// A sentence under it.
    #[must_use]
    pub fn text(mut self, text: impl Display) -> Self {
        self.text = text.to_string();
        self
    }

    /// With the QR code of an address.
    #[must_use]
    pub fn qr(mut self, address: impl Display) -> Self {
        self.image = qr(address, format!("{}二维码", self.label));
        self
    }
}

macro_rules! safe { ($($component:ty),* $(,)?) => { $(impl HtmlSafe for $component {})* } }
safe!(Pill, Light, Steps, Timeline, Lanes, Facts, Note, Empty, Pager, Stats, Tabs, Tasks, Points, ClockSheet, Plate);
