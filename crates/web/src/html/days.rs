//! 每一天算谁的: the ledger of days, the same on both faces, and the note that silence accepted an application.

use super::{Note, Tone};
use askama::{Template, filters::HtmlSafe};
use domain::{case::Case, clock::DayLedger};

/// The ledger of days: sums by holder, then stretch by stretch.
#[derive(Debug, Clone, Template)]
#[template(path = "kit/days.html")]
pub struct Days {
    total: u32,
    sums: Vec<(String, u32)>,
    stretches: Vec<DaysLine>,
}

/// Working days in a row with one holder.
#[derive(Debug, Clone)]
struct DaysLine {
    when: String,
    days: u32,
    kind: &'static str,
    name: String,
}

impl Days {
    /// Of a case's ledger.
    pub fn new(ledger: &DayLedger) -> Self {
        let line = |stretch: &domain::clock::Stretch| DaysLine {
            when: if stretch.from == stretch.to {
                stretch.from.to_string()
            } else {
                format!("{} 至 {}", stretch.from, stretch.to)
            },
            days: stretch.days,
            kind: stretch.bearer.holder.name(),
            name: stretch.bearer.name.clone(),
        };
        let sum = |(bearer, days): (&domain::clock::Bearer, u32)| {
            (format!("{}（{}）", bearer.name, bearer.holder.name()), days)
        };
        Self {
            total: ledger.total(),
            sums: ledger.by_bearer().into_iter().map(sum).collect(),
            stretches: ledger.stretches.iter().map(line).collect(),
        }
    }
}

impl HtmlSafe for Days {}

/// 视为受理, for whoever opens the case; `None` when the organ answered in time.
pub fn deemed(case: &Case) -> Option<Note> {
    let (deemed, accepted) = (case.deemed_at?, case.accepted_at?);
    let text = format!(
        "收到申请材料后五个工作日内未一次性告知补正，也未作出是否受理的决定，自收到申请材料之日（{}）起即为受理，办理时限从次日起算。平台于 {} 自动记录，已告知双方和电子监察。",
        accepted.date(),
        deemed.date()
    );
    Some(Note::new(Tone::Yellow, "依法视为受理", text).article("行政许可法第三十二条第一款第（四）项"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        calendar::default_calendar,
        clock::{Bearer, Handover, History, Holder},
    };
    use jiff::civil::date;

    #[test]
    fn art15_the_sums_and_every_stretch_are_shown_and_escaped() {
        let history = History {
            submitted: date(2026, 3, 2),
            first: Bearer::new(Holder::Department, "水利局<b>"),
            handovers: vec![Handover { on: date(2026, 3, 4), to: Bearer::new(Holder::Applicant, "甲公司") }],
            suspensions: vec![],
            ended: None,
        };
        let printed = Days::new(&history.ledger(default_calendar(), date(2026, 3, 5))).to_string();
        assert!(printed.contains("共 3 个工作日") && printed.contains("2026-03-03 至 2026-03-04"), "{printed}");
        assert!(printed.contains("甲公司（申请人）") && !printed.contains("<b>"), "{printed}");
    }
}
