//! 延长办理期限, 特别程序, 告知听证权利 (许可法第四十二、四十五、四十七条).

use super::step::{self, Body, Words};
use crate::{
    Access, Fields, OfficeContext, Posted, Route, WebError,
    html::{Choice, Field, Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, ExtensionOrder, SpecialResult, special_kinds},
};
use platform::{case::CasePage, processing::BeginSpecial};

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/extension", extension_form),
        Route::post(Access::Owner, "/cases/{id}/extension", extend),
        Route::get(Access::Owner, "/cases/{id}/special", special_form),
        Route::post(Access::Owner, "/cases/{id}/special", begin),
        Route::get(Access::Owner, "/cases/{id}/special-result", result_form),
        Route::post(Access::Owner, "/cases/{id}/special-result", end),
        Route::get(Access::Owner, "/cases/{id}/hearing", hearing_form),
        Route::post(Access::Owner, "/cases/{id}/hearing", offer),
    ]
}

const EXTENSION: Words = Words {
    act: Act::Extend,
    place: "extension",
    title: "延长办理期限",
    danger: false,
    consequence: "系统出具延长办理期限通知书，将理由告知项目单位。办理期限只能延长一次。",
    said: "extended",
};

fn draw_extension(_: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let mut parts = vec![super::case::summary_facts(open)];
    let unit = open.application.limit.unit.label();
    if let Some(rule) = &open.application.procedure.extension {
        let due = open.decision_sheet.as_ref().and_then(|s| s.due).map(|due| due.date.to_string());
        let words = format!(
            "经{}批准，最多延长 {} {unit}，只能延长一次。现在的届满日：{}。",
            rule.by.name(),
            rule.days,
            due.unwrap_or_else(|| "暂停计时，待恢复后确定".into())
        );
        parts.push(Markup::of(Note::new(Tone::Blue, "延长的法定条件", words).article(&rule.article)));
    }
    Body {
        parts,
        fields: vec![
            Markup::of(Field::number("days", "延长", unit).value(form.get("days")).required().errors(errors)),
            step::text_field("reason", "延长的理由", 1000, "写进通知书，告知项目单位。", form, errors),
            step::line_field("approved_by", "批准人", 100, "本机关负责人姓名，或者批准延长的人民政府。", form, errors),
            step::line_field("approval", "批准文书", 200, "文号或名称，例如“赤发改签〔2026〕18号”。", form, errors),
        ],
    }
}

async fn extension_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &EXTENSION, draw_extension).await
}

async fn extend(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match form.get("days").trim().parse() {
        Err(_) => Err(vec![Refusal::field("days", "number", "请填写天数，例如 10。")]),
        Ok(days) => {
            let text = |name: &str| form.get(name).to_owned();
            let order = ExtensionOrder {
                days,
                reason: text("reason"),
                approved_by: text("approved_by"),
                approval: text("approval"),
            };
            Ok(ctx.platform.extend_limit(&ctx.call, &id, order).await)
        }
    };
    step::answer(&ctx, &id, &EXTENSION, draw_extension, &form, done).await
}

const SPECIAL: Words = Words {
    act: Act::BeginSpecial,
    place: "special",
    title: "启动特别程序",
    danger: false,
    consequence: "系统告知项目单位。依法不计入时限的，计时同时暂停，登记结果后自动恢复。",
    said: "special-begun",
};

fn draw_special(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let running = |id: &str| open.case.specials.iter().any(|s| s.result.is_none() && s.plan.kind.id == id);
    let kinds = special_kinds().iter().filter(|k| !running(&k.id)).map(|kind| {
        let stops = if kind.ground.is_some() { "不计入时限" } else { "计入时限" };
        let limit = if kind.days == 0 { String::new() } else { format!("，限 {} {}", kind.days, kind.unit.name()) };
        Choice::new(&kind.id, format!("{}（{stops}{limit}）", kind.name))
    });
    Body {
        parts: vec![Markup::of(
            Note::new(
                Tone::Blue,
                "哪些时间不计入时限",
                "听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审所需时间不计入，应当将所需时间书面告知申请人；其他环节计入。",
            )
            .article("行政许可法第四十五条"),
        )],
        fields: vec![
            Markup::of(Field::select("kind", "程序种类", kinds).value(form.get("kind")).required().errors(errors)),
            Markup::of(step::day_field(ctx, "from", "启动日期", form, errors)),
            Markup::of(
                Field::date("planned_until", "计划结束日期")
                    .value(form.get("planned_until"))
                    .required()
                    .hint("告知申请人的所需时间。")
                    .errors(errors),
            ),
            step::line_field("paper", "文书名称或文号", 200, "例如“关于组织专家评审的函”。", form, errors),
            Markup::of(step::day_field(ctx, "told_on", "告知申请人的日期", form, errors)),
            step::way_field("told_by", "告知方式", form, errors),
            Markup::of(
                Field::textarea("longer", "超过规定时限的理由", 2)
                    .value(form.get("longer"))
                    .max(500)
                    .hint("只有项目情况复杂、计划时间超过该程序的规定时限时才填写。")
                    .errors(errors),
            ),
        ],
    }
}

async fn special_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &SPECIAL, draw_special).await
}

fn read_special(form: &Fields) -> Result<BeginSpecial, Vec<Refusal>> {
    let day = |name| step::day(name, form.get(name));
    match (day("from"), day("planned_until"), day("told_on"), step::way("told_by", form)) {
        (Ok(from), Ok(planned_until), Ok(told_on), Ok(told_by)) => Ok(BeginSpecial {
            kind: form.get("kind").to_owned(),
            from,
            planned_until,
            paper: form.get("paper").to_owned(),
            told_on,
            told_by,
            longer: form.get("longer").to_owned(),
        }),
        (from, until, told_on, told_by) => {
            Err([from.err(), until.err(), told_on.err(), told_by.err()].into_iter().flatten().collect())
        }
    }
}

async fn begin(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match read_special(&form) {
        Ok(special) => Ok(ctx.platform.begin_special(&ctx.call, &id, special).await),
        Err(errors) => Err(errors),
    };
    step::answer(&ctx, &id, &SPECIAL, draw_special, &form, done).await
}

const RESULT: Words = Words {
    act: Act::EndSpecial,
    place: "special-result",
    title: "登记特别程序结果",
    danger: false,
    consequence: "因该程序暂停的计时从结束日的次日起恢复，并告知项目单位。",
    said: "special-ended",
};

fn draw_result(ctx: &OfficeContext, open: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    let running: Vec<_> = open.case.specials.iter().enumerate().filter(|(_, s)| s.result.is_none()).collect();
    let first = running.first().map(|(at, _)| at.to_string()).unwrap_or_default();
    let choices = running.into_iter().map(|(at, s)| {
        Choice::new(at, format!("{}（{} 启动，计划至 {}）", s.plan.kind.name, s.plan.from, s.plan.planned_until))
    });
    Body {
        parts: vec![],
        fields: vec![
            Markup::of(
                Field::select("at", "哪一项程序", choices)
                    .value(step::or(form.get("at"), &first))
                    .required()
                    .errors(errors),
            ),
            Markup::of(step::day_field(ctx, "ended_on", "结束日期", form, errors)),
            step::text_field("result", "结果", 1000, "例如：专家组同意方案，提出三条修改意见。", form, errors),
            step::line_field("paper", "结果文书", 200, "评审意见、听证笔录、检测报告等的名称或文号。", form, errors),
        ],
    }
}

async fn result_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &RESULT, draw_result).await
}

async fn end(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let at = form.get("at").parse().map_err(|_| Refusal::field("at", "special.at", "请选择要登记结果的程序。"));
    let done = match (at, step::day("ended_on", form.get("ended_on"))) {
        (Ok(at), Ok(ended_on)) => {
            let text = |name: &str| form.get(name).to_owned();
            let result = SpecialResult { ended_on, result: text("result"), paper: text("paper") };
            Ok(ctx.platform.end_special(&ctx.call, &id, at, result).await)
        }
        (at, ended_on) => Err([at.err(), ended_on.err()].into_iter().flatten().collect()),
    };
    step::answer(&ctx, &id, &RESULT, draw_result, &form, done).await
}

const HEARING: Words = Words {
    act: Act::OfferHearing,
    place: "hearing",
    title: "告知听证权利",
    danger: false,
    consequence: "申请人自被告知之日起五个工作日内可以申请听证；期限届满前不能作出决定。",
    said: "hearing-offered",
};

fn draw_hearing(ctx: &OfficeContext, _: &CasePage, form: &Fields, errors: &[Refusal]) -> Body {
    Body {
        parts: vec![Markup::of(
            Note::new(
                Tone::Blue,
                "何时告知",
                "许可直接涉及申请人与他人之间重大利益关系的，作出决定前应当告知享有要求听证的权利；申请人申请的，应当在二十个工作日内组织听证。",
            )
            .article("行政许可法第四十七条"),
        )],
        fields: vec![
            Markup::of(step::day_field(ctx, "told_on", "告知日期", form, errors)),
            step::way_field("told_by", "告知方式", form, errors),
            step::line_field("paper", "告知文书", 200, "例如“行政许可听证告知书〔2026〕3号”。", form, errors),
        ],
    }
}

async fn hearing_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    step::form_of(&ctx, &id, &HEARING, draw_hearing).await
}

async fn offer(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let done = match (step::day("told_on", form.get("told_on")), step::way("told_by", &form)) {
        (Ok(told_on), Ok(told_by)) => {
            Ok(ctx.platform.offer_hearing(&ctx.call, &id, told_on, told_by, form.get("paper")).await)
        }
        (told_on, told_by) => Err([told_on.err(), told_by.err()].into_iter().flatten().collect()),
    };
    step::answer(&ctx, &id, &HEARING, draw_hearing, &form, done).await
}
