use super::*;
use crate::calendar::default_calendar;
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

fn facts(unit: Unit, roll: bool, start: Date, days: u32) -> ClockFacts {
    let mut kind = DeadlineKind::item(unit, days);
    kind.roll = roll;
    ClockFacts::new(kind, start)
}

fn suspension(from: Date, to: Option<Date>, ground: Ground) -> Suspension {
    Suspension { from, to, ground, document: format!("{from}中止计时通知书"), told_on: Some(from) }
}

fn due_on(facts: &ClockFacts) -> Date {
    facts.due(default_calendar()).unwrap().date
}

/// The oracle: every day is looked at once, with no cleverness at all. Due dates for limits 1 to `most`.
fn walk(facts: &ClockFacts, calendar: &Calendar, most: usize) -> Vec<Option<Due>> {
    let still = |day| facts.suspensions.iter().any(|s| s.covers(day));
    let for_ever = |day| facts.suspensions.iter().any(|s| s.covers(day) && s.to.is_none());
    let mut found = Vec::new();
    let mut day = facts.start;
    while found.len() < most {
        day = day.tomorrow().unwrap();
        if for_ever(day) {
            found.resize(most, None);
            break;
        }
        if still(day) || facts.kind.unit == Unit::Working && !calendar.is_working(day) {
            continue;
        }
        let mut due = day;
        while facts.kind.roll && !for_ever(due) && (still(due) || !calendar.is_working(due)) {
            due = due.tomorrow().unwrap();
        }
        let provisional = match (facts.kind.unit, facts.kind.roll) {
            (Unit::Working, _) => calendar.is_provisional(facts.start.tomorrow().unwrap(), due),
            (Unit::Calendar, true) => calendar.is_provisional(day, due),
            (Unit::Calendar, false) => false,
        };
        found.push((!for_ever(due)).then_some(Due { date: due, provisional }));
    }
    found
}

#[test]
fn art15_due_dates_equal_walking_for_every_start_and_limit() {
    let calendar = default_calendar();
    let patterns: [&[(i64, Option<i64>)]; 8] = [
        &[],
        &[(3, Some(7))],
        &[(-5, Some(2)), (30, Some(30))],
        &[(8, Some(20)), (5, Some(9)), (21, Some(21))],
        &[(40, Some(70)), (10, Some(10)), (12, Some(12)), (9, Some(5))],
        &[(1, Some(120)), (125, Some(126))],
        &[(25, None), (10, Some(12)), (60, Some(70))],
        &[(10, Some(30)), (20, None), (31, Some(40))],
    ];
    let mut compared = 0u64;
    for pattern in patterns {
        for (unit, roll) in [(Unit::Working, false), (Unit::Calendar, false), (Unit::Calendar, true)] {
            let mut facts = facts(unit, roll, date(2018, 1, 1), 1);
            while facts.start <= date(2026, 12, 31) {
                let at = |offset: i64| facts.start + offset.days();
                facts.suspensions = pattern
                    .iter()
                    .map(|(from, to)| Suspension {
                        from: at(*from),
                        to: to.map(at),
                        ground: Ground::Hearing,
                        document: String::new(),
                        told_on: None,
                    })
                    .collect();
                for (days, expected) in (1..).zip(walk(&facts, calendar, 90)) {
                    facts.days = days;
                    let due = facts.due(calendar);
                    assert_eq!(due, expected, "{} + {days} {unit:?} {roll} {pattern:?}", facts.start);
                    compared += 1;
                }
                facts.start = facts.start.tomorrow().unwrap();
            }
        }
    }
    assert_eq!(compared, 3_287 * 90 * 3 * 8);
}

#[test]
fn xuke_art42_twenty_working_days_cross_national_day_with_its_make_up_days() {
    let facts = facts(Unit::Working, false, date(2025, 9, 22), 20);
    assert_eq!(due_on(&facts), date(2025, 10, 24));
    let sheet = facts.sheet(default_calendar(), date(2025, 10, 11), Thresholds::default());
    let row = |day| &sheet.rows.iter().find(|r| r.date == day).unwrap().status;
    assert!(matches!(row(date(2025, 9, 28)), Status::MakeUpWorkday { n: 5, .. }));
    assert_eq!(row(date(2025, 9, 27)), &Status::Weekend);
    match row(date(2025, 10, 1)) {
        Status::Holiday { notice, .. } => {
            assert_eq!(notice, "国务院办公厅关于2025年部分节假日安排的通知")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((sheet.used, sheet.remaining, sheet.light), (10, 10, Light::Normal));
    assert_eq!(sheet.rows.last().map(|r| (r.date, r.elapsed)), Some((date(2025, 10, 24), false)));
}

#[test]
fn xuke_art42_an_extension_is_added_to_the_limit() {
    let mut facts = facts(Unit::Working, false, date(2025, 3, 3), 20);
    assert_eq!(due_on(&facts), date(2025, 3, 31));
    facts.extensions.push(Extension {
        days: 10,
        article: "行政许可法第四十二条".to_owned(),
        document: "延期告知书".to_owned(),
    });
    assert_eq!((facts.limit(), due_on(&facts)), (30, date(2025, 4, 15)));
    facts.days = u32::MAX;
    assert_eq!(facts.limit(), LONGEST_LIMIT);
}

#[test]
fn minfa_art203_a_last_day_of_rest_moves_to_the_next_working_day() {
    // 2025-10-01 is the first of eight days off.
    assert_eq!(due_on(&facts(Unit::Calendar, false, date(2025, 9, 1), 30)), date(2025, 10, 1));
    assert_eq!(due_on(&facts(Unit::Calendar, true, date(2025, 9, 1), 30)), date(2025, 10, 9));
}

#[test]
fn xuke_art45_only_whole_working_days_of_a_suspension_are_excluded() {
    let mut facts = facts(Unit::Working, false, date(2025, 3, 3), 20);
    // Friday to Monday: two working days.
    facts.suspensions = vec![suspension(date(2025, 3, 7), Some(date(2025, 3, 10)), Ground::ExpertReview)];
    assert_eq!(due_on(&facts), date(2025, 4, 2));
    let days = facts.sheet(default_calendar(), date(2025, 4, 2), Thresholds::default()).ledger_of_days();
    assert_eq!((days.department, days.legally_excluded, days.total()), (20, 2, 22));
}

#[test]
fn art15_every_excluded_day_is_charged_to_one_holder() {
    let mut facts = facts(Unit::Working, false, date(2025, 3, 3), 20);
    facts.suspensions = vec![
        suspension(date(2025, 3, 10), Some(date(2025, 3, 14)), Ground::ApplicantCorrection),
        suspension(date(2025, 3, 13), Some(date(2025, 3, 18)), Ground::Intermediary),
        suspension(date(2025, 3, 18), Some(date(2025, 3, 19)), Ground::Hearing),
    ];
    let days = facts.sheet(default_calendar(), date(2025, 3, 21), Thresholds::default()).ledger_of_days();
    let expected = DaysByHolder { department: 6, applicant: 3, intermediary: 3, legally_excluded: 2 };
    assert_eq!(days, expected);
}

#[test]
fn art15_lights_follow_the_days_left() {
    let calendar = default_calendar();
    let mut facts = facts(Unit::Working, false, date(2025, 3, 3), 20);
    let light = |facts: &ClockFacts, day| facts.sheet(calendar, day, Thresholds::default()).light;
    assert_eq!(light(&facts, date(2025, 3, 24)), Light::Normal, "five left");
    assert_eq!(light(&facts, date(2025, 3, 25)), Light::Yellow, "four left");
    assert_eq!(light(&facts, date(2025, 3, 31)), Light::Yellow, "the last day is in time");
    let late = facts.sheet(calendar, date(2025, 4, 2), Thresholds::default());
    assert_eq!((late.light, late.overdue, late.remaining), (Light::Red, 2, 0));
    assert!(late.explanation.contains("已逾期2个工作日"), "{}", late.explanation);

    facts.finished = Some(date(2025, 3, 31));
    assert_eq!(light(&facts, date(2025, 6, 1)), Light::Normal, "done in time");
    facts.finished = Some(date(2025, 4, 1));
    assert_eq!(light(&facts, date(2025, 6, 1)), Light::Red, "done late");
}

#[test]
fn art15_yellow_is_one_fifth_and_at_least_a_day() {
    let at = |limit| Thresholds::default().yellow_at(limit);
    assert_eq!([1, 5, 6, 20, 45, 90].map(at), [1, 1, 2, 4, 9, 18]);
}

#[test]
fn art15_a_standing_clock_says_so_and_has_no_due_date_while_open() {
    let calendar = default_calendar();
    let mut facts = facts(Unit::Working, false, date(2025, 3, 3), 20);
    facts.suspensions = vec![suspension(date(2025, 3, 17), None, Ground::ApplicantCorrection)];
    let sheet = facts.sheet(calendar, date(2025, 9, 1), Thresholds::default());
    assert_eq!((sheet.light, sheet.due, sheet.used), (Light::Suspended, None, 9));
    assert!(sheet.explanation.contains("等待申请人补正暂停计时"), "{}", sheet.explanation);
    // A suspension that begins after the limit has passed turns no red light off.
    facts.suspensions = vec![suspension(date(2025, 4, 1), None, Ground::Hearing)];
    assert_eq!(due_on(&facts), date(2025, 3, 31));
    assert_eq!(facts.sheet(calendar, date(2025, 4, 3), Thresholds::default()).light, Light::Red);
}

#[test]
fn art15_a_date_beyond_the_published_years_is_provisional() {
    let due = |start| facts(Unit::Working, false, start, 5).due(default_calendar()).unwrap();
    assert!(!due(date(2026, 12, 24)).provisional);
    assert!(due(date(2026, 12, 25)).provisional);
    let sheet = facts(Unit::Working, false, date(2026, 12, 25), 5).sheet(
        default_calendar(),
        date(2026, 12, 25),
        Thresholds::default(),
    );
    assert!(sheet.explanation.contains("日期待定"), "{}", sheet.explanation);
}

#[test]
fn a_new_calendar_moves_the_date_and_makes_it_a_fact() {
    let text = format!("{}2027-01-01\tholiday\t元旦\n", include_str!("../../../../data/holidays.tsv"));
    let next = Calendar::parse("2027", &text).unwrap();
    let facts = facts(Unit::Working, false, date(2026, 12, 25), 5);
    let (before, after) = (facts.due(default_calendar()).unwrap(), facts.due(&next).unwrap());
    assert_eq!((before.date, before.provisional), (date(2027, 1, 1), true));
    assert_eq!((after.date, after.provisional), (date(2027, 1, 4), false));
}

#[test]
fn art15_the_shipped_kinds_of_deadlines_read() {
    let text = include_str!("../../../../data/deadlines.tsv");
    let kinds = DeadlineKinds::parse(text).unwrap();
    assert_eq!(kinds.iter().count(), text.lines().count() - 1);
    let check = kinds.get("correction_check").unwrap();
    assert_eq!((check.days, check.unit), (5, Unit::Working));
    for kind in kinds.iter() {
        assert!(kind.article.contains('第'), "{}", kind.id);
    }
    let [working, calendar] = [Unit::Working, Unit::Calendar].map(|unit| DeadlineKind::item(unit, 60));
    assert_eq!((working.days, working.roll, calendar.days, calendar.roll), (60, false, 60, true));
    let twice = format!("{text}{}\n", text.lines().last().unwrap());
    assert_eq!(DeadlineKinds::parse(&twice).unwrap_err().code, "table.row");
}

#[test]
fn extreme_facts_neither_panic_nor_run_away() {
    for unit in [Unit::Working, Unit::Calendar] {
        for start in [Date::MIN, Date::MAX, date(2025, 1, 1)] {
            let mut facts = facts(unit, true, start, u32::MAX);
            facts.suspensions = vec![
                suspension(Date::MIN, Some(Date::MAX), Ground::Hearing),
                suspension(Date::MAX, Some(Date::MIN), Ground::Tender),
            ];
            for today in [Date::MIN, Date::MAX] {
                let sheet = facts.sheet(default_calendar(), today, Thresholds::default());
                assert!(sheet.rows.len() <= 7_320);
            }
        }
    }
}

const EPOCH: Date = date(2024, 1, 1);

prop_compose! {
    fn any_suspension()(from in 0..150i64, length in 0..40i64, ground in 0..10usize, paper in 0..3u8) -> Suspension {
        let from = EPOCH + from.days();
        Suspension {
            from,
            to: Some(from + length.days()),
            ground: Ground::ALL[ground],
            document: format!("通知{paper}"),
            told_on: None,
        }
    }
}

prop_compose! {
    fn any_facts()(
        working in any::<bool>(),
        roll in any::<bool>(),
        start in 0..120i64,
        days in 1..90u32,
        suspensions in proptest::collection::vec(any_suspension(), 0..6),
    ) -> ClockFacts {
        let unit = if working { Unit::Working } else { Unit::Calendar };
        let mut facts = facts(unit, roll && !working, EPOCH + start.days(), days);
        facts.suspensions = suspensions;
        facts
    }
}

/// Cuts every suspension in two at some day inside it, and turns the order round.
fn cut(suspensions: &[Suspension], at: i64) -> Vec<Suspension> {
    let halves = |s: &Suspension| {
        let to = s.to.unwrap();
        let middle = (s.from + at.days()).min(to);
        let first = Suspension { to: Some(middle), ..s.clone() };
        let second = (middle < to).then(|| Suspension { from: middle + 1.day(), ..s.clone() });
        [Some(first), second].into_iter().flatten()
    };
    let mut pieces: Vec<Suspension> = suspensions.iter().flat_map(halves).collect();
    pieces.reverse();
    pieces
}

proptest! {
    #[test]
    fn due_equals_walking(facts in any_facts()) {
        let walked = walk(&facts, default_calendar(), facts.days as usize);
        prop_assert_eq!(facts.due(default_calendar()), *walked.last().unwrap());
    }

    #[test]
    fn cutting_suspensions_changes_nothing(facts in any_facts(), at in 0..40i64, today in 0..300i64) {
        let today = EPOCH + today.days();
        let pieces = ClockFacts { suspensions: cut(&facts.suspensions, at), ..facts.clone() };
        let sheet = |facts: &ClockFacts| facts.sheet(default_calendar(), today, Thresholds::default());
        prop_assert_eq!(sheet(&facts), sheet(&pieces));
    }

    #[test]
    fn more_days_or_more_standing_still_never_come_earlier(facts in any_facts(), more in any_suspension()) {
        let due = |facts: &ClockFacts| facts.due(default_calendar()).unwrap().date;
        let longer = ClockFacts { days: facts.days + 1, ..facts.clone() };
        let later = ClockFacts { start: facts.start.tomorrow().unwrap(), ..facts.clone() };
        let mut stiller = facts.clone();
        stiller.suspensions.push(more);
        for other in [longer, later, stiller] {
            prop_assert!(due(&other) >= due(&facts));
        }
    }

    #[test]
    fn the_sheet_agrees_with_the_count(facts in any_facts(), today in 0..300i64) {
        let (calendar, today) = (default_calendar(), EPOCH + today.days());
        let sheet = facts.sheet(calendar, today, Thresholds::default());
        let due = sheet.due.unwrap().date;
        let counted = |until| sheet.rows.iter().filter(|r| r.date <= until && r.status.counted().is_some()).count();
        prop_assert_eq!(counted(today), sheet.used as usize);
        if !facts.kind.roll {
            prop_assert_eq!(counted(due), facts.limit() as usize);
        }
        let owed = match facts.kind.unit {
            Unit::Working => calendar.working_days_between(facts.start, today).max(0),
            Unit::Calendar => facts.start.until(today).unwrap().get_days().max(0).into(),
        };
        prop_assert_eq!(i64::from(sheet.ledger_of_days().total()), owed);
    }
}
