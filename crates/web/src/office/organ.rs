//! 机构人员: organs as a tree (自治区、盟市、旗县、开发区 × departments of three kinds), the people of one, accounts opened
//! (办法第六至九条; S-05, S-37).

use super::{frame, query, step, to};
use crate::{
    Access, Fields, OfficeContext, Page, Posted, Route, WebError,
    app::refusals,
    html::{Choice, Empty, ErrorSummary, Field, Markup, Note, Pager, Pill, Tone},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use domain::{
    Refusal,
    account::Role,
    department::{Agency, Group, Kind},
    ids::AccountId,
    region::{Level, RegionCode},
};
use jiff::civil::Date;
use platform::{
    Action, Actor,
    account::{OpenAccount, OrganCount, PeopleFilter, PersonRow, PostRow},
};
use serde::Deserialize;

/// Routes of this module.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/organs", show).audited(),
        Route::get(Access::Owner, "/organs/{agency}", organ).audited(),
        Route::post(Access::Owner, "/organs/{agency}/open", open),
    ]
}

/// What the addresses ask for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    region: String,
    q: String,
    role: String,
    without: String,
    /// Name and id the page begins after.
    name: String,
    id: String,
}

impl Asked {
    fn filter(&self, agency: Option<Agency>) -> PeopleFilter {
        PeopleFilter {
            agency,
            words: self.q.trim().to_owned(),
            role: Role::parse(&self.role),
            without: self.without == "yes",
        }
    }

    fn after(&self) -> Option<(String, String)> {
        (!self.id.is_empty()).then(|| (self.name.clone(), self.id.clone()))
    }

    fn is_narrowed(&self) -> bool {
        !(self.q.trim().is_empty() && self.role.is_empty() && self.without.is_empty())
    }

    fn address(&self, path: &str, after: Option<&(String, String)>) -> String {
        let (name, id) = after.cloned().unwrap_or_default();
        let pairs = [
            ("region", self.region.clone()),
            ("q", self.q.trim().to_owned()),
            ("role", self.role.clone()),
            ("without", self.without.clone()),
            ("name", name),
            ("id", id),
        ];
        format!("{path}{}", query(pairs))
    }
}

/// An organ in the tree.
struct OrganLine {
    href: String,
    name: String,
    people: i64,
}

/// The organs of one kind at a place.
struct KindBox {
    name: &'static str,
    article: &'static str,
    organs: Vec<OrganLine>,
}

/// A place below.
struct PlaceLine {
    href: String,
    name: String,
    level: &'static str,
    people: i64,
}

/// A person in a list.
struct PersonLine {
    href: String,
    name: String,
    login: String,
    place: String,
    state: Pill,
    posts: Vec<PostLine>,
}

/// A post in a list.
pub(super) struct PostLine {
    pub title: String,
    pub state: Pill,
    pub days: String,
    pub given: String,
}

/// A proposal or a post that asks for something, with the person it is about.
struct Waiting {
    href: String,
    name: String,
    state: Pill,
    why: String,
    meta: String,
}

#[derive(Template)]
#[template(path = "office/organs.html")]
struct OrgansPage {
    page: Page,
    faults: Vec<Markup>,
    waiting: Vec<Waiting>,
    ending: Vec<Waiting>,
    imports: bool,
    place: String,
    above: Vec<(String, String)>,
    kinds: Vec<KindBox>,
    below: Vec<PlaceLine>,
    fields: Vec<Markup>,
    people: Option<Vec<PersonLine>>,
    pager: Pager,
    empty: Empty,
}

/// How a post stands on a day.
pub(super) fn post_line(post: &PostRow, today: Date, remind: i32) -> PostLine {
    let days = match post.to {
        Some(to) => format!("{} 至 {to}", post.key.from),
        None => format!("{} 起", post.key.from),
    };
    let left = post.to.map(|to| (to - today).get_days());
    let state = match left {
        _ if today < post.key.from => Pill::new(Tone::Blue, "未开始"),
        Some(left) if left < 0 => Pill::new(Tone::Grey, "已到期"),
        Some(left) if left <= remind => Pill::new(Tone::Yellow, format!("还有 {} 天到期", left + 1)),
        _ => Pill::new(Tone::Green, "在任"),
    };
    let given =
        if post.reason.is_empty() { post.given_by.clone() } else { format!("{}；{}", post.given_by, post.reason) };
    PostLine { title: format!("{} · {}", post.key.agency.name(), post.key.role.name()), state, days, given }
}

/// How an account stands.
pub(super) fn account_pill(disabled: bool, has_password: bool) -> Pill {
    match (disabled, has_password) {
        (true, _) => Pill::new(Tone::Red, "已停用"),
        (false, false) => Pill::new(Tone::Grey, "没有设置密码"),
        (false, true) => Pill::new(Tone::Green, "可以登录"),
    }
}

fn person_line(ctx: &OfficeContext, row: &PersonRow) -> PersonLine {
    let today = ctx.platform.clock.now().date();
    let remind = ctx.platform.settings.posts.remind_days;
    PersonLine {
        href: format!("/people/{}", row.id),
        name: row.name.clone(),
        login: row.login.clone(),
        place: row.agency.as_ref().map(Agency::name).unwrap_or_default(),
        state: account_pill(row.disabled, row.has_password),
        posts: row.posts.iter().map(|post| post_line(post, today, remind)).collect(),
    }
}

/// Name, role, without a post: what narrows a list of people.
fn narrowing(asked: &Asked) -> Vec<Markup> {
    let roles = std::iter::once(Choice::new("", "全部岗位"))
        .chain(Role::ALL.map(|role| Choice::new(role_value(role), role.name())));
    vec![
        Markup::of(Field::text("q", "姓名或者登录名").value(&asked.q).max(50).hint("输入开头的几个字即可。")),
        Markup::of(Field::select("role", "现任岗位", roles.collect::<Vec<_>>()).value(&asked.role)),
        Markup::of(Field::check("without", "任职", "只看现在没有岗位的人员").value(&asked.without)),
    ]
}

/// Machine name of a role.
pub(super) fn role_value(role: Role) -> String {
    serde_json::to_value(role).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn organs_address(region: RegionCode) -> String {
    format!("/organs?region={region}")
}

/// The organs at a place, of each kind, also those nobody works at yet.
fn kinds(ctx: &OfficeContext, region: RegionCode, counts: &[OrganCount]) -> Vec<KindBox> {
    let people = |agency: &Agency| counts.iter().find(|count| count.agency == *agency).map_or(0, |count| count.people);
    let organs = |kind: Kind| {
        let of_kind = ctx.platform.rules.departments.iter().filter(move |d| d.kind == kind);
        let agencies = of_kind.map(|d| (Agency::new(d.code.clone(), region), d.group));
        agencies
            .filter(|(agency, group)| *group != Group::CodeOnly || people(agency) > 0)
            .filter(|(agency, _)| ctx.platform.may_read_posts(&ctx.call, agency))
            .map(|(agency, _)| OrganLine {
                href: format!("/organs/{agency}"),
                name: agency.name(),
                people: people(&agency),
            })
            .collect::<Vec<_>>()
    };
    let boxes = Kind::ALL.map(|kind| KindBox { name: kind.name(), article: kind.article(), organs: organs(kind) });
    boxes.into_iter().filter(|one| !one.organs.is_empty()).collect()
}

fn below(ctx: &OfficeContext, region: RegionCode, counts: &[OrganCount]) -> Vec<PlaceLine> {
    let regions = ctx.platform.rules.regions;
    let people = |place: RegionCode| {
        counts.iter().filter(|c| regions.within(place, c.agency.region)).map(|c| c.people).sum::<i64>()
    };
    let places = regions.children(region).map(|place| PlaceLine {
        href: organs_address(place.code),
        name: place.name.clone(),
        level: if place.level == Level::Zone { "开发区、功能区" } else { place.level.name() },
        people: people(place.code),
    });
    places.collect()
}

/// Rows that were changed behind the platform; only the region's security administrators mend them.
async fn faults(ctx: &OfficeContext) -> Result<Vec<Markup>, WebError> {
    let Ok(faults) = ctx.platform.post_faults(&ctx.call).await else { return Ok(vec![]) };
    let words = |what: &str| match what {
        "missing" => "记录缺失",
        "differs" => "与台账不一致",
        "orphan" => "没有对应的账号",
        _ => "校验值不符",
    };
    let lost = ctx.platform.unmended_faults(&ctx.call).await?.unwrap_or_default();
    let found = match ctx.platform.integrity_faults(&ctx.call, None).await?.len() {
        0 => None,
        _ if lost > 0 => {
            Some(Note::new(Tone::Red, "数据被绕过平台改动", format!("其中 {lost} 项不能自动恢复，需要从备份恢复。")))
        }
        _ => Some(Note::new(Tone::Yellow, "数据曾被绕过平台改动", "改动的内容已全部恢复，请查明原因。")),
    };
    let found = found.map(|note| Markup::of(note.link("查看发现和恢复的内容", "/integrity")));
    Ok(found
        .into_iter()
        .chain(faults.into_iter().map(|fault| {
            let name = if fault.name.is_empty() { fault.account.to_string() } else { fault.name };
            let text = format!(
                "{name}：{}（{}，{} 发现）。该记录不产生任何权限，已写入安全审计。",
                fault.post,
                words(&fault.what),
                fault.found_at.display()
            );
            let note = Note::new(Tone::Red, "岗位记录被绕过平台改动", text);
            let note = match fault.what.as_str() {
                "orphan" => note,
                _ => note.link("查看人员并恢复", format!("/people/{}", fault.account)),
            };
            Markup::of(note)
        }))
        .collect())
}

/// The area's organs, what waits and what ends soon. A head of an organ sees the own one alone.
async fn show(ctx: OfficeContext, Query(asked): Query<Asked>) -> Result<Response, WebError> {
    let page = frame(&ctx, "organs", "机构人员").await?;
    let regions = ctx.platform.rules.regions;
    let area = ctx.platform.area(&ctx.call);
    let region = RegionCode::parse(&asked.region).filter(|code| regions.exists(*code) && regions.within(area, *code));
    let region = region.unwrap_or(area);
    let counts = ctx.platform.organ_counts(&ctx.call).await?;
    let above = regions.ancestors(region).into_iter().rev().filter(|r| regions.within(area, r.code));
    let found = match asked.is_narrowed() {
        true => Some(ctx.platform.people(&ctx.call, &asked.filter(None), asked.after()).await?),
        false => None,
    };
    let next = found.as_ref().and_then(|found| found.next.as_ref()).map(|next| asked.address("/organs", Some(next)));
    let people = found.map(|found| found.people.iter().map(|row| person_line(&ctx, row)).collect::<Vec<_>>());
    let shown = people.as_ref().map_or(0, Vec::len);
    let view = OrgansPage {
        faults: faults(&ctx).await?,
        waiting: waiting(&ctx).await?,
        ending: ending(&ctx).await?,
        imports: ctx.platform.may_at_organ(&ctx.call, Action::ImportStaff, &Agency::new("development_reform", area)),
        place: regions.full_name(region),
        above: above.map(|r| (organs_address(r.code), r.name.clone())).collect(),
        kinds: kinds(&ctx, region, &counts),
        below: if own_organ(&ctx).is_none() { below(&ctx, region, &counts) } else { vec![] },
        fields: narrowing(&asked),
        people,
        pager: Pager::new(format!("本页 {shown} 人"))
            .first((!asked.id.is_empty()).then(|| asked.address("/organs", None)))
            .next(next),
        empty: Empty::new("users", "没有找到", "管理范围内没有符合条件的工作人员。请核对姓名或者登录名。"),
        page,
    };
    step::drawn(view, false)
}

/// The one organ of whoever is no administrator.
fn own_organ(ctx: &OfficeContext) -> Option<Agency> {
    let Actor::Officer { posts, .. } = &ctx.call.actor else { return None };
    if posts.iter().any(|post| post.role.is_administrator()) {
        return None;
    }
    posts.iter().find(|post| post.role == Role::DepartmentManager).map(domain::account::Post::agency)
}

async fn waiting(ctx: &OfficeContext) -> Result<Vec<Waiting>, WebError> {
    let open = ctx.platform.open_proposals(&ctx.call).await?;
    let mine = |by: &AccountId| ctx.call.actor.account() == Some(by);
    Ok(open
        .into_iter()
        .map(|row| Waiting {
            href: format!("/people/{}", row.account),
            name: format!("{} · {} · {}", row.name, row.key.agency.name(), row.key.role.name()),
            state: match mine(&row.by) {
                true => Pill::new(Tone::Grey, "等另一人确认"),
                false => Pill::new(Tone::Yellow, "待确认"),
            },
            why: format!("依据：{}", row.reason),
            meta: format!("任期 {} 至 {}；{} 于 {} 提出", row.key.from, row.to, row.by_name, row.proposed_at.display()),
        })
        .collect())
}

async fn ending(ctx: &OfficeContext) -> Result<Vec<Waiting>, WebError> {
    let today = ctx.platform.clock.now().date();
    let ending = ctx.platform.ending_posts(&ctx.call).await?.ending;
    let line = |(id, name, post): (AccountId, String, PostRow)| {
        let line = post_line(&post, today, i32::MAX);
        Waiting {
            href: format!("/people/{id}"),
            name: format!("{name} · {}", line.title),
            state: line.state,
            why: "继续任职的，请在到期前提出续任；不再任职的，到期自动结束。".into(),
            meta: format!("任期 {}", line.days),
        }
    };
    Ok(ending.into_iter().map(line).collect())
}

#[derive(Template)]
#[template(path = "office/organ.html")]
struct OrganView {
    page: Page,
    summary: ErrorSummary,
    agency: Agency,
    kind: String,
    fields: Vec<Markup>,
    people: Vec<PersonLine>,
    pager: Pager,
    empty: Empty,
    /// The form of a new account; for whoever may open one.
    opening: Option<Vec<Markup>>,
    once: String,
}

fn agency_of(ctx: &OfficeContext, text: &str) -> Result<Agency, WebError> {
    if !ctx.is_signed_in() {
        return Err(WebError::SignInNeeded);
    }
    let rules = &ctx.platform.rules;
    Agency::parse(text)
        .filter(|agency| agency.is_known() && rules.regions.exists(agency.region))
        .ok_or(WebError::NotFound)
}

async fn draw_organ(
    ctx: &OfficeContext,
    agency: Agency,
    asked: &Asked,
    form: &Fields,
    errors: Vec<Refusal>,
) -> Result<Response, WebError> {
    let failed = !errors.is_empty();
    let found = ctx.platform.people(&ctx.call, &asked.filter(Some(agency.clone())), asked.after()).await?;
    let page = frame(ctx, "organs", agency.name()).await?.failed(failed);
    let page = page.crumb("机构人员", organs_address(agency.region));
    let path = format!("/organs/{agency}");
    let kind = ctx.platform.rules.departments.get(&agency.department).map(|d| d.kind);
    let may_open = ctx.platform.may_at_organ(&ctx.call, Action::ManageAccounts, &agency);
    let empty = match asked.is_narrowed() {
        true => Empty::new("filter", "没有符合条件的人员", "可以放宽筛选条件再看。").link("清除筛选", &path),
        false => {
            Empty::new("users", "还没有工作人员", "在下方开设账号，再由安全管理员提出任职、另一位安全管理员确认。")
        }
    };
    let view = OrganView {
        summary: ErrorSummary::new(&errors),
        kind: kind.map(|kind| format!("{}（{}）", kind.name(), kind.article())).unwrap_or_default(),
        fields: narrowing(asked),
        pager: Pager::new(format!("本页 {} 人", found.people.len()))
            .first((!asked.id.is_empty()).then(|| asked.address(&path, None)))
            .next(found.next.as_ref().map(|next| asked.address(&path, Some(next)))),
        people: found.people.iter().map(|row| person_line(ctx, row)).collect(),
        empty,
        opening: may_open.then(|| opening(form, &errors)),
        once: ctx.once(),
        agency,
        page,
    };
    step::drawn(view, failed)
}

fn opening(form: &Fields, errors: &[Refusal]) -> Vec<Markup> {
    vec![
        Markup::of(
            Field::text("person", "姓名")
                .value(form.get("person"))
                .required()
                .max(50)
                .errors(errors)
                .hint("与任职文件一致。"),
        ),
        Markup::of(
            Field::text("login", "登录名")
                .value(form.get("login"))
                .required()
                .max(40)
                .errors(errors)
                .hint("4 至 40 个字母、数字或者 . _ - @，不分大小写。一人一号，不共用。"),
        ),
    ]
}

async fn organ(
    ctx: OfficeContext,
    Path(agency): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let agency = agency_of(&ctx, &agency)?;
    draw_organ(&ctx, agency, &asked, &Fields::default(), vec![]).await
}

/// 开设账号: the answer shows the one-time secret, once.
async fn open(Path(agency): Path<String>, Posted { ctx, form }: Posted<OfficeContext>) -> Result<Response, WebError> {
    let agency = agency_of(&ctx, &agency)?;
    let asked = OpenAccount {
        login: form.get("login").trim().to_owned(),
        name: form.get("person").to_owned(),
        agency: agency.clone(),
    };
    match refusals(ctx.platform.open_account(&ctx.call, &asked).await)? {
        Ok((id, secret)) if secret.is_empty() => Ok(to(format!("/people/{id}?said=repeated"))),
        Ok((id, secret)) => slip(&ctx, &id, secret).await,
        Err(mut errors) => {
            for error in &mut errors {
                if error.field.as_deref() == Some("name") {
                    error.field = Some("person".into());
                }
            }
            draw_organ(&ctx, agency, &Asked::default(), &form, errors).await
        }
    }
}

#[derive(Template)]
#[template(path = "office/slip.html")]
struct SlipPage {
    page: Page,
    id: AccountId,
    name: String,
    login: String,
    place: String,
    secret: String,
    address: String,
    until: String,
    /// Whether the caller may go on with a post.
    proposes: bool,
}

/// The slip with the one-time secret, to be printed and handed over; it is never shown again.
pub(super) async fn slip(ctx: &OfficeContext, id: &AccountId, secret: String) -> Result<Response, WebError> {
    let person = ctx.platform.person(&ctx.call, id).await?;
    let now = ctx.platform.clock.now();
    let place = person.agency.as_ref();
    let view = SlipPage {
        page: frame(ctx, "organs", "一次性口令条").await?.crumb("机构人员", "/organs"),
        id: id.clone(),
        proposes: place.is_some_and(|agency| ctx.platform.may_at_organ(&ctx.call, Action::ProposePost, agency)),
        place: place.map(Agency::name).unwrap_or_default(),
        name: person.name,
        login: person.login,
        secret,
        address: format!("{}/setup", ctx.platform.settings.office_url),
        until: domain::Moment(now.0 + 24 * 3_600_000).display(),
    };
    step::drawn(view, false)
}
