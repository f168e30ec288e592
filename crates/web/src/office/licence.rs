//! After the decision: 送达, 开工, 核查承诺, 撤销、撤回、注销, 变更和延续 (许可法第四十四、四十九、五十、六十九、七十条).

use super::{
    processing::{outcome, outcomes},
    step::{self, Body, Words},
};
use crate::{
    Access, Fields, OfficeContext, Posted, Route, WebError,
    html::{Choice, Facts, Field, Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, AmendmentDecision, CommitmentCheck, Delivery, Finding, Force, Revocation, RevocationGround},
};
use platform::case::CasePage;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/delivery", delivery_form),
        Route::post(Access::Owner, "/cases/{id}/delivery", deliver),
        Route::get(Access::Owner, "/cases/{id}/start", start_form),
        Route::post(Access::Owner, "/cases/{id}/start", start),
        Route::get(Access::Owner, "/cases/{id}/revocation", revocation_form),
        Route::post(Access::Owner, "/cases/{id}/revocation", revoke),
        Route::get(Access::Owner, "/cases/{id}/amendment", amendment_form),
        Route::post(Access::Owner, "/cases/{id}/amendment", amend),
        Route::get(Access::Owner, "/cases/{id}/commitment", commitment_form),
        Route::post(Access::Owner, "/cases/{id}/commitment", check_commitment),
    ]
}

/// Where a granted decision stands, in words.
pub fn force_words(force: Force) -> String {
    match force {
        Force::InForce(None) => "有效".to_owned(),
        Force::InForce(Some(until)) => format!("有效，至 {until}"),
        Force::RenewedBySilence(until) => format!("视为准予延续，至 {until}"),
        Force::Lapsed(on) => format!("已于 {on} 届满失效"),
        Force::Revoked(on) => format!("已于 {on} 撤销、撤回或者注销"),
    }
}

/// 决定之后, as a card of the case page.
pub fn facts(open: &CasePage) -> Option<Facts> {
    let case = &open.case;
    let facts = Facts::new().row("效力", force_words(open.force?));
    let facts = match (&case.delivery, case.awaits_delivery()) {
        (Some(d), _) => facts.row("送达", format!("{}，{}，签收人：{}", d.on, d.by.name(), d.receiver)),
        (None, true) => facts.row("送达", "尚未送达"),
        (None, false) => facts,
    };
    let facts = match case.started_on {
        Some(on) => facts.row("开工建设", on),
        None => facts,
    };
    let facts = match &open.application.procedure.validity {
        Some(rule) => {
            facts.row("有效期依据", format!("{} 个月（{}，{}）", rule.months, rule.article, rule.certainty.label()))
        }
        None => facts,
    };
    let facts = if case.awaits_commitment_check() { facts.row("承诺核查", "尚未作出结论") } else { facts };
    let facts = case.commitment_checks.iter().fold(facts, |facts, check| {
        let rectify = check.rectify_by.map(|day| format!("，整改至 {day}")).unwrap_or_default();
        facts.wide(format!("{} 承诺核查", check.on), format!("{}{rectify}。{}", check.finding.name(), check.facts))
    });
    let facts = match &case.revocation {
        Some(r) => facts
            .row(r.ground.revoking().name(), format!("{}，{}", r.on, r.document_number))
            .wide("情形和理由", format!("{}（{}）。{}", r.ground.name(), r.ground.article(), r.reason)),
        None => facts,
    };
    Some(case.amendments.iter().fold(facts, |facts, amendment| {
        let decided = match &amendment.decision {
            Some(d) => format!("{} {}：{}", d.on, d.outcome.name(), d.opinion),
            None => "待决定".to_owned(),
        };
        let name = format!("{}申请（{}）", amendment.request.kind.name(), amendment.asked_at.date());
        facts.wide(name, format!("{} —— {decided}", amendment.request.reason))
    }))
}

const DELIVERY: Words = Words {
    act: Act::Deliver,
    place: "delivery",
    title: "登记送达",
    danger: false,
    consequence: "登记后告知项目单位；送达只登记一次。",
    said: "delivered",
};

fn draw_delivery(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let words = open.delivery_sheet.as_ref().map(|s| s.explanation.clone()).unwrap_or_default();
    Body {
        parts: vec![Markup::of(
            Note::new(Tone::Blue, "作出决定之日起十个工作日内送达", words).article("行政许可法第四十四条"),
        )],
        fields: vec![
            Markup::of(step::day_field(ctx, "on", "送达日期", form, errors)),
            step::way_field("by", "送达方式", form, errors),
            step::line_field("receiver", "签收人", 100, "签收人姓名；邮寄的填写运单号。", form, errors),
        ],
    }
}

async fn delivery_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &DELIVERY, draw_delivery).await
}

async fn deliver(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match (step::day("on", form.get("on")), step::way("by", &form)) {
        (Ok(on), Ok(by)) => {
            let delivery = Delivery { on, by, receiver: form.get("receiver").to_owned() };
            Ok(ctx.platform.deliver_licence(&ctx.call, &id, delivery).await)
        }
        (on, by) => Err([on.err(), by.err()].into_iter().flatten().collect()),
    };
    step::answer(&ctx, &id, &DELIVERY, draw_delivery, &form, done).await
}

const START: Words = Words {
    act: Act::NoteStart,
    place: "start",
    title: "登记开工",
    danger: false,
    consequence: "登记后，本决定不再因期限届满未开工而失效。",
    said: "started",
};

fn draw_start(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let rule = open.application.procedure.validity.as_ref();
    let article = rule.map(|r| r.article.clone()).unwrap_or_default();
    let words = open.force.map(force_words).unwrap_or_default();
    Body {
        parts: vec![Markup::of(Note::new(Tone::Blue, "期限届满未开工建设的，决定自动失效", words).article(article))],
        fields: vec![Markup::of(step::day_field(ctx, "on", "开工建设日期", form, errors))],
    }
}

async fn start_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &START, draw_start).await
}

async fn start(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match step::day("on", form.get("on")) {
        Ok(on) => Ok(ctx.platform.note_start(&ctx.call, &id, on).await),
        Err(error) => Err(vec![error]),
    };
    step::answer(&ctx, &id, &START, draw_start, &form, done).await
}

const REVOCATION: Words = Words {
    act: Act::Revoke,
    place: "revocation",
    title: "撤销、撤回或注销",
    danger: true,
    consequence: "本决定自该日起不再有效，系统出具告知书并告知救济途径。此操作不能撤回。",
    said: "revoked",
};

fn draw_revocation(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let broken = open.case.commitment_settled().filter(|check| check.finding == Finding::Broken).map(|check| {
        let words = "承诺时就不符合法定条件的，适用“不符合法定条件”；以虚假承诺取得的，适用“欺骗”。请按事实选择。";
        Markup::of(Note::new(Tone::Yellow, format!("{} 核查未履行承诺", check.on), words))
    });
    let choices = RevocationGround::ALL
        .map(|g| Choice::new(g.slug(), format!("{}：{}（{}）", g.revoking().name(), g.name(), g.article())));
    Body {
        parts: broken.into_iter().collect(),
        fields: vec![
            Markup::of(
                Field::select("ground", "法定情形", choices).value(form.get("ground")).required().errors(errors),
            ),
            step::text_field("reason", "事实和理由", 1000, "写进告知书。", form, errors),
            step::line_field("document_number", "决定文书文号", 100, "", form, errors),
            Markup::of(step::day_field(ctx, "on", "决定日期", form, errors)),
        ],
    }
}

async fn revocation_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &REVOCATION, draw_revocation).await
}

async fn revoke(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let ground = RevocationGround::parse(form.get("ground"))
        .ok_or_else(|| Refusal::field("ground", "revoke.ground", "请选择法定情形。"));
    let done = match (ground, step::day("on", form.get("on"))) {
        (Ok(ground), Ok(on)) => {
            let text = |name: &str| form.get(name).to_owned();
            let revocation =
                Revocation { ground, on, reason: text("reason"), document_number: text("document_number") };
            Ok(ctx.platform.revoke_licence(&ctx.call, &id, revocation).await)
        }
        (ground, on) => Err([ground.err(), on.err()].into_iter().flatten().collect()),
    };
    step::answer(&ctx, &id, &REVOCATION, draw_revocation, &form, done).await
}

const AMENDMENT: Words = Words {
    act: Act::DecideAmendment,
    place: "amendment",
    title: "决定变更或延续",
    danger: false,
    consequence: "系统出具告知书并告知项目单位。",
    said: "amended",
};

fn draw_amendment(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let parts = open.case.open_amendment().map(|asked| {
        let until = asked.request.until.map(|day| format!("，延续至 {day}")).unwrap_or_default();
        let title = format!("{} 申请{}{until}", asked.asked_at.date(), asked.request.kind.name());
        Markup::of(Note::new(Tone::Blue, title, &asked.request.reason))
    });
    Body {
        parts: parts.into_iter().collect(),
        fields: vec![
            outcomes("outcome", "决定", form, errors),
            step::text_field("opinion", "决定意见", 2000, "不予的，请写明理由和依据。", form, errors),
            step::line_field("document_number", "决定文书文号", 100, "", form, errors),
            Markup::of(step::day_field(ctx, "on", "决定日期", form, errors)),
        ],
    }
}

async fn amendment_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &AMENDMENT, draw_amendment).await
}

async fn amend(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match (outcome("outcome", &form), step::day("on", form.get("on"))) {
        (Ok(outcome), Ok(on)) => {
            let text = |name: &str| form.get(name).to_owned();
            let decision =
                AmendmentDecision { outcome, on, opinion: text("opinion"), document_number: text("document_number") };
            Ok(ctx.platform.decide_amendment(&ctx.call, &id, decision).await)
        }
        (outcome, on) => Err([outcome.err(), on.err()].into_iter().flatten().collect()),
    };
    step::answer(&ctx, &id, &AMENDMENT, draw_amendment, &form, done).await
}

const COMMITMENT: Words = Words {
    act: Act::CheckCommitment,
    place: "commitment",
    title: "核查承诺",
    danger: false,
    consequence: "系统出具核查告知书并告知项目单位。作出最终结论后不能再改。",
    said: "commitment-checked",
};

fn draw_commitment(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let rule = open.case.commitment();
    let when = open.commitment_sheet.as_ref().map(|s| s.explanation.clone()).unwrap_or_default();
    let mut parts = vec![Markup::of(Note::new(Tone::Blue, "办结后核查承诺是否履行", when))];
    parts.extend(rule.map(|r| {
        let promises = r
            .promises
            .iter()
            .zip(1..)
            .fold(Facts::new().single(), |facts, (promise, n)| facts.row(format!("承诺 {n}"), promise));
        Markup::of(promises)
    }));
    let rectified = open.case.commitment_checks.last();
    parts.extend(rectified.map(|last| {
        let until = last.rectify_by.map(|day| format!("，整改至 {day}")).unwrap_or_default();
        Markup::of(Note::new(Tone::Yellow, format!("{} 已责令整改{until}", last.on), &last.facts))
    }));
    let note = |finding| match finding {
        Finding::Kept => "核查结束。",
        Finding::Rectify => "只能责令一次；整改期满后再次核查。",
        Finding::Broken => "核查结束；依法撤销等处理另行作出。该单位在规定期限内不再适用告知承诺。",
    };
    let open_findings = Finding::ALL.into_iter().filter(|f| rectified.is_none() || *f != Finding::Rectify);
    let choices = open_findings.map(|f| Choice::new(f.slug(), f.name()).note(note(f)));
    let by = Field::date("rectify_by", "整改的最后一天").value(form.get("rectify_by")).errors(errors);
    let by = by.required_when("责令限期整改的必填");
    let fields = [
        Some(Markup::of(step::day_field(ctx, "on", "核查日期", form, errors))),
        Some(Markup::of(
            Field::radios("finding", "核查结论", choices).value(form.get("finding")).required().errors(errors),
        )),
        rectified.is_none().then(|| Markup::of(by)),
        Some(step::text_field(
            "facts",
            "核查的方式和情况",
            1000,
            "写进告知书：何时、怎样核查，查明了什么。",
            form,
            errors,
        )),
    ];
    Body { parts, fields: fields.into_iter().flatten().collect() }
}

async fn commitment_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &COMMITMENT, draw_commitment).await
}

async fn check_commitment(
    Path(id): Path<String>,
    Posted { ctx, form }: Posted<OfficeContext>,
) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let finding = Finding::parse(form.get("finding"))
        .ok_or_else(|| Refusal::field("finding", "commitment.finding", "请选择核查结论。"));
    let days = (step::day("on", form.get("on")), step::day_or_none("rectify_by", form.get("rectify_by")));
    let done = match (finding, days) {
        (Ok(finding), (Ok(on), Ok(rectify_by))) => {
            let check = CommitmentCheck { on, finding, facts: form.get("facts").to_owned(), rectify_by };
            Ok(ctx.platform.check_commitment(&ctx.call, &id, check).await)
        }
        (finding, (on, by)) => Err([finding.err(), on.err(), by.err()].into_iter().flatten().collect()),
    };
    step::answer(&ctx, &id, &COMMITMENT, draw_commitment, &form, done).await
}
