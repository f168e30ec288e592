use super::*;
use crate::case::tests::completed;

fn meta() -> Meta {
    Meta { at: Moment(1), recorded_at: Moment(1), actor: "a-x".into() }
}

fn run(publication: &mut Publication, act: impl Fn(&Publication) -> Result<Vec<PublicationEvent>, Refusal>) {
    for event in act(publication).unwrap() {
        publication.apply(&event, &meta());
    }
}

fn person(account: &str) -> Reviewer {
    Reviewer::Person { account: AccountId(account.into()), name: "张三".into() }
}

fn kind() -> Reviewer {
    Reviewer::Kind(ReviewedKind { item: "*".into(), by: "某局 李四".into(), on: Date::constant(2026, 1, 5) })
}

fn code(result: Result<Vec<PublicationEvent>, Refusal>) -> String {
    result.unwrap_err().code.into_owned()
}

#[test]
fn s55_only_a_second_person_publishes_and_only_what_is_final() {
    let case = completed("a-decider");
    let new = Publication::default();
    assert_eq!(code(publish(&new, &Case::default(), person("a-b"))), "publication.not_final");
    assert_eq!(code(publish(&new, &case, person("a-decider"))), "publication.same_person");
    let mut publication = Publication::default();
    run(&mut publication, |p| publish(p, &case, person("a-b")));
    assert_eq!(publication.state, PublicationState::Public);
    assert_eq!(publication.shown.as_ref().unwrap().title, case.decision.as_ref().unwrap().title);
    assert_eq!(code(publish(&publication, &case, person("a-c"))), "publication.wrong_state");
}

#[test]
fn s55_what_is_held_back_or_withdrawn_says_why_and_may_come_back_by_a_person() {
    let case = completed("a-decider");
    let me = AccountId("a-b".into());
    let mut publication = Publication::default();
    assert_eq!(code(hold_back(&publication, &case, (&me, "张三"), " ")), "text.required");
    run(&mut publication, |p| hold_back(p, &case, (&me, "张三"), "含商业秘密"));
    assert_eq!(publication.state, PublicationState::HeldBack);
    assert_eq!(code(hold_back(&publication, &case, (&me, "张三"), "又")), "publication.wrong_state");
    assert_eq!(
        code(publish(&publication, &case, kind())),
        "publication.wrong_state",
        "a rule does not overrule a person"
    );
    run(&mut publication, |p| publish(p, &case, person("a-c")));
    run(&mut publication, |p| hold_back(p, &case, (&me, "张三"), "标题有误"));
    assert_eq!(publication.state, PublicationState::Withdrawn);
    let reasons: Vec<_> = publication.story.iter().map(|step| (step.state, step.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (PublicationState::HeldBack, "含商业秘密"),
            (PublicationState::Public, ""),
            (PublicationState::Withdrawn, "标题有误")
        ]
    );
}

#[test]
fn s55_a_kind_that_was_reviewed_publishes_with_who_and_when() {
    let case = completed("a-decider");
    let mut publication = Publication::default();
    run(&mut publication, |p| publish(p, &case, kind()));
    assert_eq!(publication.story[0].by, "按类别预审（某局 李四，2026-01-05）");
    let kind = ReviewedKind { item: "soil_water".into(), by: String::new(), on: Date::constant(2026, 1, 5) };
    assert!(kind.covers("soil_water") && !kind.covers("outfall"));
}
