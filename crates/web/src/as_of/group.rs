//! A parallel group as it stood, the same on both faces.

use super::{RowThen, address, banner, compared, counted_with, late_lines, timeline};
use crate::{
    html::{self, ClockSheet, Facts, Note, Pill, Timeline},
    office::{group as words, show},
};
use askama::{Template, filters::HtmlSafe};
use domain::as_of::Asked;
use platform::{Platform, as_of::GroupThen, group::GroupPage};

/// A group as it stood.
#[derive(Template)]
#[template(path = "kit/as_of_group.html")]
pub struct GroupBody {
    banner: Note,
    compared: Note,
    late: Option<Timeline>,
    state: Pill,
    facts: Facts,
    /// Each with the organ that handles it.
    branches: Vec<(RowThen, String)>,
    clock: Option<(String, ClockSheet)>,
    counted_with: String,
    papers: Vec<String>,
    trail: Timeline,
}

impl HtmlSafe for GroupBody {}

/// The joint period day by day, if it had begun.
fn clock(page: &GroupPage) -> Option<(String, ClockSheet)> {
    let (facts, sheet) = (page.clock.facts()?, page.sheet.as_ref()?);
    Some((sheet.explanation.clone(), show::sheet("联合办理期限计时单", facts.start, "最后一项受理", sheet)))
}

impl GroupBody {
    /// `base` is the page of the present.
    pub fn new(platform: &Platform, then: &GroupThen, asked: &Asked, base: &str) -> Self {
        let page = &then.page;
        let today = platform.clock.now().date();
        let late = &then.entered_later;
        let row = |b: &platform::group::BranchView| RowThen::new(platform, &then.then, asked, &b.row, b.may_open);
        Self {
            banner: banner(then.then.as_of, base),
            compared: compared(&format!("{base}/as-of"), asked, &then.then, today, late.len(), None),
            late: (!late.is_empty()).then(|| late_lines(late)),
            state: words::state(page.group.handed_back_at, page.group.received_at),
            facts: words::facts(page),
            branches: page.branches.iter().map(|b| (row(b), b.branch.agency_name.clone())).collect(),
            clock: clock(page),
            counted_with: counted_with(&then.then),
            papers: page.group.documents.iter().rev().map(|d| format!("{}（{}）", d.kind.title(), d.number)).collect(),
            trail: timeline(&page.trail),
        }
    }
}

/// The page of a group at the same moment.
pub fn group_address(id: &domain::ids::GroupId, asked: &Asked) -> String {
    address(&format!("/groups/{id}/as-of"), asked)
}
