//! 暂停计时 and 恢复计时: with ground, paper and day (办法第十五条; 行政许可法第四十五条).

use super::{
    step::{self, or},
    suspension,
};
use crate::{
    Access, Fields, OfficeContext, Posted, Route, WebError,
    html::{Choice, Field, Markup, Note, Tone},
};
use axum::{extract::Path, response::Response};
use domain::{
    Refusal,
    case::{Act, Way},
    clock::{Ground, Suspension},
    ids::CaseId,
};
use jiff::civil::Date;
use platform::case::CasePage;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/cases/{id}/suspend", suspend_form),
        Route::post(Access::Owner, "/cases/{id}/suspend", suspend),
        Route::get(Access::Owner, "/cases/{id}/resume", resume_form),
        Route::post(Access::Owner, "/cases/{id}/resume", resume),
    ]
}

async fn draw_suspend(
    ctx: &OfficeContext,
    open: &CasePage,
    form: &Fields,
    mut errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let wrong = suspension::at_slot(&mut errors);
    let fresh = ctx.platform.suspension_papers(&ctx.call, &open.id).await?;
    let today = ctx.platform.clock.now().date().to_string();
    let choices = Ground::ALL.map(|g| Choice::new(g.slug(), format!("{}（{}）", g.name(), g.article())));
    let fields = vec![
        Markup::of(Field::select("ground", "法定情形", choices).value(form.get("ground")).required().errors(&errors)),
        Markup::of(
            Field::text("document", "文书名称或者文号")
                .value(form.get("document"))
                .required()
                .max(200)
                .hint("例如“赤发改函〔2026〕18号 关于组织专家评审的函”。")
                .errors(&errors),
        ),
        Markup::of(
            Field::date("from", "暂停起始日")
                .value(or(form.get("from"), &today))
                .required()
                .hint("这一天起不计入办理时限。")
                .errors(&errors),
        ),
        Markup::of(
            Field::date("planned_until", "预计结束日")
                .value(form.get("planned_until"))
                .required()
                .hint("告知申请人的所需时间；实际恢复的日子在恢复计时时登记。")
                .errors(&errors),
        ),
        Markup::of(
            Field::date("told_on", "书面告知日期").value(or(form.get("told_on"), &today)).required().errors(&errors),
        ),
        step::way_field("told_by", "告知方式", form, &errors),
    ];
    let id = &open.id;
    let shown = step::Step {
        page: step::act_frame(ctx, open, "暂停计时", failed).await?,
        lead: step::lead(open),
        parts: vec![Markup::of(
            Note::new(
                Tone::Blue,
                "只有法定情形可以暂停",
                "听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审所需时间不计入时限，应当将所需时间书面告知申请人；委托中介服务的时间单独列明。暂停会显示在双方的计时单上。",
            )
            .article("行政许可法第四十五条；办法第十五条"),
        ), Markup::of(suspension::slot(&ctx.csrf(), id, &fresh, &wrong))],
        fields,
        errors,
        once: ctx.once(),
        action: format!("/cases/{id}/suspend"),
        back: format!("/cases/{id}"),
        submit: "暂停计时",
        danger: false,
        confirm: ("确认暂停计时？", "系统将告知项目单位暂停的情形、依据和文书，已上传的文书一并送达。".into()),
    };
    step::drawn(shown, failed)
}

/// The page with what was wrong with a file.
pub async fn draw_upload(ctx: &OfficeContext, id: &CaseId, errors: Vec<Refusal>) -> Result<Response, WebError> {
    match step::open(ctx, id, Act::Suspend).await? {
        Ok(open) => draw_suspend(ctx, &open, &Fields::default(), errors).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn suspend_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    match step::open(&ctx, &step::case_id(&id)?, Act::Suspend).await? {
        Ok(open) => draw_suspend(&ctx, &open, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

fn read_suspension(form: &Fields) -> Result<(Suspension, Date, Way), Vec<Refusal>> {
    let ground = Ground::parse(form.get("ground")).ok_or_else(|| {
        Refusal::field("ground", "clock.ground", "请选择暂停计时的法定情形。").article("行政许可法第四十五条")
    });
    let (from, told_on) = (step::day("from", form.get("from")), step::day("told_on", form.get("told_on")));
    let (until, way) = (step::day("planned_until", form.get("planned_until")), step::way("told_by", form));
    match (ground, from, told_on, until, way) {
        (Ok(ground), Ok(from), Ok(told_on), Ok(until), Ok(way)) => {
            let document = form.get("document").trim().to_owned();
            Ok((Suspension { from, to: None, ground, document, told_on: Some(told_on) }, until, way))
        }
        (ground, from, told_on, until, way) => {
            let all = [ground.err(), from.err(), told_on.err(), until.err(), way.err()];
            Err(all.into_iter().flatten().collect())
        }
    }
}

async fn suspend(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let errors = match read_suspension(&form) {
        Err(errors) => errors,
        Ok((suspension, until, way)) => {
            let done = ctx.platform.suspend_clock(&ctx.call, &id, suspension, until, way).await;
            match step::finish(done, &id, "suspended")? {
                Ok(response) => return Ok(response),
                Err(errors) => errors,
            }
        }
    };
    match step::open(&ctx, &id, Act::Suspend).await? {
        Ok(open) => draw_suspend(&ctx, &open, &form, errors).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn draw_resume(
    ctx: &OfficeContext,
    open: &CasePage,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let standing = open.case.suspensions.iter().rev().find(|s| s.to.is_none());
    let today = ctx.platform.clock.now().date();
    let yesterday = today.yesterday().unwrap_or(today);
    let last = standing.map_or(yesterday, |s| yesterday.max(s.from)).to_string();
    let why = standing
        .map_or_else(String::new, |s| format!("{} 起因{}暂停，文书：{}。", s.from, s.ground.name(), s.document));
    let field = Field::date("to", "最后一个不计时的日子")
        .value(or(form.get("to"), &last))
        .required()
        .hint("次日起恢复计时。不能早于暂停的起始日。")
        .errors(&errors);
    let id = &open.id;
    let shown = step::Step {
        page: step::act_frame(ctx, open, "恢复计时", failed).await?,
        lead: step::lead(open),
        parts: vec![Markup::of(Note::new(Tone::Blue, "正在暂停", why).article("办法第十五条"))],
        fields: vec![Markup::of(field)],
        errors,
        once: ctx.once(),
        action: format!("/cases/{id}/resume"),
        back: format!("/cases/{id}"),
        submit: "恢复计时",
        danger: false,
        confirm: ("确认恢复计时？", "办理时限从填写日期的次日起继续计算，并告知项目单位。".into()),
    };
    step::drawn(shown, failed)
}

async fn resume_form(ctx: OfficeContext, Path(id): Path<String>) -> Result<Response, WebError> {
    match step::open(&ctx, &step::case_id(&id)?, Act::Resume).await? {
        Ok(open) => draw_resume(&ctx, &open, &Fields::default(), vec![]).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn resume(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = step::case_id(&id)?;
    let errors = match step::day("to", form.get("to")) {
        Err(error) => vec![error],
        Ok(to) => match step::finish(ctx.platform.resume_clock(&ctx.call, &id, to).await, &id, "resumed")? {
            Ok(response) => return Ok(response),
            Err(errors) => errors,
        },
    };
    match step::open(&ctx, &id, Act::Resume).await? {
        Ok(open) => draw_resume(&ctx, &open, &form, errors).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}
