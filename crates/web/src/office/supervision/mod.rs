//! 电子监察: the supervisor's home, cards and expediting orders (办法第十五、十七条).

mod card;
mod cards;
mod file;
mod home;
mod order;

use super::{FormBox, frame, query, show, step, to};
use crate::{
    OfficeContext, Route, WebError,
    html::{Markup, Note, Pill, Tone},
};
use askama::{Template, filters::HtmlSafe};
use domain::{
    department,
    region::RegionCode,
    supervision::{CardState, Finding, Severity},
};
use platform::{
    case::CasePage,
    supervision::{CardFilter, CardRow, Mine, Owing},
};

/// Routes of this room.
pub fn routes() -> Vec<Route> {
    [home::routes(), cards::routes(), card::routes(), file::routes(), order::routes()].concat()
}

/// Full name of an organ, from the columns of a row.
fn agency_name(department: &str, region: &str) -> String {
    RegionCode::parse(region).and_then(|r| department::agency_name(department, r)).unwrap_or_default()
}

fn severity(severity: Severity) -> Pill {
    let tone = if severity == Severity::Red { Tone::Red } else { Tone::Yellow };
    Pill::new(tone, severity.name())
}

fn finding_words(slug: &str) -> &'static str {
    match slug {
        "upheld" => Finding::Upheld.name(),
        "explained" => Finding::Explained.name(),
        "lapsed" => Finding::Lapsed.name(),
        _ => CardState::Closed.name(),
    }
}

/// One line of a list of cards.
struct CardLine {
    href: String,
    rule: String,
    sentence: String,
    severity: Pill,
    state: Pill,
    due: String,
    case_href: String,
    project: String,
    item: String,
    code: String,
    agency: String,
    opened: String,
}

impl CardLine {
    fn new(row: &CardRow, today: jiff::civil::Date) -> Self {
        let late = row.state == CardState::Open && row.reply_by.is_some_and(|day| today > day);
        let state = match row.state {
            CardState::Open if late => Pill::new(Tone::Red, "逾期未答复"),
            CardState::Open => Pill::new(Tone::Yellow, row.state.name()),
            CardState::Answered => Pill::new(Tone::Blue, row.state.name()),
            CardState::Closed => Pill::new(Tone::Green, finding_words(&row.finding)),
        };
        let due = match (row.closed_at, row.reply_by) {
            (Some(at), _) => format!("{} 销号", at.date()),
            (None, Some(day)) => format!("{day} 前答复"),
            (None, None) => String::new(),
        };
        Self {
            href: format!("/supervision/cards/{}", row.id),
            rule: row.rule_name.clone(),
            sentence: row.sentence.clone(),
            severity: severity(row.severity),
            state,
            due,
            case_href: format!("/cases/{}#trail", row.case),
            project: row.project_name.clone(),
            item: row.item_name.clone(),
            code: row.project_code.clone(),
            agency: agency_name(&row.department, &row.region),
            opened: row.opened_at.display(),
        }
    }
}

/// The cards of one case, for its page; nothing for whoever may not see them.
#[derive(Template)]
#[template(path = "office/supervision_box.html")]
struct CaseBox {
    cards: Vec<CardLine>,
}

impl HtmlSafe for CaseBox {}

/// The cards of a case as a box on its page, empty when there are none or they are not the reader's to see.
pub async fn case_box(ctx: &OfficeContext, case: &CasePage) -> Result<Markup, WebError> {
    let today = ctx.platform.clock.now().date();
    let mut rows = Vec::new();
    for owing in [Owing::Running, Owing::Done] {
        let filter = CardFilter { owing, case: Some(case.id.clone()), ..CardFilter::default() };
        match ctx.platform.cards(&ctx.call, &filter, None).await {
            Ok(cards) => rows.extend(cards.rows),
            Err(platform::Failure::Denied(_) | platform::Failure::NotThere) => return Ok(Markup::default()),
            Err(other) => return Err(other.into()),
        }
    }
    if rows.is_empty() {
        return Ok(Markup::default());
    }
    Ok(Markup::of(CaseBox { cards: rows.iter().map(|row| CardLine::new(row, today)).collect() }))
}

/// Above the work list: what supervision asks of the reader's own department.
pub fn asked_of_mine(mine: Mine) -> Option<Note> {
    if mine == Mine::default() {
        return None;
    }
    let mut parts = Vec::new();
    if mine.cards > 0 {
        parts.push(format!("监察卡 {} 张待答复（其中红牌 {} 张）", mine.cards, mine.red));
    }
    if mine.orders > 0 {
        parts.push(format!("督办 {} 件待回复", mine.orders));
    }
    let tone = if mine.red > 0 { Tone::Red } else { Tone::Yellow };
    let href = if mine.cards > 0 { "/supervision/cards?owing=department" } else { "/supervision/orders" };
    let text = format!("本部门有{}。", parts.join("，"));
    Some(Note::new(tone, "电子监察", text).article("办法第十五条、第十七条").link("去办理", href))
}
