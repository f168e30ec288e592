//! 人员: one officer, the posts of now, proposals and their answers, everything that was done to the account's rights
//! (S-05, S-08, S-09, S-37).

use super::{
    frame,
    organ::{PostLine, account_pill, post_line, role_value, slip},
    step::{self, Step},
    to,
};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{self, Action as Button, Choice, Empty, ErrorSummary, Facts, Field, Markup, Note, Timeline, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    account::{POST_PROPOSAL_DAYS, PostKey, PostWish, Role},
    department::{Agency, Group},
    ids::AccountId,
    region::RegionCode,
};
use platform::{
    Action, Failure,
    account::{OpenProposal, PersonPage, PostRow},
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::Owner, "/people/{id}", show).audited(),
        Route::get(Access::Owner, "/people/{id}/propose", form).audited(),
        Route::post(Access::Owner, "/people/{id}/propose", propose),
        Route::post(Access::Owner, "/people/{id}/confirm", confirm),
        Route::post(Access::Owner, "/people/{id}/reject", reject),
        Route::post(Access::Owner, "/people/{id}/withdraw", withdraw),
        Route::post(Access::Owner, "/people/{id}/end", end),
        Route::post(Access::Owner, "/people/{id}/rename", rename),
        Route::post(Access::Owner, "/people/{id}/secret", secret),
        Route::post(Access::Owner, "/people/{id}/restore", restore),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    said: String,
    /// A post to be renewed.
    renew: String,
}

/// A proposal that waits, with what the caller may do.
struct ProposalLine {
    title: String,
    days: String,
    why: String,
    actions: Vec<Button>,
    /// What the caller must know when there is nothing to do.
    note: String,
}

/// A post with the way to its renewal.
struct HeldLine {
    line: PostLine,
    renew: String,
}

#[derive(Template)]
#[template(path = "office/person.html")]
struct View {
    page: Page,
    summary: ErrorSummary,
    id: AccountId,
    name: String,
    lead: String,
    facts: Facts,
    notes: Vec<Markup>,
    held: Vec<HeldLine>,
    open: Vec<ProposalLine>,
    /// Refusing one of them.
    rejecting: Option<Vec<Markup>>,
    /// Proposing another post.
    proposes: bool,
    /// Ending one of the posts.
    ending: Option<Vec<Markup>>,
    /// Changing the name.
    renaming: Option<Vec<Markup>>,
    /// A new one-time secret.
    secret: Option<Button>,
    /// Which of the forms was refused.
    failed: &'static str,
    history: Timeline,
    once: String,
    empty: Empty,
}

fn account(ctx: &OfficeContext, text: &str) -> Result<AccountId, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    AccountId::parse(text).ok_or(WebError::NotFound)
}

/// A post's key as a form carries it.
fn key_value(key: &PostKey) -> String {
    format!("{}/{}/{}/{}", key.agency.department, key.agency.region, role_value(key.role), key.from)
}

fn read_key(text: &str) -> Option<PostKey> {
    let mut parts = text.split('/');
    let (department, region) = (parts.next()?, RegionCode::parse(parts.next()?)?);
    let (role, from) = (Role::parse(parts.next()?)?, parts.next()?.parse().ok()?);
    Some(PostKey { agency: Agency::new(department, region), role, from })
}

fn may(ctx: &OfficeContext, action: Action, agency: &Agency) -> bool {
    ctx.platform.may_at_organ(&ctx.call, action, agency)
}

fn proposal(ctx: &OfficeContext, person: &PersonPage, row: &OpenProposal) -> ProposalLine {
    let mine = ctx.call.actor.account() == Some(&row.by);
    let confirms = may(ctx, Action::ConfirmPost, &row.key.agency);
    let post = |place: &str, label: &'static str| {
        Button::post(format!("/people/{}/{place}", row.account), ctx.csrf(), label)
            .with("_once", ctx.once())
            .with("at", row.at)
    };
    let mut actions = Vec::new();
    if mine {
        let kept = "撤回后这项建议失效，可以重新提出。";
        actions.push(post("withdraw", "撤回").danger().confirm("撤回这项任职建议？", kept));
    } else if confirms && !person.own {
        let words = format!(
            "{}从 {} 起担任{}{}，到 {} 自动结束。请先核对任职文件：{}。",
            row.name,
            row.key.from,
            row.key.agency.name(),
            row.key.role.name(),
            row.to,
            row.reason
        );
        actions.push(post("confirm", "确认任职").primary().confirm("确认任职？", words));
    }
    let note = match () {
        () if mine => "您提出的建议须由另一位安全管理员确认，您本人不能确认。",
        () if person.own => "本人的任职由其他安全管理员确认。",
        () if !confirms => "由管理该机关的安全管理员确认。",
        () => "",
    };
    ProposalLine {
        title: format!("{} · {}", row.key.agency.name(), row.key.role.name()),
        days: format!("{} 至 {}", row.key.from, row.to),
        why: format!(
            "依据：{}；{} 于 {} 提出，{POST_PROPOSAL_DAYS} 天内没有确认的自动失效。",
            row.reason,
            row.by_name,
            row.proposed_at.display()
        ),
        actions,
        note: note.to_owned(),
    }
}

fn rejecting(ctx: &OfficeContext, person: &PersonPage, form: &Fields, errors: &[Refusal]) -> Option<Vec<Markup>> {
    let answered = |row: &&OpenProposal| {
        ctx.call.actor.account() != Some(&row.by) && !person.own && may(ctx, Action::ConfirmPost, &row.key.agency)
    };
    let choices: Vec<_> = person
        .open
        .iter()
        .filter(answered)
        .map(|row| Choice::new(row.at, format!("{} · {}", row.key.agency.name(), row.key.role.name())))
        .collect();
    let first = choices.first()?.value.clone();
    Some(vec![
        Markup::of(Field::select("at", "哪一项", choices).value(step::or(form.get("at"), &first)).required()),
        step::line_field("reject_reason", "不同意的理由", 200, "例如：任职文件的文号有误。", form, errors),
    ])
}

fn ending(ctx: &OfficeContext, person: &PersonPage, form: &Fields, errors: &[Refusal]) -> Option<Vec<Markup>> {
    let ended = |post: &&PostRow| may(ctx, Action::EndPost, &post.key.agency) && !person.own;
    let choices: Vec<_> = person
        .posts
        .iter()
        .filter(ended)
        .map(|post| {
            let words = format!("{} · {}（{} 起）", post.key.agency.name(), post.key.role.name(), post.key.from);
            Choice::new(key_value(&post.key), words)
        })
        .collect();
    let first = choices.first()?.value.clone();
    Some(vec![
        Markup::of(
            Field::select("post", "结束哪个岗位", choices)
                .value(step::or(form.get("post"), &first))
                .required()
                .errors(errors),
        ),
        step::line_field("end_reason", "结束任职的理由", 200, "例如：调离本机关，内人〔2026〕12号。", form, errors),
    ])
}

fn renaming(person: &PersonPage, form: &Fields, errors: &[Refusal]) -> Option<Vec<Markup>> {
    person.may_manage.then(|| {
        vec![
            Markup::of(
                Field::text("name", "新的姓名")
                    .value(step::or(form.get("name"), &person.name))
                    .required()
                    .max(50)
                    .errors(errors),
            ),
            step::line_field("rename_reason", "更改的理由", 200, "例如：更正录入错误；户籍更名。", form, errors),
        ]
    })
}

async fn draw(
    ctx: &OfficeContext,
    id: &AccountId,
    form: &Fields,
    errors: Vec<Refusal>,
    failed: &'static str,
    said: &str,
) -> Result<Response, WebError> {
    let person = ctx.platform.person(&ctx.call, id).await?;
    let page = frame(ctx, "organs", person.name.clone()).await?.crumb("机构人员", "/organs").failed(!errors.is_empty());
    let page = match &person.agency {
        Some(agency) => page.crumb(agency.name(), format!("/organs/{agency}")),
        None => page,
    };
    let page = match said {
        "proposed" => page.flash(Tone::Green, "任职建议已提出，须由另一位安全管理员确认后生效。"),
        "confirmed" => page.flash(Tone::Green, "任职已确认，到起始日自动生效；本人不需要重新登录。"),
        "rejected" => page.flash(Tone::Yellow, "已不同意这项任职建议。"),
        "withdrawn" => page.flash(Tone::Green, "任职建议已撤回。"),
        "ended" => {
            page.flash(Tone::Green, "任职已结束，本人的下一次操作就不再有这个岗位；由这个岗位委托出去的职责一并结束。")
        }
        "renamed" => page.flash(Tone::Green, "姓名已更改。以前办理的记录仍显示当时的姓名。"),
        "restored" => page.flash(Tone::Green, "岗位记录已按台账恢复。请查明数据库被改动的原因。"),
        "repeated" => page.flash(Tone::Yellow, "账号已经开设。一次性口令只显示一次；没有记下的，请重新发放。"),
        _ => page,
    };
    let today = ctx.platform.clock.now().date();
    let remind = ctx.platform.settings.posts.remind_days;
    let mut notes = Vec::new();
    let damaged = ctx.platform.post_faults(&ctx.call).await.unwrap_or_default();
    if damaged.iter().any(|fault| fault.account == *id) {
        let words = "数据库中这位同志的岗位记录与平台写入的不一致，不一致的记录不产生任何权限。恢复后以台账为准。";
        notes.push(Markup::of(Note::new(Tone::Red, "岗位记录被绕过平台改动", words)));
        notes.push(Markup::of(
            Button::post(format!("/people/{id}/restore"), ctx.csrf(), "按台账恢复岗位记录")
                .primary()
                .with("_once", ctx.once())
                .confirm("按台账恢复？", "将用台账中的任职记录重写这位同志的岗位记录。"),
        ));
    }
    if person.own {
        let words = "自己的任职由其他安全管理员提出、确认和结束。";
        notes.push(Markup::of(Note::new(Tone::Blue, "这是您本人的账号", words)));
    }
    let place = person.agency.as_ref();
    let proposes = !person.own && !person.disabled && place.is_some_and(|agency| may(ctx, Action::ProposePost, agency));
    let facts = Facts::new()
        .row("登录名", &person.login)
        .row("所在机关", place.map_or("没有登记".to_owned(), Agency::name))
        .part("账号", account_pill(person.disabled, person.has_password));
    let held = person.posts.iter().map(|post| HeldLine {
        line: post_line(post, today, remind),
        renew: match post.to {
            Some(_) if proposes => format!("/people/{id}/propose?renew={}", key_value(&post.key)),
            _ => String::new(),
        },
    });
    let history = person.history.iter().fold(Timeline::new(), |line, entry| {
        let tone = if entry.against { Tone::Yellow } else { Tone::Green };
        line.entry(tone, &entry.title, entry.at.display(), &entry.text)
    });
    let secret = (person.may_manage && !person.has_password && !person.disabled).then(|| {
        Button::post(format!("/people/{id}/secret"), ctx.csrf(), "重新发放一次性口令")
            .confirm("重新发放一次性口令？", "以前发放而没有使用的口令立即失效。新的口令只显示一次。")
    });
    let view = View {
        summary: ErrorSummary::new(&errors),
        lead: place.map(Agency::name).unwrap_or_default(),
        facts,
        notes,
        held: held.collect(),
        open: person.open.iter().map(|row| proposal(ctx, &person, row)).collect(),
        rejecting: rejecting(ctx, &person, form, &errors),
        proposes,
        ending: ending(ctx, &person, form, &errors),
        renaming: renaming(&person, form, &errors),
        secret,
        failed,
        history,
        once: ctx.once(),
        empty: Empty::new("id", "没有岗位", "没有岗位的账号可以登录，但不能查看和办理任何业务。"),
        name: person.name,
        id: person.id,
        page,
    };
    step::drawn(view, !errors.is_empty())
}

async fn show(ctx: OfficeContext, Path(id): Path<String>, Query(said): Query<Said>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    draw(&ctx, &id, &Fields::default(), vec![], "", &said.said).await
}

/// On to the person, or the page again with what was refused; `reason` is what this form calls its reason.
async fn finish(
    ctx: &OfficeContext,
    id: &AccountId,
    form: &Fields,
    result: Result<(), Failure>,
    done: &'static str,
    reason: &'static str,
) -> Result<Response, WebError> {
    match refusals(result)? {
        Ok(()) => Ok(to(format!("/people/{id}?said={done}"))),
        Err(mut errors) => {
            for error in errors.iter_mut().filter(|error| error.field.as_deref() == Some("reason")) {
                error.field = Some(reason.to_owned());
            }
            draw(ctx, id, form, errors, reason, "").await
        }
    }
}

fn number(form: &Fields) -> Result<usize, WebError> {
    form.get("at").parse().map_err(|_| WebError::NotFound)
}

async fn confirm(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    let result = ctx.platform.confirm_post(&ctx.call, &id, number(&form)?).await;
    finish(&ctx, &id, &form, result, "confirmed", "").await
}

async fn reject(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    let result = ctx.platform.reject_post(&ctx.call, &id, number(&form)?, form.get("reject_reason")).await;
    finish(&ctx, &id, &form, result, "rejected", "reject_reason").await
}

async fn withdraw(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    let result = ctx.platform.withdraw_post(&ctx.call, &id, number(&form)?).await;
    finish(&ctx, &id, &form, result, "withdrawn", "").await
}

async fn end(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    let key = read_key(form.get("post")).ok_or(WebError::NotFound)?;
    let result = ctx.platform.end_post(&ctx.call, &id, &key, form.get("end_reason")).await;
    finish(&ctx, &id, &form, result, "ended", "end_reason").await
}

async fn rename(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    let result = ctx.platform.rename_account(&ctx.call, &id, form.get("name"), form.get("rename_reason")).await;
    finish(&ctx, &id, &form, result, "renamed", "rename_reason").await
}

async fn secret(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    match refusals(ctx.platform.renew_secret(&ctx.call, &id).await)? {
        Ok(secret) => slip(&ctx, &id, secret).await,
        Err(errors) => draw(&ctx, &id, &form, errors, "", "").await,
    }
}

async fn restore(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    let result = ctx.platform.restore_posts(&ctx.call, &id).await;
    finish(&ctx, &id, &form, result, "restored", "").await
}

/// What the form of a proposal begins with: the own organ from today on, or the post that is renewed from the day after.
fn begin(ctx: &OfficeContext, person: &PersonPage, renew: &str) -> Fields {
    let today = ctx.platform.clock.now().date();
    let limits = &ctx.platform.settings.posts;
    let old = read_key(renew).and_then(|key| person.posts.iter().find(|post| post.key == key));
    let agency = old.map(|post| &post.key.agency).or(person.agency.as_ref());
    let from = old.and_then(|post| post.to).map_or(today, |to| to.tomorrow().unwrap_or(to).max(today));
    let pairs = [
        ("department", agency.map(|agency| agency.department.clone()).unwrap_or_default()),
        ("region", agency.map(|agency| agency.region.to_string()).unwrap_or_default()),
        ("role", old.map(|post| role_value(post.key.role)).unwrap_or_default()),
        ("from", from.to_string()),
        ("to", limits.last_day(from).to_string()),
    ];
    Fields(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn wish_fields(ctx: &OfficeContext, form: &Fields, errors: &[Refusal]) -> Vec<Markup> {
    let rules = &ctx.platform.rules;
    let area = ctx.platform.area(&ctx.call);
    let places = std::iter::once(area).chain(rules.regions.below(area).map(|r| r.code));
    let places: Vec<_> = places.map(|code| Choice::new(code, rules.regions.full_name(code))).collect();
    let departments = rules.departments.iter().filter(|d| d.group != Group::CodeOnly);
    let departments: Vec<_> = departments.map(|d| Choice::new(&d.code, &d.short)).collect();
    let roles: Vec<_> = Role::ALL.map(|role| Choice::new(role_value(role), role.name()).note(duty(role))).into();
    let limits = &ctx.platform.settings.posts;
    vec![
        Markup::of(Field::select("region", "地区", places).value(form.get("region")).required().errors(errors)),
        Markup::of(
            Field::select("department", "部门", departments).value(form.get("department")).required().errors(errors),
        ),
        Markup::of(Field::radios("role", "岗位", roles).value(form.get("role")).required().errors(errors)),
        Markup::of(step::day_field(ctx, "from", "起始日", form, errors)),
        Markup::of(
            Field::date("to", "截止日")
                .value(form.get("to"))
                .hint(format!(
                    "含当日，到期自动结束，到期前 {} 天提醒。不填按 {} 天计，最长 {} 天。",
                    limits.remind_days, limits.default_days, limits.longest_days
                ))
                .errors(errors),
        ),
        step::line_field("reason", "任职文件或者其他依据", 200, "例如：内人〔2026〕12号。", form, errors),
    ]
}

/// What whoever holds the role does.
fn duty(role: Role) -> &'static str {
    match role {
        Role::Receptionist => "收件、告知补正、受理或者不予受理",
        Role::Undertaker => "领办、拟办意见、征求意见、暂停和恢复计时",
        Role::Reviewer => "审核拟办意见",
        Role::Approver => "作出决定",
        Role::DepartmentManager => "延长期限、调整承办人、发布办事指南",
        Role::GeneralAdministration => "统筹辖区内各部门，作废代码（办法第七条）",
        Role::Supervisor => "监察辖区内的办理，督办",
        Role::SystemAdministrator => "开设账号、维护系统；不办理业务，不兼任其他岗位",
        Role::SecurityAdministrator => "提出、确认、结束任职；不办理业务，不兼任其他岗位",
        Role::AuditAdministrator => "查看安全审计；不办理业务，不兼任其他岗位",
    }
}

async fn draw_form(
    ctx: &OfficeContext,
    id: &AccountId,
    form: Option<&Fields>,
    renew: &str,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let person = ctx.platform.person(&ctx.call, id).await?;
    let begun = begin(ctx, &person, renew);
    let fields = wish_fields(ctx, form.unwrap_or(&begun), &errors);
    let failed = !errors.is_empty();
    let page = frame(ctx, "organs", "提出任职").await?.failed(failed);
    let how = "您提出后，须由另一位安全管理员确认才生效；本人和提出的人都不能确认。系统、安全、审计管理员互不兼任，也不兼任业务岗位。";
    let view = Step {
        page: page.crumb("机构人员", "/organs").crumb(person.name.clone(), format!("/people/{id}")),
        lead: format!("{} · {}", person.name, person.agency.as_ref().map(Agency::name).unwrap_or_default()),
        parts: vec![Markup::of(Note::new(Tone::Blue, "任职由两个人办理", how).article("GB/T 22239-2019 8.1.4.2"))],
        fields,
        errors,
        once: ctx.once(),
        action: format!("/people/{id}/propose"),
        back: format!("/people/{id}"),
        submit: "提出任职",
        danger: false,
        confirm: ("提出任职？", "提出后等待另一位安全管理员确认，确认之前不产生任何权限。".into()),
    };
    step::drawn(view, failed)
}

async fn form(ctx: OfficeContext, Path(id): Path<String>, Query(said): Query<Said>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    ctx.platform.check_proposing(&ctx.call)?;
    draw_form(&ctx, &id, None, &said.renew, vec![]).await
}

fn read_wish(form: &Fields) -> Result<PostWish, Vec<Refusal>> {
    let region =
        RegionCode::parse(form.get("region")).ok_or_else(|| Refusal::field("region", "post.region", "请选择地区。"));
    let role = Role::parse(form.get("role")).ok_or_else(|| Refusal::field("role", "post.role", "请选择岗位。"));
    let (from, end) = (step::day("from", form.get("from")), step::day_or_none("to", form.get("to")));
    match (region, role, from, end) {
        (Ok(region), Ok(role), Ok(from), Ok(end)) => Ok(PostWish {
            agency: Agency::new(form.get("department"), region),
            role,
            from,
            to: end,
            reason: form.get("reason").to_owned(),
        }),
        (region, role, from, end) => {
            Err([region.err(), role.err(), from.err(), end.err()].into_iter().flatten().collect())
        }
    }
}

async fn propose(Path(id): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let id = account(&ctx, &id)?;
    let errors = match read_wish(&form) {
        Err(errors) => {
            ctx.platform.check_proposing(&ctx.call)?;
            errors
        }
        Ok(wish) => match refusals(ctx.platform.propose_post(&ctx.call, &id, &wish).await)? {
            Ok(()) => return Ok(to(format!("/people/{id}?said=proposed"))),
            Err(mut errors) => {
                for error in errors.iter_mut().filter(|error| error.field.as_deref() == Some("agency")) {
                    error.field = Some("department".into());
                }
                errors
            }
        },
    };
    draw_form(&ctx, &id, Some(&form), "", errors).await
}
