//! 我的个人信息 (L-06): a copy at once, correction and deletion by request, answered within its time by general administration.

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    failure::again,
    notification::PreferencesPage,
    permission,
    stream::{Stream, stream_id},
    work_list::{Cursor, PAGE},
};
use domain::{
    Moment, Refusal,
    ids::{ProjectId, RightsId},
    personal::{self, Answer, Asked, Rights, VALUE, WORDS, Wish},
    project::{Project, ProjectEvent, ProjectState, SEALED_AT},
    region::{INNER_MONGOLIA, RegionCode},
};
use jiff::civil::Date;
use ledger::{
    QueryResult,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query},
};
use serde::Serialize;

/// Projects of one copy.
const MOST_PROJECTS: i64 = 200;
/// Own requests that are shown.
const SHOWN: i64 = 50;
/// The event of a request beside which its words lie sealed.
const ASKED_AT: i64 = 1;

/// One personal value with what the law wants told about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopyLine {
    /// Field of the form.
    pub field: String,
    /// The question.
    pub label: String,
    /// The value; empty where it is locked.
    pub value: String,
    /// 处理目的.
    pub purpose: String,
    /// 保存期限.
    pub retention: String,
    /// 锁定，不再处理.
    pub locked: bool,
}

/// The personal values of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopyProject {
    /// Its id; not part of the copy.
    #[serde(skip)]
    pub id: ProjectId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Values.
    pub values: Vec<CopyLine>,
}

/// Everything the platform keeps about the person and the people of its unit (第四十五条).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonalCopy {
    /// When it was made.
    pub made_at: String,
    /// Sign-in name.
    pub login: String,
    /// Unit.
    pub unit: String,
    /// Channel → address for notices.
    pub addresses: Vec<(String, String)>,
    /// By project, the latest first.
    pub projects: Vec<CopyProject>,
}

/// One request in a list.
#[derive(Debug, Clone)]
pub struct RightsRow {
    /// Its id.
    pub id: RightsId,
    /// What is asked for.
    pub wish: Wish,
    /// Field of the form.
    pub field: String,
    /// The unit.
    pub unit_name: String,
    /// The project.
    pub project_code: String,
    /// When it was asked.
    pub asked_at: Moment,
    /// Last day for the answer.
    pub due: Option<Date>,
    /// The answer; `None` while it is open.
    pub answer: Option<Answer>,
    /// Why.
    pub reason: String,
}

impl RightsRow {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(Self {
            id: RightsId(text("id")?),
            wish: Wish::parse(&text("wish")?).ok_or_else(|| Failure::fault("unknown wish"))?,
            field: text("field")?,
            unit_name: text("unit_name")?,
            project_code: text("project_code")?,
            asked_at: Moment(number("asked_at")?),
            due: crate::read::from_day_number(number("due_day")?),
            answer: Answer::parse(&text("state")?),
            reason: text("reason")?,
        })
    }
}

/// Everything about a request, for whoever answers it.
#[derive(Debug, Clone)]
pub struct RightsPage {
    /// What was asked, and the answer.
    pub rights: Rights,
    /// In which words.
    pub words: String,
    /// The new value of a correction.
    pub value: String,
    /// The value as it stands, where it is not locked.
    pub now: String,
    /// The project is in force: nothing of it can be deleted.
    pub in_force: bool,
}

impl Platform {
    /// A copy of everything personal the platform keeps for the caller's unit.
    pub async fn personal_copy(&self, call: &Call) -> Result<PersonalCopy, Failure> {
        let _permit = permission::decide(&call.actor, Action::KeepAccount, Object::default(), self.rules.regions)?;
        let Actor::Unit { unit, login, unit_name, .. } = &call.actor else { return Err(Failure::NotThere) };
        let PreferencesPage { channels, .. } = self.notification_preferences(call).await?;
        let rows = self
            .store
            .query(
                "SELECT id, code, name FROM projects WHERE unit_id = $1 ORDER BY declared_at DESC, id LIMIT $2",
                [unit.as_str().into(), MOST_PROJECTS.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut projects = Vec::new();
        for row in &rows {
            let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
            let id = ProjectId(text("id")?);
            let values = self.copy_of_project(&id).await?;
            projects.push(CopyProject { code: text("code")?, name: text("name")?, values, id });
        }
        Ok(PersonalCopy {
            made_at: self.clock.now().display(),
            login: login.clone(),
            unit: unit_name.clone(),
            addresses: channels.into_iter().filter(|c| !c.address.is_empty()).map(|c| (c.name, c.address)).collect(),
            projects,
        })
    }

    async fn copy_of_project(&self, id: &ProjectId) -> Result<Vec<CopyLine>, Failure> {
        let project = self.load::<Project>(id.as_str()).await?.state;
        let mut lines = Vec::new();
        for (field, entry) in self.form().personal_register() {
            let locked = project.locked.contains(&field.id);
            let value = self.personal_answer(id, &project, &field.id).await?.unwrap_or_default();
            if value.is_empty() {
                continue;
            }
            lines.push(CopyLine {
                field: field.id.clone(),
                label: field.label.clone(),
                value: if locked { String::new() } else { value },
                purpose: entry.purpose.clone(),
                retention: entry.retention.clone(),
                locked,
            });
        }
        Ok(lines)
    }

    /// A personal answer as it stands: as declared, or as corrected last. `None`: never given, or erased.
    pub(crate) async fn personal_answer(
        &self,
        id: &ProjectId,
        project: &Project,
        field: &str,
    ) -> Result<Option<String>, Failure> {
        if project.erased.contains(field) {
            return Ok(None);
        }
        let at = project.corrected.get(field).copied().unwrap_or(SEALED_AT);
        let stream = stream_id::<Project>(id.as_str());
        let value = self.store.secret(&stream, at, field, &self.sealer).await.map_err(Failure::fault)?;
        value.map(String::from_utf8).transpose().map_err(Failure::fault)
    }

    /// 提出更正或者删除. One open request for each value.
    pub async fn ask_rights(
        &self,
        call: &Call,
        project: &ProjectId,
        field: &str,
        wish: Wish,
        (words, value): (&str, &str),
    ) -> Result<RightsId, Failure> {
        let ask = again(|| async {
            let (stream, declared) = self.load_project(call, Action::AskRights, project).await?;
            let Actor::Unit { account, .. } = &call.actor else { return Err(Failure::NotThere) };
            let known = self.form().personal_register().any(|(known, _)| known.id == field);
            if !known || self.personal_answer(project, &stream.state, field).await?.is_none() {
                return Err(Refusal::field("field", "rights.field", "请选择要更正或者删除的信息。").into());
            }
            let open = self
                .store
                .query_one(
                    "SELECT 1 AS one FROM rights_requests WHERE project_id = $1 AND field = $2 AND state = ''",
                    [project.as_str().into(), field.into()],
                )
                .await
                .map_err(Failure::fault)?;
            if open.is_some() {
                let message = "这项信息已有正在处理的请求，请等待答复。";
                return Err(Refusal::field("field", "rights.open", message).into());
            }
            let id = RightsId::from_random(self.chance.id());
            let asked = Asked {
                id: id.clone(),
                wish,
                account: account.clone(),
                unit: declared.unit.clone(),
                unit_name: declared.unit_name.clone(),
                project: project.clone(),
                project_code: declared.code.clone(),
                region: RegionCode::parse(&declared.region).unwrap_or(INNER_MONGOLIA),
                field: field.to_owned(),
                due: self.rules.calendar.add_working_days(self.clock.now().date(), self.settings.personal_request_days),
            };
            let (event, sealed) = personal::ask(asked, words, value)?;
            let rights = self.load::<Rights>(id.as_str()).await?;
            let mut change = self.change(call);
            change.append_sealed(rights, &[event], sealed)?;
            change.commit_or(id.as_str(), crate::project::taken_is_conflict).await?;
            Ok(id)
        });
        self.once(call, RightsId::parse, ask).await
    }

    /// The unit's requests, the latest first.
    pub async fn own_rights(&self, call: &Call) -> Result<Vec<RightsRow>, Failure> {
        let Actor::Unit { unit, .. } = &call.actor else { return Ok(Vec::new()) };
        let rows = self
            .store
            .query(
                "SELECT id, wish, field, unit_name, project_code, asked_at, due_day, state, reason FROM rights_requests \
                 WHERE unit_id = $1 ORDER BY asked_at DESC, id LIMIT $2",
                [unit.as_str().into(), SHOWN.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(RightsRow::read).collect()
    }

    /// Where the caller answers requests; `None`: nowhere.
    fn answering_scope(&self, call: &Call) -> Option<Cond> {
        let mut any = Cond::any();
        let posts = call.actor.posts().iter();
        let posts = posts.filter(|post| post.role == domain::account::Role::GeneralAdministration);
        for post in posts {
            let regions: Vec<String> = std::iter::once(post.region)
                .chain(self.rules.regions.below(post.region).map(|region| region.code))
                .map(|code| code.as_str().to_owned())
                .collect();
            any = any.add(Expr::col(Alias::new("region")).is_in(regions));
        }
        (!any.is_empty()).then_some(any)
    }

    /// How many requests wait for the caller, counted up to a thousand; `None` for whoever answers none.
    pub async fn waiting_rights(&self, call: &Call) -> Result<Option<u64>, Failure> {
        match self.answering_scope(call) {
            Some(scope) => {
                let open = Cond::all().add(scope).add(Expr::col(Alias::new("state")).eq(""));
                self.capped("rights_requests", open).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Open requests by their due day, or answered ones with the latest first; keyset.
    pub async fn rights_list(
        &self,
        call: &Call,
        open: bool,
        after: Option<Cursor>,
    ) -> Result<(Vec<RightsRow>, Option<Cursor>), Failure> {
        let _permit = permission::decide(&call.actor, Action::AnswerRights, Object::default(), self.rules.regions)?;
        let scope = self.answering_scope(call).ok_or(Failure::NotThere)?;
        let column = |name: &'static str| Expr::col(Alias::new(name));
        let mut select = Query::select();
        for name in ["id", "wish", "field", "unit_name", "project_code", "asked_at", "due_day", "state", "reason"] {
            select.column(Alias::new(name));
        }
        select.from(Alias::new("rights_requests")).cond_where(scope);
        let (key, order) = if open { ("due_day", Order::Asc) } else { ("asked_at", Order::Desc) };
        select.and_where(if open { column("state").eq("") } else { column("state").ne("") });
        if let Some(cursor) = &after {
            let beyond = if open { column(key).gt(cursor.key) } else { column(key).lt(cursor.key) };
            select.and_where(beyond.or(column(key).eq(cursor.key).and(column("id").gt(cursor.id.clone()))));
        }
        select.order_by(Alias::new(key), order).order_by(Alias::new("id"), Order::Asc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(RightsRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| Cursor {
            key: if open { row.due.map_or(0, crate::read::day_number) } else { row.asked_at.0 },
            id: row.id.to_string(),
        });
        Ok((rows, next))
    }

    async fn load_rights(&self, call: &Call, id: &RightsId) -> Result<(Stream<Rights>, Asked), Failure> {
        let stream = self.load::<Rights>(id.as_str()).await?;
        let asked = stream.state.asked.clone().ok_or(Failure::NotThere)?;
        let object = Object { unit: Some(&asked.unit), region: Some(asked.region), ..Object::default() };
        let _permit = permission::decide(&call.actor, Action::AnswerRights, object, self.rules.regions)?;
        Ok((stream, asked))
    }

    async fn sealed_words(&self, id: &RightsId, name: &str) -> Result<String, Failure> {
        let stream = stream_id::<Rights>(id.as_str());
        let value = self.store.secret(&stream, ASKED_AT, name, &self.sealer).await.map_err(Failure::fault)?;
        Ok(value.map(String::from_utf8).transpose().map_err(Failure::fault)?.unwrap_or_default())
    }

    /// Everything about a request.
    pub async fn rights_page(&self, call: &Call, id: &RightsId) -> Result<RightsPage, Failure> {
        let (stream, asked) = self.load_rights(call, id).await?;
        let project = self.load::<Project>(asked.project.as_str()).await?.state;
        let now = self.personal_answer(&asked.project, &project, &asked.field).await?.unwrap_or_default();
        Ok(RightsPage {
            words: self.sealed_words(id, WORDS).await?,
            value: self.sealed_words(id, VALUE).await?,
            now: if project.locked.contains(&asked.field) { String::new() } else { now },
            in_force: project.state == ProjectState::Active,
            rights: stream.state,
        })
    }

    /// 答复, with what follows from it for the value: corrected, locked, or gone.
    pub async fn answer_rights(&self, call: &Call, id: &RightsId, answer: Answer, reason: &str) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, asked) = self.load_rights(call, id).await?;
            let Actor::Officer { account, name, .. } = &call.actor else { return Err(Failure::NotThere) };
            let project = self.load::<Project>(asked.project.as_str()).await?;
            let in_force = project.state.state == ProjectState::Active;
            let events = personal::answer(&stream.state, in_force, answer, reason, (account, name))?;
            let field = asked.field.clone();
            let mut change = self.change(call);
            change.append(stream, &events)?;
            match (asked.wish, answer) {
                (Wish::Correct, Answer::Done) => {
                    let value = self.sealed_words(id, VALUE).await?;
                    let event = ProjectEvent::PersonalCorrected { field: field.clone(), at: project.version() + 1 };
                    change.append_sealed(project, &[event], vec![(field, value)])?;
                }
                (Wish::Delete, Answer::Done) => {
                    let years = project.state.erased_years;
                    change.append(project, &[ProjectEvent::PersonalErased { years, fields: vec![field] }])?;
                }
                (Wish::Delete, Answer::Locked) => {
                    change.append(project, &[ProjectEvent::PersonalLocked { field }])?;
                }
                _ => {}
            }
            change.commit(id.as_str()).await?;
            Ok(asked)
        });
        let act = async {
            let asked = act.await?;
            if (asked.wish, answer) == (Wish::Delete, Answer::Done) {
                self.erase_everywhere(&asked.project, &asked.field).await?;
            }
            Ok(())
        };
        self.once(call, |_| Some(()), act).await
    }

    /// A value is erased wherever it ever lay: as declared and as corrected.
    pub(crate) async fn erase_everywhere(&self, project: &ProjectId, field: &str) -> Result<(), Failure> {
        let state = self.load::<Project>(project.as_str()).await?.state;
        let stream = stream_id::<Project>(project.as_str());
        for at in [Some(SEALED_AT), state.corrected.get(field).copied()].into_iter().flatten() {
            self.store.erase_secret(&stream, at, field).await.map_err(crate::stream::refused)?;
        }
        Ok(())
    }
}
