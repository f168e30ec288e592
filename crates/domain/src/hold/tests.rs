use super::*;

const AT: Moment = Moment(1_800_000_000_000);

fn account(salt: u8) -> AccountId {
    AccountId::from_random([salt; 16])
}

fn content() -> Content {
    Content {
        id: HoldId::from_random([1; 16]),
        what: What::File(AttachmentId::from_random([2; 16])),
        blocked: true,
        rule: "marking.level_star".into(),
        sm3: "ab".repeat(32),
        size: 1000,
        file_type: "pdf".into(),
        unit: Some(UnitId::from_random([3; 16])),
        project: None,
        material: "application".into(),
        by: account(9),
        source: "10.0.0.8".into(),
        clean: true,
        later: false,
    }
}

fn after(hold: &Hold, events: &[HoldEvent]) -> Hold {
    let meta = Meta { at: AT, recorded_at: AT, actor: String::new() };
    events.iter().fold(hold.clone(), |mut hold, event| {
        hold.apply(event, &meta);
        hold
    })
}

fn held() -> Hold {
    let events = hold(&Hold::default(), content()).unwrap();
    after(&Hold::default(), &events)
}

#[test]
fn k09_a_purge_takes_two_persons_and_the_order() {
    let (first, second) = (account(1), account(2));
    let held = held();
    let no_order = propose_purge(&held, (&first, "甲"), "某保密局", " ").unwrap_err();
    assert_eq!(no_order.field.as_deref(), Some("order"));
    assert!(confirm_purge(&held, (&second, "乙"), "国保〔2026〕1号").is_err(), "nothing is proposed");
    let events = propose_purge(&held, (&first, "甲"), "某保密局", "国保〔2026〕1号").unwrap();
    let proposed = after(&held, &events);
    assert_eq!(confirm_purge(&proposed, (&first, "甲"), "国保〔2026〕1号").unwrap_err().code, "hold.four_eyes");
    assert_eq!(confirm_purge(&proposed, (&second, "乙"), "国保〔2026〕2号").unwrap_err().code, "hold.order");
    assert_eq!(propose_purge(&proposed, (&second, "乙"), "某保密局", "x").unwrap_err().code, "hold.proposed");
    assert_eq!(release(&proposed, (&second, "乙"), "误报").unwrap_err().code, "hold.proposed");
    assert!(purged(&proposed, "aa".into()).is_err(), "not before it is confirmed");
    let events = confirm_purge(&proposed, (&second, "乙"), "国保〔2026〕1号").unwrap();
    let confirmed = after(&proposed, &events);
    assert!(release(&confirmed, (&second, "乙"), "误报").is_err());
    let gone = after(&confirmed, &purged(&confirmed, "aa".into()).unwrap());
    assert_eq!(gone.state, State::Purged);
    assert!(purged(&gone, "aa".into()).is_err(), "once");
    assert!(Hold::is_platform_act(&HoldEvent::ContentPurged { order: String::new(), key_digest: String::new() }));
}

#[test]
fn k09_a_proposal_may_be_sent_back() {
    let (first, second) = (account(1), account(2));
    let proposed = after(&held(), &propose_purge(&held(), (&first, "甲"), "某保密局", "1号").unwrap());
    assert!(reject_purge(&proposed, (&second, "乙"), "").is_err());
    let open = after(&proposed, &reject_purge(&proposed, (&second, "乙"), "文号有误").unwrap());
    assert_eq!((open.state, open.purge.clone()), (State::Open, None));
    assert!(reject_purge(&open, (&second, "乙"), "x").is_err());
    assert!(propose_purge(&open, (&first, "甲"), "某保密局", "2号").is_ok());
}

#[test]
fn k04_a_false_alarm_is_released_once_with_a_reason() {
    let held = held();
    assert_eq!(release(&held, (&account(1), "甲"), "").unwrap_err().field.as_deref(), Some("reason"));
    let released = after(&held, &release(&held, (&account(1), "甲"), "商业合同用语，误报").unwrap());
    assert_eq!(released.state, State::Released);
    assert_eq!(release(&released, (&account(1), "甲"), "再次").unwrap_err().code, "hold.over");
    assert!(report(&released, (&account(1), "甲"), "某保密局", "电话").is_err());
    assert_eq!(report_by(&released, 24), None);
}

#[test]
fn k08_the_report_has_a_timer_and_is_entered_once() {
    let held = held();
    assert_eq!(report_by(&held, 24), Some(Moment(AT.0 + 24 * 3_600_000)));
    assert!(report(&held, (&account(1), "甲"), "某保密局", "").is_err());
    let reported = after(&held, &report(&held, (&account(1), "甲"), "某保密局", "机要交换，12号").unwrap());
    assert_eq!(report_by(&reported, 24), None);
    assert!(report(&reported, (&account(1), "甲"), "某保密局", "又一次").is_err());
    assert!(hold(&held, content()).is_err(), "sealed once");
}

#[test]
fn k08_states_have_words() {
    for state in State::ALL {
        assert_eq!(State::parse(state.slug()), Some(state));
        assert_eq!(serde_json::to_value(state).unwrap(), state.slug());
    }
}
