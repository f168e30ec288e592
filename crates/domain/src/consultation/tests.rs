//! The life of a consultation, and what its silence means on each day.

use super::*;
use crate::{case, department::Agency, ids::UnitId, item::catalogue, region::RegionCode};
use jiff::{ToSpan, civil::date};

const DAY: Date = date(2026, 3, 4);

fn agency(department: &str, region: &str) -> Agency {
    Agency::new(department, RegionCode::parse(region).unwrap())
}

fn about() -> Application {
    let item = catalogue().item("soil_water").unwrap();
    let agency = agency("water", "150402");
    Application {
        unclassified: true,
        id: CaseId::from_random([2; 16]),
        project: ProjectId::from_random([3; 16]),
        project_name: "负极材料项目".into(),
        code: "2603-150402-04-01-123456".into(),
        unit: UnitId::from_random([4; 16]),
        unit_name: "甲公司".into(),
        item: item.code.clone(),
        item_name: item.name.clone(),
        agency_name: agency.name(),
        agency,
        limit: item.effective_limit().clone(),
        rulebook: "1".into(),
        guide: None,
        procedure: case::procedures().of(item),
        materials: vec![],
    }
}

fn question() -> Question {
    Question {
        to: agency("forestry_grassland", "150400"),
        text: " 是否占用林地？ ".into(),
        reply_by: date(2026, 3, 11),
        silence: Silence::Awaited,
        basis: "不用".into(),
    }
}

fn asked_with(question: &Question, due: Option<Date>) -> Result<Vec<ConsultationEvent>, Vec<Refusal>> {
    ask(ConsultationId::from_random([9; 16]), &about(), true, question, "张三", due, DAY)
}

fn opened(question: &Question) -> Consultation {
    let mut consultation = Consultation::default();
    let at = Moment::at(DAY, 9, 0);
    let meta = Meta { at, recorded_at: at, actor: "a-1".into() };
    consultation.apply(&asked_with(question, None).unwrap()[0], &meta);
    consultation
}

fn codes(faults: Vec<Refusal>) -> Vec<String> {
    faults.into_iter().map(|fault| fault.code.into_owned()).collect()
}

#[test]
fn art17_a_consultation_states_its_day_and_what_silence_means() {
    let consultation = opened(&question());
    let asked = consultation.asked.as_ref().unwrap();
    assert_eq!((asked.question.as_str(), asked.basis.as_str()), ("是否占用林地？", ""));
    assert_eq!(asked.to_name, question().to.name());
    let silent = Question { silence: Silence::NoObjection, ..question() };
    assert_eq!(
        codes(asked_with(&Question { basis: " ".into(), ..silent.clone() }, None).unwrap_err()),
        ["text.required"]
    );
    assert_eq!(opened(&silent).asked.unwrap().basis, "不用");
}

#[test]
fn art17_what_is_wrong_with_a_question_is_said_all_at_once() {
    let wrong = Question { to: about().agency, text: String::new(), reply_by: DAY - 1.day(), ..question() };
    assert_eq!(
        codes(asked_with(&wrong, None).unwrap_err()),
        ["consultation.self", "text.required", "consultation.past"]
    );
    let id = ConsultationId::from_random([9; 16]);
    let over = ask(id, &about(), false, &question(), "张三", None, DAY).unwrap_err();
    assert_eq!(codes(over), ["consultation.not_in_work"]);
}

#[test]
fn art15_its_days_count_in_the_limit_so_the_reply_comes_before_the_last_day() {
    assert!(asked_with(&question(), Some(date(2026, 3, 11))).is_ok());
    assert_eq!(codes(asked_with(&question(), Some(date(2026, 3, 10))).unwrap_err()), ["consultation.after_due"]);
}

#[test]
fn art17_silence_is_no_objection_only_when_that_was_stated() {
    let on = |state, silence, today| standing(state, silence, date(2026, 3, 11), today);
    let (last, next) = (date(2026, 3, 11), date(2026, 3, 12));
    assert_eq!(on(State::Asked, Silence::Awaited, last), Standing::Waiting);
    assert_eq!(on(State::Asked, Silence::NoObjection, last), Standing::Waiting);
    assert_eq!(on(State::Asked, Silence::Awaited, next), Standing::Late);
    assert_eq!(on(State::Asked, Silence::NoObjection, next), Standing::Silent);
    assert_eq!(on(State::Replied, Silence::Awaited, next), Standing::Replied);
    let settled = [Standing::Silent, Standing::Replied, Standing::Recalled].map(Standing::is_settled);
    assert_eq!((settled, Standing::Late.is_settled(), Standing::Waiting.is_settled()), ([true; 3], false, false));
}

#[test]
fn art17_a_reply_comes_once_and_not_after_the_question_was_taken_back() {
    let mut consultation = opened(&question());
    let given = Reply { view: View::AgreeIf, opinion: " 避让公益林。 ".into(), replier: "李四".into() };
    assert_eq!(reply(&Consultation::default(), &given, true).unwrap_err().code, "consultation.not_there");
    assert_eq!(
        reply(&consultation, &Reply { opinion: " ".into(), ..given.clone() }, true).unwrap_err().code,
        "text.required"
    );
    assert_eq!(reply(&consultation, &given, false).unwrap_err().code, "consultation.over");
    let at = Moment::at(DAY + 9.days(), 9, 0);
    let meta = Meta { at, recorded_at: at, actor: "a-2".into() };
    let mut recalled = consultation.clone();
    consultation.apply(&reply(&consultation, &given, true).unwrap()[0], &meta);
    assert_eq!(consultation.reply.as_ref().unwrap().opinion, "避让公益林。");
    assert_eq!(reply(&consultation, &given, true).unwrap_err().code, "consultation.replied");
    assert_eq!(recall(&consultation, "不用了").unwrap_err().code, "consultation.replied");
    assert_eq!(recall(&recalled, "").unwrap_err().code, "text.required");
    recalled.apply(&recall(&recalled, "已在别处查明").unwrap()[0], &meta);
    assert_eq!(reply(&recalled, &given, true).unwrap_err().code, "consultation.recalled");
}
