use super::*;
use crate::{
    Aggregate, Meta, Moment,
    ids::{AccountId, MessageId},
};
use jiff::civil::date;
use std::collections::BTreeMap;

fn at(day: i8, hour: i8, minute: i8) -> Moment {
    Moment::at(date(2026, 3, day), hour, minute)
}

fn meta(at: Moment) -> Meta {
    Meta { at, recorded_at: at, actor: "a-test".into() }
}

fn preferring(reminders: bool, digest: Option<i8>) -> Preferences {
    let mut preferences = Preferences::default();
    let channels = BTreeMap::from([("mail".to_owned(), reminders)]);
    let choice = Choice { channels, quiet: Quiet { from: 21, to: 8 }, digest };
    preferences.apply(&PreferencesEvent::PreferencesChosen(choice), &meta(at(2, 9, 0)));
    preferences
}

fn form(mail: &str) -> Form {
    Form {
        channels: BTreeMap::from([("mail".to_owned(), (mail.to_owned(), true))]),
        quiet_from: "21".into(),
        quiet_to: "8".into(),
        digest: String::new(),
    }
}

fn queued() -> Queued {
    Queued {
        message: MessageId("case-c1-2".into()),
        case: "c1".into(),
        account: AccountId("a1".into()),
        officer: false,
        channel: "mail".into(),
        class: Class::Statutory,
        digest: false,
        said_at: at(2, 9, 0),
        title: "申请已受理".into(),
        body: "赤峰市水利局已受理“供水工程”。".into(),
        link: "/cases/c1".into(),
        due: at(2, 9, 0),
    }
}

fn waiting() -> Notification {
    let mut delivery = Notification::default();
    delivery.apply(&NotificationEvent::NotificationQueued(Box::new(queued())), &meta(at(2, 9, 0)));
    delivery
}

fn happen(delivery: &mut Notification, events: &[NotificationEvent], now: Moment) {
    for event in events {
        delivery.apply(event, &meta(now));
    }
}

#[test]
fn art38_the_shipped_rules_read_and_hold_the_letters_of_the_law() {
    let rules = Rules::parse(include_str!("../../../../data/notification.toml")).unwrap();
    assert_eq!(&rules, default_rules());
    for event in ["CaseReceived", "CaseAccepted", "CaseNotAccepted", "CorrectionAsked", "CaseCompleted"] {
        assert_eq!(rules.class(event), Class::Statutory, "{event}");
    }
    assert_eq!(rules.class("DeadlinePrompted"), Class::Reminder);
    assert!(rules.statutory.iter().all(|s| s.article.contains('第')));
    let doubled = include_str!("../../../../data/notification.toml").replace("id = \"sms\"", "id = \"mail\"");
    assert_eq!(Rules::parse(&doubled).unwrap_err().code, "notification.rules");
}

#[test]
fn art44_what_the_law_prescribes_cannot_be_switched_off_reminders_can() {
    let off = preferring(false, None);
    let now = at(3, 10, 0);
    assert_eq!(when_to_send(&off, "mail", Class::Statutory, now), Plan::At(now));
    assert_eq!(when_to_send(&off, "mail", Class::Reminder, now), Plan::Never);
    assert_eq!(when_to_send(&off, "sms", Class::Statutory, now), Plan::Never, "no address, no text");
    assert_eq!(when_to_send(&Preferences::default(), "mail", Class::Statutory, now), Plan::Never);
}

#[test]
fn quiet_hours_put_off_to_their_end_over_midnight_and_stop_nothing() {
    let on = preferring(true, None);
    let plan = |now| when_to_send(&on, "mail", Class::Statutory, now);
    assert_eq!(plan(at(3, 20, 59)), Plan::At(at(3, 20, 59)));
    assert_eq!(plan(at(3, 21, 0)), Plan::At(at(4, 8, 0)));
    assert_eq!(plan(at(4, 7, 59)), Plan::At(at(4, 8, 0)));
    assert_eq!(plan(at(4, 8, 0)), Plan::At(at(4, 8, 0)));
    let noon = Quiet { from: 12, to: 14 };
    assert_eq!(noon.end(at(3, 13, 30)), at(3, 14, 0));
    let none = Quiet { from: 8, to: 8 };
    assert!((0..24).all(|hour| !none.covers(hour)), "from = to is no quiet at all");
}

#[test]
fn a_digest_gathers_reminders_and_never_the_letters_of_the_law() {
    let daily = preferring(true, Some(18));
    assert_eq!(when_to_send(&daily, "mail", Class::Reminder, at(3, 10, 0)), Plan::Digest(at(3, 18, 0)));
    assert_eq!(when_to_send(&daily, "mail", Class::Reminder, at(3, 18, 1)), Plan::Digest(at(4, 18, 0)));
    assert_eq!(when_to_send(&daily, "mail", Class::Statutory, at(3, 10, 0)), Plan::At(at(3, 10, 0)));
}

#[test]
fn what_is_filled_in_is_checked_with_field_and_rule() {
    let rules = default_rules();
    let (choice, addresses) = choose(&form(" zhang.san+1@mail.example.com "), rules).unwrap();
    assert_eq!(choice.channels, BTreeMap::from([("mail".to_owned(), true)]));
    assert_eq!(addresses, [("address_mail".to_owned(), "zhang.san+1@mail.example.com".to_owned())]);
    assert!(choose(&form(""), rules).unwrap().0.channels.is_empty(), "no address is a choice too");
    let wrong = Form { quiet_to: "24".into(), digest: "x".into(), ..form("a@b") };
    let fields: Vec<_> = choose(&wrong, rules).unwrap_err().into_iter().filter_map(|f| f.field).collect();
    assert_eq!(fields, ["mail", "quiet_to", "digest"]);
    let late = Form { digest: "22".into(), ..form("") };
    assert_eq!(choose(&late, rules).unwrap_err()[0].code, "notification.digest_quiet");
}

#[test]
fn s20_no_address_carries_a_header_with_it() {
    let rules = default_rules();
    let mail = rules.channel("mail").unwrap();
    for bad in [
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\nX: y",
        "a b@example.com",
        "a@example.com, b@example.com",
        "<a@example.com>",
        "a@-example.com",
        "a..b@example.com",
        ".a@example.com",
        "a@example",
        "@example.com",
        "张三@example.com",
        "a@exam\0ple.com",
    ] {
        assert!(check_address(mail, bad).is_err(), "{bad:?}");
    }
    let (sms, im) = (rules.channel("sms").unwrap(), rules.channel("im").unwrap());
    assert!(check_address(sms, "13800000000").is_ok());
    assert!(check_address(sms, "1380000000").is_err() && check_address(sms, "138-0000-000").is_err());
    assert!(check_address(im, "zhang_san").is_ok() && check_address(im, "a/b").is_err());
}

#[test]
fn a_failure_for_a_while_is_tried_again_by_the_plan_and_then_given_up() {
    let rules = default_rules();
    let mut delivery = waiting();
    let now = at(2, 9, 0);
    for minutes in &rules.retry_minutes {
        let events = failed(&delivery, "服务器忙", false, now, rules);
        happen(&mut delivery, &events, now);
        assert_eq!((delivery.state, delivery.due), (DeliveryState::Waiting, Moment(now.0 + minutes * 60_000)));
    }
    let last = failed(&delivery, "服务器忙", false, now, rules);
    happen(&mut delivery, &last, now);
    assert_eq!(delivery.state, DeliveryState::GivenUp);
    assert!(delivery.reason.contains("尝试 6 次"), "{}", delivery.reason);
    assert!(failed(&delivery, "x", false, now, rules).is_empty() && sent(&delivery, "r").is_empty());
}

#[test]
fn a_refusal_for_good_is_given_up_at_once() {
    let mut delivery = waiting();
    let events = failed(&delivery, "收件人不存在", true, at(2, 9, 0), default_rules());
    happen(&mut delivery, &events, at(2, 9, 0));
    assert_eq!((delivery.state, delivery.failures), (DeliveryState::GivenUp, 1));
    assert_eq!(delivery.reason, "收件人不存在");
}

#[test]
fn a_result_has_both_times() {
    let mut delivery = waiting();
    let learnt = Meta { at: at(2, 9, 1), recorded_at: at(2, 9, 5), actor: "system".into() };
    delivery.apply(&sent(&delivery.clone(), "250 ok")[0], &learnt);
    assert_eq!((delivery.happened_at, delivery.recorded_at), (at(2, 9, 1), at(2, 9, 5)));
    assert!(give_up(&delivery, "x").is_empty(), "what was sent stays sent");
    assert!(sent(&Notification::default(), "r").is_empty(), "nothing was queued");
}

#[test]
fn s20_a_text_has_one_line_as_subject_its_link_and_its_bound() {
    let rules = default_rules();
    let mail = rules.channel("mail").unwrap();
    let evil = Queued { title: "甲\r\nBcc: x@example.com".into(), body: "{link}".into(), ..queued() };
    let text = compose(&[evil], mail, rules, "https://tzxm.example", "/messages");
    assert_eq!(text.subject, "甲  Bcc: x@example.com");
    assert!(text.text.starts_with("{link}\n"), "what a person wrote is no gap: {}", text.text);
    assert!(text.text.contains("https://tzxm.example/cases/c1"));
    let long = Queued { body: "长".repeat(400), ..queued() };
    let short = compose(&[long], rules.channel("sms").unwrap(), rules, "https://tzxm.example", "/messages");
    assert_eq!(short.text.chars().count(), 300);
    let digest = compose(&[queued(), queued()], mail, rules, "https://tzxm.example", "/messages");
    assert!(digest.subject.contains("2 条") && digest.text.matches("申请已受理").count() == 2);
}
