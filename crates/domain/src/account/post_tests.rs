//! Posts given by two and ended by one.

use super::*;
use crate::{Moment, Refusal};
use jiff::civil::date;

const TODAY: Date = date(2026, 3, 2);
const LIMITS: PostLimits = PostLimits { default_days: 365, longest_days: 1096, remind_days: 30 };

fn now() -> Moment {
    Moment::at(TODAY, 9, 0)
}

fn id(salt: u8) -> AccountId {
    AccountId::from_random([salt; 16])
}

fn organ() -> Agency {
    Agency::new("water", RegionCode::parse("150402").unwrap())
}

fn person() -> Account {
    Account { id: id(1), name: "张三".into(), holder: Some(Holder::Officer), ..Account::default() }
}

fn post(role: Role, from: Date, to: Option<Date>) -> Post {
    Post { department: "water".into(), region: organ().region, role, from, to }
}

fn wish(role: Role) -> PostWish {
    PostWish {
        agency: organ(), role, from: TODAY, to: Some(date(2026, 12, 31)), reason: " 任命〔2026〕1号 ".into()
    }
}

fn after(account: &Account, events: Vec<AccountEvent>) -> Account {
    let meta = Meta { at: now(), recorded_at: now(), actor: String::new() };
    events.iter().fold(account.clone(), |mut account, event| {
        account.apply(event, &meta);
        account
    })
}

fn propose(account: &Account, by: u8, wish: &PostWish) -> Result<Vec<AccountEvent>, Vec<Refusal>> {
    propose_post(account, (&id(by), "甲"), wish, &LIMITS, now())
}

fn confirm(account: &Account, at: usize, by: u8) -> Result<Vec<AccountEvent>, Refusal> {
    confirm_post(account, at, (&id(by), "乙"), now())
}

fn codes(result: Result<Vec<AccountEvent>, Vec<Refusal>>) -> Vec<String> {
    result.unwrap_err().into_iter().map(|fault| fault.code.into_owned()).collect()
}

fn holds(account: &Account, role: Role, day: Date) -> bool {
    account.posts.iter().any(|post| post.role == role && post.held_on(day))
}

#[test]
fn s08_a_post_takes_two_persons_and_neither_is_its_holder() {
    assert_eq!(codes(propose(&person(), 1, &wish(Role::Approver))), ["post.own"]);
    let waiting = after(&person(), propose(&person(), 2, &wish(Role::Approver)).unwrap());
    assert!(!holds(&waiting, Role::Approver, TODAY), "one person's grant gives no right");
    assert_eq!(waiting.proposals[0].proposed.reason, "任命〔2026〕1号");
    for by in [1, 2] {
        assert_eq!(confirm(&waiting, 0, by).unwrap_err().code, "post.four_eyes");
    }
    assert_eq!(confirm(&waiting, 1, 3).unwrap_err().code, "post.not_open");
    let given = after(&waiting, confirm(&waiting, 0, 3).unwrap());
    assert!(holds(&given, Role::Approver, TODAY) && holds(&given, Role::Approver, date(2026, 12, 31)));
    assert!(!holds(&given, Role::Approver, date(2027, 1, 1)), "it runs out by itself");
    assert_eq!(confirm(&given, 0, 3).unwrap_err().code, "post.not_open", "works once");
}

#[test]
fn s08_no_two_roles_of_the_three_nor_with_a_business_role_on_the_same_day() {
    for a in Role::ALL {
        for b in Role::ALL.into_iter().filter(|b| *b != a) {
            let holder = Account { posts: vec![post(a, date(2026, 1, 1), None)], ..person() };
            let refused = propose(&holder, 2, &wish(b)).is_err();
            assert_eq!(refused, a.is_administrator() || b.is_administrator(), "{a:?} beside {b:?}");
            let former = Account { posts: vec![post(a, date(2025, 1, 1), Some(date(2026, 3, 1)))], ..person() };
            assert!(propose(&former, 2, &wish(b)).is_ok(), "{b:?} after {a:?}");
            // Both proposed first: the second is refused already, and confirming looks again.
            let one = after(&person(), propose(&person(), 2, &wish(a)).unwrap());
            assert_eq!(propose(&one, 2, &wish(b)).is_err(), !compatible(a, b));
            let granted = AccountEvent::PostGranted { post: post(b, TODAY, None), reason: String::new() };
            assert_eq!(confirm(&after(&one, vec![granted]), 0, 3).is_err(), !compatible(a, b));
        }
    }
}

#[test]
fn s05_a_post_has_a_giver_a_reason_and_an_end() {
    let open_end = PostWish { to: None, ..wish(Role::Reviewer) };
    let waiting = after(&person(), propose(&person(), 2, &open_end).unwrap());
    assert_eq!(waiting.proposals[0].proposed.post.to, Some(date(2027, 3, 1)), "the default of the settings");
    let with = |wish: PostWish| codes(propose(&person(), 2, &wish));
    assert_eq!(with(PostWish { to: Some(date(2029, 3, 2)), ..wish(Role::Reviewer) }), ["post.long"]);
    assert!(propose(&person(), 2, &PostWish { to: Some(date(2029, 3, 1)), ..wish(Role::Reviewer) }).is_ok());
    assert_eq!(with(PostWish { from: date(2026, 3, 1), ..wish(Role::Reviewer) }), ["post.past"]);
    assert_eq!(with(PostWish { to: Some(date(2026, 3, 1)), ..wish(Role::Reviewer) }), ["post.order"]);
    assert_eq!(with(PostWish { reason: " ".into(), ..wish(Role::Reviewer) }), ["text.required"]);
    assert_eq!(codes(propose(&waiting, 2, &open_end)), ["post.waits"]);
    let given = after(&waiting, confirm(&waiting, 0, 3).unwrap());
    assert_eq!(codes(propose(&given, 2, &open_end)), ["post.held"]);
    let next = PostWish { from: date(2027, 3, 2), to: None, ..open_end };
    assert!(propose(&given, 2, &next).is_ok(), "renewed from the day after");
    let unit = Account { holder: Some(Holder::Unit(UnitId::from_random([9; 16]))), ..person() };
    assert_eq!(codes(propose(&unit, 2, &wish(Role::Reviewer))), ["post.account"]);
    assert_eq!(codes(propose(&Account { disabled: true, ..person() }, 2, &wish(Role::Reviewer))), ["post.account"]);
}

#[test]
fn s08_a_proposal_is_refused_taken_back_or_lapses() {
    let waiting = after(&person(), propose(&person(), 2, &wish(Role::Approver)).unwrap());
    let reject = |by: u8, reason: &str| reject_post(&waiting, 0, (&id(by), "乙"), reason, now());
    assert_eq!(reject(3, "").unwrap_err().code, "text.required");
    assert_eq!(reject(2, "写错了").unwrap_err().code, "post.own");
    let refused = after(&waiting, reject(3, "文号不对").unwrap());
    assert_eq!(confirm(&refused, 0, 3).unwrap_err().code, "post.not_open");
    assert_eq!(withdraw_post(&waiting, 0, (&id(3), ""), now()).unwrap_err().code, "post.not_yours");
    let back = after(&waiting, withdraw_post(&waiting, 0, (&id(2), ""), now()).unwrap());
    assert_eq!(confirm(&back, 0, 3).unwrap_err().code, "post.not_open");
    let late = Moment(now().0 + POST_PROPOSAL_DAYS * 86_400_000);
    assert_eq!(confirm_post(&waiting, 0, (&id(3), ""), late).unwrap_err().code, "post.not_open");
    assert!(confirm_post(&waiting, 0, (&id(3), ""), Moment(late.0 - 1)).is_ok());
    let off = Account { disabled: true, ..waiting.clone() };
    assert_eq!(confirm(&off, 0, 3).unwrap_err().code, "post.account");
}

#[test]
fn s09_one_person_ends_a_post_at_once_with_a_reason() {
    let waiting = after(&person(), propose(&person(), 2, &wish(Role::Approver)).unwrap());
    let given = after(&waiting, confirm(&waiting, 0, 3).unwrap());
    let key = PostKey { agency: organ(), role: Role::Approver, from: TODAY };
    let end = |account: &Account, by: u8, reason: &str| end_post(account, &key, (&id(by), "乙"), reason, TODAY);
    assert_eq!(end(&given, 1, "调离").unwrap_err().code, "post.own");
    assert_eq!(end(&given, 3, " ").unwrap_err().code, "text.required");
    let ended = after(&given, end(&given, 3, "调离").unwrap());
    assert!(!holds(&ended, Role::Approver, TODAY));
    assert_eq!(end(&ended, 3, "调离").unwrap_err().code, "post.over");
    assert_eq!(end(&waiting, 3, "调离").unwrap_err().code, "post.over", "not held yet");
    assert!(propose(&ended, 2, &wish(Role::SystemAdministrator)).is_ok(), "free for another side");
}

#[test]
fn s05_a_name_changes_with_a_reason() {
    let renamed = after(&person(), rename(&person(), " 张珊 ", "户籍更名").unwrap());
    assert_eq!(renamed.name, "张珊");
    assert_eq!(codes(rename(&renamed, "张珊", "重复")), ["account.same_name"]);
    assert_eq!(codes(rename(&renamed, "张", "")), ["account.name", "text.required"]);
}

#[test]
fn s07_limits_of_the_settings_are_checked() {
    assert!(PostLimits::default().validate().is_empty());
    let wrong = PostLimits { default_days: 0, longest_days: 9999, remind_days: 0 };
    assert_eq!(wrong.validate().len(), 3);
}
