use super::*;
use crate::{Aggregate, Meta, Moment, Refusal, ids::AlarmId};
use jiff::civil::date;
use std::collections::BTreeMap;

fn noon() -> Moment {
    Moment::at(date(2026, 11, 24), 12, 0)
}

fn minutes(n: i64) -> i64 {
    n * 60_000
}

/// A record of somebody reading a case in the office; tests change what they need.
fn fact(seq: i64) -> Fact<'static> {
    Fact {
        seq,
        at: Moment(noon().0 + seq * 1000),
        face: "office",
        source: "192.0.2.1",
        session: "s1",
        actor: "a1",
        role: "承办人",
        method: "GET",
        path: "/cases/c1",
        object: "",
        outcome: "read",
        reason: "",
    }
}

/// Feeds records one by one; every alarm as rule and subject, with the marks that made it gone.
fn alarms(facts: &[Fact<'_>]) -> Vec<(String, String)> {
    let mut marks: BTreeMap<(String, String), Vec<Mark>> = BTreeMap::new();
    let mut raised = vec![];
    for fact in facts {
        for rule in default_rules().iter() {
            let Some((subject, what)) = rule.counts(fact) else { continue };
            let key = (rule.code.clone(), subject.to_owned());
            let kept = marks.entry(key.clone()).or_default();
            kept.push(Mark { seq: fact.seq, at: fact.at, what: what.to_owned() });
            if hit(rule, kept).is_some() {
                kept.clear();
                raised.push(key);
            }
        }
    }
    raised
}

fn rules_hit(facts: &[Fact<'_>]) -> Vec<String> {
    alarms(facts).into_iter().map(|(rule, _)| rule).collect()
}

fn wrong_password(seq: i64, source: &'static str, object: &'static str) -> Fact<'static> {
    let (session, actor, role) = ("", "public", "未登录");
    let (method, path, outcome, reason) = ("POST", "/login", "refused", "sign_in.wrong");
    Fact { source, object, session, actor, role, method, path, outcome, reason, ..fact(seq) }
}

#[test]
fn s21_the_shipped_rules_read_and_explain_themselves() {
    assert!(Rules::parse(include_str!("../../../../data/detection.toml")).is_ok());
    let rules = default_rules();
    assert!(rules.iter().count() >= 12);
    for rule in rules.iter() {
        assert!(rule.meaning.ends_with('。') && rule.advice.ends_with('。'), "{}", rule.code);
        assert_eq!(rules.get(&rule.code), Some(rule));
    }
    let twice = "[[rule]]\ncode='a'\nname='a'\nseverity='high'\nsubject='source'\ncount=1\nminutes=1\nwhen=[{}]\nmeaning='。'\nadvice='。'\ncertainty='inferred'\n";
    assert!(Rules::parse(twice).is_ok());
    assert_eq!(Rules::parse(&twice.repeat(2)).unwrap_err().code, "detection.rules");
    assert_eq!(Rules::parse(&twice.replace("count=1", "count=0")).unwrap_err().code, "detection.rules");
    assert_eq!(Rules::parse("rule").unwrap_err().code, "detection.rules");
}

#[test]
fn s21_guessing_is_seen_from_one_source_over_many_accounts_and_from_many_sources() {
    let one: Vec<_> = (0..10).map(|n| wrong_password(n, "203.0.113.9", "")).collect();
    assert_eq!(alarms(&one), [("password_guessing".to_owned(), "203.0.113.9".to_owned())]);
    assert!(alarms(&one[..9]).is_empty(), "nine are no alarm");
    const ACCOUNTS: [&str; 5] = ["account:a1", "account:a2", "account:a3", "account:a4", "account:a5"];
    let many: Vec<_> = (0..).zip(ACCOUNTS).map(|(n, account)| wrong_password(n, "203.0.113.9", account)).collect();
    assert_eq!(rules_hit(&many), ["password_spraying"]);
    const SOURCES: [&str; 5] = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5"];
    let from: Vec<_> = (0..).zip(SOURCES).map(|(n, source)| wrong_password(n, source, "account:a1")).collect();
    assert_eq!(alarms(&from), [("account_targeted".to_owned(), "account:a1".to_owned())]);
    let same: Vec<_> = (0..5).map(|n| wrong_password(n, "203.0.113.1", "account:a1")).collect();
    assert!(alarms(&same).is_empty(), "five times the same account is a forgotten password");
}

#[test]
fn s21_what_lies_outside_the_window_does_not_count() {
    let slow: Vec<_> = (0..30)
        .map(|n| Fact { at: Moment(noon().0 + n * minutes(2)), ..wrong_password(n, "203.0.113.9", "") })
        .collect();
    assert!(alarms(&slow).is_empty());
    let rule = default_rules().get("password_guessing").unwrap();
    let mark = |seq: i64, minute: i64| Mark { seq, at: Moment(noon().0 + minutes(minute)), what: String::new() };
    let marks: Vec<_> = (0..9).map(|n| mark(n, 0)).chain([mark(9, 10)]).collect();
    assert_eq!(hit(rule, &marks), None);
    let marks: Vec<_> = (0..9).map(|n| mark(n, 1)).chain([mark(9, 10)]).collect();
    let found = hit(rule, &marks).unwrap();
    assert_eq!((found.count, found.records.len(), found.first, found.last), (10, 10, mark(0, 1).at, mark(9, 10).at));
}

#[test]
fn s21_an_administrator_is_watched_at_night_only_and_other_officers_not() {
    let change = |hour: i8, role: &'static str, path: &'static str| Fact {
        at: Moment::at(date(2026, 11, 24), hour, 0),
        role,
        path,
        method: "POST",
        outcome: "done",
        ..fact(1)
    };
    for (hour, expected) in [(22, true), (23, true), (0, true), (5, true), (6, false), (12, false), (21, false)] {
        let raised = rules_hit(&[change(hour, "系统管理员", "/calendar")]);
        assert_eq!(raised == ["night_administrator"], expected, "{hour}");
        assert!(rules_hit(&[change(hour, "审批人", "/calendar")]).is_empty());
    }
    assert!(
        rules_hit(&[change(23, "安全管理员", "/alarms/w1/acknowledge")]).is_empty(),
        "whoever answers an alarm raises none"
    );
    assert!(rules_hit(&[change(23, "安全管理员", "/sign-in/code")]).is_empty());
}

#[test]
fn s21_a_session_in_two_networks_and_codes_by_their_beginning() {
    let moved = Fact { source: "203.0.113.77", reason: "session.moved", outcome: "denied", ..fact(2) };
    assert_eq!(rules_hit(&[fact(1), moved]), ["moved_session"]);
    let portal = |source| Fact { face: "portal", source, ..fact(3) };
    assert!(rules_hit(&[portal("192.0.2.1"), portal("203.0.113.77")]).is_empty(), "phones change networks");
    let upload = |seq, reason| Fact { outcome: "refused", method: "POST", path: "/files", reason, ..fact(seq) };
    assert_eq!(
        rules_hit(&[upload(1, "file.infected"), upload(2, "file.archive_ratio"), upload(3, "x, file.macro")]),
        ["hostile_uploads"]
    );
    let clumsy: Vec<_> = (0..9).map(|n| upload(n, "file.type_content")).collect();
    assert!(alarms(&clumsy).is_empty(), "a wrong type is no attack");
}

/// A day of 40 officers and 120 applicants: they read, act, mistype a password or a code, ask for what is not theirs.
#[test]
fn s21_a_quiet_day_raises_nothing() {
    let names: Vec<(String, String, String)> =
        (0..160).map(|n| (format!("a{n}"), format!("s{n}"), format!("192.0.2.{n}"))).collect();
    let mut facts = vec![];
    let mut seq = 0;
    for minute in 0..600_i64 {
        for (n, (actor, session, source)) in (0_i64..).zip(&names) {
            let office = n < 40;
            let at = Moment(Moment::at(date(2026, 11, 24), 8, 30).0 + minutes(minute) + n * 200);
            let signed =
                Fact { actor, session, source, at, face: if office { "office" } else { "portal" }, ..fact(seq) };
            let turn = (minute * 31 + n * 17) % 97;
            let next = match turn {
                0..20 if office => signed,
                20..28 => Fact { method: "POST", outcome: "done", path: "/cases/c1/accept", ..signed },
                30 if minute % 30 == 0 => Fact {
                    actor: "public",
                    session: "",
                    method: "POST",
                    path: "/login",
                    outcome: "refused",
                    reason: "sign_in.wrong",
                    object: "account:a1",
                    ..signed
                },
                31 if minute % 60 == 0 => Fact { outcome: "denied", ..signed },
                32 => Fact { method: "POST", outcome: "refused", reason: "text.required", ..signed },
                33 if minute % 90 == 0 => {
                    Fact { method: "POST", path: "/sign-in/code", outcome: "refused", reason: "sign_in.code", ..signed }
                }
                34 if minute % 120 == 0 => Fact { outcome: "failed", ..signed },
                _ => continue,
            };
            seq += 1;
            facts.push(Fact { seq, ..next });
        }
    }
    assert!(facts.len() > 10_000, "{}", facts.len());
    assert_eq!(alarms(&facts), []);
}

fn meta(at: Moment) -> Meta {
    Meta { at, recorded_at: at, actor: "a1".to_owned() }
}

fn raised() -> Alarm {
    let rule = default_rules().get("password_guessing").unwrap();
    let hit = Hit { count: 10, first: noon(), last: noon(), records: (0..40).collect() };
    let mut alarm = Alarm::default();
    let raised = Raised::new(AlarmId("w1".to_owned()), 1, rule, "203.0.113.9", hit);
    assert_eq!(raised.records.len(), Raised::RECORDS);
    alarm.apply(&AlarmEvent::AlarmRaised(Box::new(raised)), &meta(noon()));
    alarm
}

fn then(alarm: &mut Alarm, result: Result<Vec<AlarmEvent>, Refusal>) {
    for event in result.unwrap() {
        alarm.apply(&event, &meta(noon()));
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.unwrap_err().code.into_owned()
}

#[test]
fn s42_an_alarm_is_acknowledged_then_closed_with_a_finding() {
    let mut alarm = raised();
    assert_eq!(code(close(&alarm, AlarmFinding::Harmless, "核实为本单位培训")), "alarm.unseen");
    assert_eq!(code(open_incident(&alarm, "入侵", noon(), 4)), "alarm.unseen");
    let seen = acknowledge(&alarm);
    then(&mut alarm, seen);
    assert_eq!(code(acknowledge(&alarm)), "alarm.acknowledged");
    assert_eq!(code(close(&alarm, AlarmFinding::Harmless, " ")), "text.required");
    assert_eq!(code(report_incident(&alarm, "网信办", "1")), "alarm.no_incident");
    let closed = close(&alarm, AlarmFinding::Harmless, "核实为本单位培训");
    then(&mut alarm, closed);
    assert_eq!(alarm.state, AlarmState::Closed);
    for refused in [
        code(acknowledge(&alarm)),
        code(close(&alarm, AlarmFinding::Handled, "再次")),
        code(open_incident(&alarm, "入侵", noon(), 4)),
    ] {
        assert_eq!(refused, "alarm.closed");
    }
    assert_eq!(code(acknowledge(&Alarm::default())), "alarm.not_there");
}

#[test]
fn l09_an_incident_has_a_time_for_its_report_and_is_not_closed_before() {
    let mut alarm = raised();
    let seen = acknowledge(&alarm);
    then(&mut alarm, seen);
    let opened = open_incident(&alarm, "账号被他人使用", noon(), 4);
    then(&mut alarm, opened);
    assert_eq!(alarm.incident.as_ref().unwrap().report_by, Moment::at(date(2026, 11, 24), 16, 0));
    assert_eq!(code(open_incident(&alarm, "再次", noon(), 4)), "alarm.incident");
    assert_eq!(code(close(&alarm, AlarmFinding::Handled, "已处置")), "alarm.unreported");
    let reported = report_incident(&alarm, "自治区网信办", "内网安〔2026〕1号");
    then(&mut alarm, reported);
    assert_eq!(code(report_incident(&alarm, "自治区网信办", "2")), "alarm.reported");
    assert_eq!(code(close(&alarm, AlarmFinding::Harmless, "误报")), "alarm.was_incident");
    let closed = close(&alarm, AlarmFinding::Handled, "已处置");
    then(&mut alarm, closed);
    assert_eq!(alarm.closed.unwrap().1, AlarmFinding::Handled);
}

#[test]
fn s21_a_long_attack_repeats_its_alarm_once_in_a_window() {
    let rule = default_rules().get("password_guessing").unwrap();
    let mut alarm = raised();
    let at = |minute| Hit { count: 10, first: noon(), last: Moment(noon().0 + minutes(minute)), records: vec![] };
    assert_eq!(repeat(&alarm, rule, &at(9)), []);
    let again = repeat(&alarm, rule, &at(10));
    then(&mut alarm, Ok(again));
    assert_eq!((alarm.count, alarm.last), (20, at(10).last));
    assert_eq!(repeat(&alarm, rule, &at(15)), []);
    let events = [acknowledge(&alarm).unwrap(), vec![]].concat();
    then(&mut alarm, Ok(events));
    let closed = close(&alarm, AlarmFinding::Handled, "已封堵");
    then(&mut alarm, closed);
    assert_eq!(repeat(&alarm, rule, &at(60)), [], "a closed alarm stays as it is");
}
