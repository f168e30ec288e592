//! Given an export, when somebody acts, then events or a refusal.
use super::*;
use crate::region::INNER_MONGOLIA;

const HOURS: i64 = 24;

fn account(n: u8) -> AccountId {
    AccountId::from_random([n; 16])
}

fn asked(second_person: bool) -> Asked {
    Asked {
        id: ExportId::from_random([7; 16]),
        what: What::Cases,
        terms: BTreeMap::new(),
        rows: 5,
        bound: 1000,
        reason: "月度通报".into(),
        by: account(1),
        by_name: "甲".into(),
        department: "water".into(),
        region: INNER_MONGOLIA,
        second_person,
    }
}

fn after(export: &Export, events: &[ExportEvent], at: i64) -> Export {
    let mut export = export.clone();
    for event in events {
        let meta = Meta { at: Moment(at), recorded_at: Moment(at), actor: String::new() };
        export.apply(event, &meta);
    }
    export
}

fn begun(second_person: bool) -> Export {
    let events = ask(&Export::default(), asked(second_person)).unwrap();
    after(&Export::default(), &events, 1000)
}

fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.unwrap_err().code.into_owned()
}

#[test]
fn a21_a_small_export_is_ready_a_large_one_waits_for_another_person() {
    let (first, second) = (account(1), account(2));
    let small = begun(false);
    assert_eq!(small.state, State::Ready);
    assert!(may_take(&small, &first, Moment(1000), HOURS).is_ok());
    let large = begun(true);
    assert_eq!(large.state, State::Waiting);
    assert_eq!(code(may_take(&large, &first, Moment(1000), HOURS)), "export.waiting");
    assert_eq!(code(confirm(&large, (&first, "甲"))), "export.four_eyes");
    assert_eq!(code(reject(&large, (&first, "甲"), "不用")), "export.four_eyes");
    let confirmed = after(&large, &confirm(&large, (&second, "乙")).unwrap(), 5000);
    assert_eq!((confirmed.state, confirmed.ready_at), (State::Ready, Moment(5000)));
    assert_eq!(code(confirm(&confirmed, (&second, "乙"))), "export.over");
    assert_eq!(code(may_take(&confirmed, &second, Moment(5000), HOURS)), "export.foreign");
}

#[test]
fn a21_a_file_is_taken_once_and_within_the_hours() {
    let first = account(1);
    let ready = begun(false);
    let last = ready_until(&ready, HOURS);
    assert!(may_take(&ready, &first, last, HOURS).is_ok());
    assert_eq!(code(may_take(&ready, &first, Moment(last.0 + 1), HOURS)), "export.late");
    let taken = after(&ready, &take(5, "00".into()), 2000);
    assert_eq!(code(may_take(&taken, &first, Moment(2000), HOURS)), "export.taken");
    assert_eq!(code(withdraw(&taken, (&first, "甲"))), "export.over");
}

#[test]
fn a21_a_waiting_export_is_refused_with_a_reason_or_taken_back() {
    let (first, second) = (account(1), account(2));
    let large = begun(true);
    assert_eq!(code(reject(&large, (&second, "乙"), "  ")), "text.required");
    let rejected = after(&large, &reject(&large, (&second, "乙"), "用途不明").unwrap(), 3000);
    assert_eq!((rejected.state, rejected.rejected.as_str()), (State::Rejected, "用途不明"));
    assert_eq!(code(may_take(&rejected, &first, Moment(3000), HOURS)), "export.over");
    let withdrawn = after(&large, &withdraw(&large, (&first, "甲")).unwrap(), 3000);
    assert_eq!(withdrawn.state, State::Withdrawn);
    assert_eq!(code(confirm(&withdrawn, (&second, "乙"))), "export.over");
    assert_eq!(code(ask(&large, asked(true))), "export.twice");
    assert_eq!(code(ask(&Export::default(), Asked { rows: 0, ..asked(false) })), "export.nothing");
}

#[test]
fn a21_a_reason_and_a_quota_are_asked_of_everybody() {
    for wrong in ["", "  ", "看看", "换\n行的理由"] {
        assert!(reason(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(reason(" 月度通报 ").unwrap(), "月度通报");
    assert!(within_quota(0, 10_000, 10_000).is_ok());
    assert_eq!(code(within_quota(9_500, 501, 10_000)), "export.quota");
    assert_eq!(code(within_quota(u64::MAX, 1, 10_000)), "export.quota");
}
