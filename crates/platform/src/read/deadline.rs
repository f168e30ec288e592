//! Rows of running periods, one each, and of the prompts to the officers concerned. Written in the unit of the case's events.

use super::{NEVER, day_number};
use crate::Rulebook;
use domain::{
    Meta, Moment,
    account::Role,
    case::{Application, Case, CaseEvent, DueMoved, next_change, owed_clock, running_clocks},
    clock::{ClockFacts, Mark, Thresholds},
};
use jiff::civil::Date;
use ledger::{Row, Value};

/// What a row says about one running period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeadlineRow {
    /// Kind of the period.
    pub kind: String,
    /// The next moment at which something changes; never when nothing will.
    pub at: i64,
    /// What changes then.
    pub what: &'static str,
    /// First yellow day.
    pub yellow: i64,
    /// Last day.
    pub due: i64,
    /// Whether the last day rests on a year without a notice.
    pub provisional: bool,
}

impl DeadlineRow {
    fn new(case: &Case, clock: &ClockFacts, rules: &Rulebook) -> Self {
        let due = clock.due(rules.calendar);
        let yellow = clock.first_yellow_day(rules.calendar, Thresholds::default());
        let next = next_change(case, clock, rules.calendar);
        Self {
            kind: clock.kind.id.clone(),
            at: next.map_or(i64::MAX, |(day, _)| Moment::at(day, 0, 0).0),
            what: next.map_or("", |(_, change)| change.slug()),
            yellow: yellow.map_or(NEVER, day_number),
            due: due.map_or(NEVER, |due| day_number(due.date)),
            provisional: due.is_some_and(|due| due.provisional),
        }
    }

    /// `$2…$8`, behind the id of the case.
    fn values(&self, case: &str, rules: &Rulebook) -> [Value; 8] {
        [
            case.into(),
            self.kind.clone().into(),
            self.at.into(),
            self.what.into(),
            self.yellow.into(),
            self.due.into(),
            i64::from(self.provisional).into(),
            rules.calendar_number.into(),
        ]
    }
}

/// One row for each period of a case that runs now.
pub(crate) fn deadlines(case: &Case, rules: &Rulebook) -> Vec<DeadlineRow> {
    running_clocks(case).iter().map(|clock| DeadlineRow::new(case, clock, rules)).collect()
}

/// The rows an event changes: what no longer runs goes, what runs differently is written.
pub(super) fn rows(a: &Application, before: &Case, event: &CaseEvent, after: &Case, rules: &Rulebook) -> Vec<Row> {
    let (old, new) = (deadlines(before, rules), deadlines(after, rules));
    let gone = old.iter().filter(|old| new.iter().all(|new| new.kind != old.kind));
    let gone = gone.map(|old| {
        Row::new(
            "DELETE FROM deadlines WHERE case_id = $1 AND kind = $2",
            [a.id.as_str().into(), old.kind.clone().into()],
        )
    });
    // A new calendar changes rows although the case is the same as before.
    let recounted = matches!(event, CaseEvent::DueDateMoved(_));
    let changed = new.iter().filter(|new| recounted || !old.contains(new));
    gone.chain(changed.map(|row| put(a.id.as_str(), row, rules))).collect()
}

fn put(case: &str, row: &DeadlineRow, rules: &Rulebook) -> Row {
    Row::new(
        "INSERT INTO deadlines(case_id, kind, at, what, yellow_day, due_day, provisional, calendar) VALUES($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT(case_id, kind) DO UPDATE SET at = excluded.at, what = excluded.what, yellow_day = excluded.yellow_day, \
         due_day = excluded.due_day, provisional = excluded.provisional, calendar = excluded.calendar",
        row.values(case, rules),
    )
}

/// Writes the rows of a case anew although nothing happened to it: a new calendar, or a row that says what is no longer so.
/// `was` is the last day the stored row says; a row that somebody else has written meanwhile stays.
pub(crate) fn recounted(case: &str, state: &Case, kind: &str, was: i64, rules: &Rulebook) -> Vec<Row> {
    let now = deadlines(state, rules);
    let Some(row) = now.iter().find(|row| row.kind == kind) else {
        let gone = Row::new(
            "DELETE FROM deadlines WHERE case_id = $1 AND kind = $2 AND due_day = $3",
            [case.into(), kind.into(), was.into()],
        );
        // A row from before this table existed: its kind was not known then.
        return std::iter::once(gone).chain(now.iter().map(|row| put(case, row, rules))).collect();
    };
    let deadline = Row::new(
        "UPDATE deadlines SET at = $3, what = $4, yellow_day = $5, due_day = $6, provisional = $7, calendar = $8 \
         WHERE case_id = $1 AND kind = $2 AND due_day = $9",
        row.values(case, rules).into_iter().chain([was.into()]),
    );
    // The list shows the period of what is owed; others run beside it.
    if owed_clock(state).is_none_or(|clock| clock.kind.id != kind) {
        return vec![deadline];
    }
    let shown = Row::new(
        "UPDATE cases SET yellow_day = $2, due_day = $3, provisional = $4 WHERE id = $1 AND due_day = $5",
        [case.into(), row.yellow.into(), row.due.into(), i64::from(row.provisional).into(), was.into()],
    );
    vec![deadline, shown]
}

/// Who is told of what, in words: title, text, mark, roles.
struct Told {
    title: String,
    body: String,
    mark: &'static str,
    roles: &'static [Role],
}

const DESK: &[Role] = &[Role::Undertaker, Role::DepartmentManager];
const EVERYBODY: &[Role] = &[Role::Undertaker, Role::DepartmentManager, Role::Supervisor];
const WINDOW: &[Role] = &[Role::Receptionist, Role::Undertaker, Role::DepartmentManager];
const WINDOW_AND_SUPERVISOR: &[Role] =
    &[Role::Receptionist, Role::Undertaker, Role::DepartmentManager, Role::Supervisor];

/// 催办: rows for the posts concerned; an officer sees those of the posts held.
pub(super) fn prompts(stream: &str, version: i64, a: &Application, event: &CaseEvent, meta: &Meta) -> Vec<Row> {
    let Some(told) = told(a, event) else { return vec![] };
    let row = |role: &Role| {
        Row::new(
            "INSERT INTO prompts(id, at, case_id, department, region, role, mark, title, body) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                format!("{}-{version}-{}", stream.replace(':', "-"), super::slug(role)).into(),
                meta.at.0.into(),
                a.id.as_str().into(),
                a.agency.department.clone().into(),
                a.agency.region.as_str().into(),
                super::slug(role).into(),
                told.mark.into(),
                told.title.clone().into(),
                told.body.clone().into(),
            ],
        )
    };
    told.roles.iter().map(row).collect()
}

fn told(a: &Application, event: &CaseEvent) -> Option<Told> {
    let about = format!("{}“{}”的“{}”", a.unit_name, a.project_name, a.item_name);
    match event {
        CaseEvent::DeadlinePrompted { period, name, article, due, mark } => {
            let at_window = period == "correction_check";
            let (title, rest) = match mark {
                Mark::Yellow => ("黄灯", format!("应于 {due} 前（含当日）办结，已到预警线，请抓紧办理。")),
                Mark::LastDay => ("今日到期", format!("{due} 是最后一天，请今日办结。")),
                Mark::Red => ("红灯", format!("应于 {due} 前（含当日）办结，现已超期，请立即办理并说明原因。")),
            };
            Some(Told {
                title: format!("{title}：{}（{name}）", a.item_name),
                body: format!("{about}，{name}（{article}）{rest}"),
                mark: mark.slug(),
                roles: match (mark, at_window) {
                    (Mark::LastDay, true) => WINDOW,
                    (Mark::LastDay, false) => DESK,
                    (_, true) => WINDOW_AND_SUPERVISOR,
                    (_, false) => EVERYBODY,
                },
            })
        }
        CaseEvent::CaseDeemedAccepted { document } => Some(Told {
            title: format!("视为受理：{}", a.item_name),
            body: format!(
                "{about}，五个工作日内未一次性告知补正，也未决定是否受理，依行政许可法第三十二条第一款第（四）项自收到申请材料之日起即为受理，办理时限已经起算。{}",
                document.number
            ),
            mark: "deemed_acceptance",
            roles: WINDOW_AND_SUPERVISOR,
        }),
        CaseEvent::DueDateMoved(moved) => Some(Told {
            title: moved_title(moved),
            body: format!("{about}：{}", moved_words(moved)),
            mark: "moved",
            roles: DESK,
        }),
        _ => None,
    }
}

/// `届满日由 … 改为 …`.
pub(super) fn moved_title(moved: &DueMoved) -> String {
    format!("{}届满日改为 {}", moved.period, moved.to)
}

/// Why a due day moved, for both sides.
pub(super) fn moved_words(moved: &DueMoved) -> String {
    let mark = if moved.provisional { "（暂定）" } else { "" };
    format!("按《{}》更新工作日历后，{}的届满日由 {} 改为 {}{mark}。", moved.notice, moved.period, moved.from, moved.to)
}

/// What the unit is told about the passing of time.
pub(super) fn unit_words(a: &Application, about: &str, event: &CaseEvent) -> Option<(&'static str, String)> {
    match event {
        CaseEvent::DeadlinePrompted { name, due, mark, .. } => match mark {
            Mark::Yellow => Some((
                "办理时限临近",
                format!("{}办理{about}，{name}应于 {due} 前（含当日）完成。平台已提醒办理机关。", a.agency_name),
            )),
            Mark::Red => Some((
                "办理已经超期",
                format!(
                    "{}办理{about}，{name}应于 {due} 前（含当日）完成，现已超期。平台已催办并告知电子监察；您也可以向办理机关查询或者依法投诉。",
                    a.agency_name
                ),
            )),
            Mark::LastDay => None,
        },
        CaseEvent::CaseDeemedAccepted { .. } => Some((
            "申请依法视为受理",
            format!(
                "{}收到{about}申请后五个工作日内没有告知补正，也没有决定是否受理。依行政许可法第三十二条第一款第（四）项，自收到申请材料之日起即为受理，办理时限为{}，自收到之日的次日起计算。视为受理通知书可以下载。",
                a.agency_name,
                a.limit.words()
            ),
        )),
        CaseEvent::DueDateMoved(moved) => Some(("办理时限届满日调整", format!("{about}：{}", moved_words(moved)))),
        _ => None,
    }
}

/// The first yellow day as [`super::case`] shows it.
pub(super) fn first_yellow_day(clock: &ClockFacts, rules: &Rulebook) -> Option<Date> {
    clock.first_yellow_day(rules.calendar, Thresholds::default())
}
