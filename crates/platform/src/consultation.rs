//! 征求意见 between organs: asked by whoever works on a case, replied to by the organ that is asked.

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    attachment::Download,
    failure::again,
    permission,
    read::{day_number, from_day_number},
    stream::Stream,
    work_list::Cursor,
};
use domain::{
    Moment, Refusal,
    case::{self, Application, Case, File},
    consultation::{self, Asked, Consultation, Question, Reply, Silence, Standing, State, View},
    department::Agency,
    ids::{AttachmentId, CaseId, ConsultationId},
    region::RegionCode,
};
use jiff::civil::Date;
use ledger::{
    QueryResult, Row,
    sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query, SelectStatement},
};
use std::sync::Arc;

/// Rows of one page.
pub const PAGE: u64 = 20;

/// Which consultations of the caller's organs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// 待我回复.
    #[default]
    ToReply,
    /// Asked of the own organ, and over.
    Replied,
    /// Asked by the own organ.
    Asked,
}

impl Tab {
    /// Every tab, in order.
    pub const ALL: [Self; 3] = [Self::ToReply, Self::Replied, Self::Asked];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ToReply => "待本机关回复",
            Self::Replied => "本机关已回复或已撤回",
            Self::Asked => "本机关发出",
        }
    }

    /// Machine name, as in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Self::ToReply => "to-reply",
            Self::Replied => "replied",
            Self::Asked => "asked",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.slug() == slug)
    }
}

/// One row of a list.
#[derive(Debug, Clone)]
pub struct ConsultationRow {
    /// Its id.
    pub id: ConsultationId,
    /// Project.
    pub project_name: String,
    /// Project code.
    pub project_code: String,
    /// Item.
    pub item_name: String,
    /// The organ that asks.
    pub from_name: String,
    /// The organ that is asked.
    pub to_name: String,
    /// Where it stands today.
    pub standing: Standing,
    /// Last day for the reply.
    pub reply_by: Date,
    /// When it was asked.
    pub asked_at: Moment,
}

/// Everything about one consultation.
#[derive(Debug, Clone)]
pub struct ConsultationPage {
    /// What was asked.
    pub asked: Asked,
    /// When.
    pub asked_at: Moment,
    /// Where it stands today.
    pub standing: Standing,
    /// The reply.
    pub reply: Option<Reply>,
    /// Why it was taken back.
    pub recalled: Option<String>,
    /// When it was replied to or taken back.
    pub ended_at: Option<Moment>,
    /// Files of the application, for the organ that is asked to look at.
    pub files: Vec<(String, File)>,
    /// The caller may reply.
    pub may_reply: bool,
    /// The caller may take it back.
    pub may_recall: bool,
    /// The caller may open the case itself.
    pub may_read_case: bool,
}

const COLUMNS: [&str; 13] = [
    "id",
    "project_name",
    "project_code",
    "item_name",
    "from_department",
    "from_region",
    "department",
    "region",
    "silence",
    "state",
    "reply_day",
    "asked_at",
    "case_id",
];

fn column(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

fn at(agency: &Agency) -> Object<'_> {
    Object { unit: None, department: Some(&agency.department), region: Some(agency.region) }
}

impl Platform {
    fn allows(&self, call: &Call, action: Action, agency: &Agency) -> bool {
        permission::decide(&call.actor, action, at(agency), self.rules.regions).is_ok()
    }

    /// Whether the caller may ask another organ about this case now.
    pub fn may_consult(&self, call: &Call, case: &Case) -> bool {
        let agency = case.application.as_ref().map(|a| &a.agency);
        case.stage.is_processing() && agency.is_some_and(|a| self.allows(call, Action::AskConsultation, a))
    }

    /// The case the caller may ask about, with its last day.
    pub async fn case_to_consult(&self, call: &Call, id: &CaseId) -> Result<(Arc<Application>, Option<Date>), Failure> {
        let (stream, application) = self.load_case(call, Action::AskConsultation, id).await?;
        Ok((application, self.last_day(&stream.state)))
    }

    fn last_day(&self, case: &Case) -> Option<Date> {
        case::decision_clock(case).and_then(|clock| clock.due(self.rules.calendar)).map(|due| due.date)
    }

    /// 征求意见.
    pub async fn ask_consultation(
        &self,
        call: &Call,
        case: &CaseId,
        question: &Question,
    ) -> Result<ConsultationId, Failure> {
        let act = again(|| async {
            let (stream, about) = self.load_case(call, Action::AskConsultation, case).await?;
            if self.awaited(case, Some(&question.to)).await?.is_some() {
                let refusal = Refusal::field(
                    "to",
                    "consultation.twice",
                    "已就本办件向该部门征求意见，尚未回复。需要重新征求的，请先撤回。",
                );
                return Err(refusal.article("办法第十七条").into());
            }
            let id = ConsultationId::from_random(self.chance.id());
            let (due, today) = (self.last_day(&stream.state), self.clock.now().date());
            let in_work = stream.state.stage.is_processing();
            let events = consultation::ask(id.clone(), &about, in_work, question, person(call), due, today)?;
            let mut change = self.change(call);
            change.append(self.load::<Consultation>(id.as_str()).await?, &events)?;
            change.exactly_one(still_in_work(case));
            change.commit(id.as_str()).await?;
            Ok(id)
        });
        self.once(call, ConsultationId::parse, act).await
    }

    /// Read by the organ that is asked and by whoever may read the case; hidden from everybody else.
    async fn load_consultation(
        &self,
        call: &Call,
        id: &ConsultationId,
    ) -> Result<(Stream<Consultation>, Asked), Failure> {
        let stream = self.load::<Consultation>(id.as_str()).await?;
        let asked = stream.state.asked.as_deref().cloned().ok_or(Failure::NotThere)?;
        if !self.allows(call, Action::ReadConsultation, &asked.from) {
            let _permit = permission::decide(&call.actor, Action::ReadConsultation, at(&asked.to), self.rules.regions)?;
        }
        Ok((stream, asked))
    }

    /// A consultation as it stands.
    pub async fn consultation_page(&self, call: &Call, id: &ConsultationId) -> Result<ConsultationPage, Failure> {
        let (stream, asked) = self.load_consultation(call, id).await?;
        let Consultation { asked_at, state, reply, recalled, ended_at, .. } = stream.state;
        let case = self.load::<Case>(asked.case.as_str()).await?.state;
        let (open, in_work) = (state == State::Asked, case.stage.is_processing());
        Ok(ConsultationPage {
            standing: consultation::standing(state, asked.silence, asked.reply_by, self.clock.now().date()),
            reply: reply.map(|reply| *reply),
            files: files(&case),
            may_reply: open && in_work && self.allows(call, Action::ReplyConsultation, &asked.to),
            may_recall: open && self.allows(call, Action::AskConsultation, &asked.from),
            may_read_case: self.allows(call, Action::ReadCase, &asked.from),
            asked_at,
            recalled,
            ended_at,
            asked,
        })
    }

    /// A file of the application, for the organ that is asked about it.
    pub async fn download_consulted_file(
        &self,
        call: &Call,
        id: &ConsultationId,
        file: &AttachmentId,
    ) -> Result<Download, Failure> {
        let page = self.consultation_page(call, id).await?;
        if !page.files.iter().any(|(_, one)| one.id == *file) {
            return Err(Failure::NotThere);
        }
        self.download(&self.attachment_row(file).await?).await
    }

    /// The organ that is asked replies.
    pub async fn reply_consultation(
        &self,
        call: &Call,
        id: &ConsultationId,
        view: View,
        opinion: &str,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, asked) = self.load_consultation(call, id).await?;
            let _permit =
                permission::decide(&call.actor, Action::ReplyConsultation, at(&asked.to), self.rules.regions)?;
            let in_work = self.load::<Case>(asked.case.as_str()).await?.state.stage.is_processing();
            let reply = Reply { view, opinion: opinion.to_owned(), replier: person(call).to_owned() };
            let events = consultation::reply(&stream.state, &reply, in_work)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// The organ that asked takes its question back.
    pub async fn recall_consultation(&self, call: &Call, id: &ConsultationId, reason: &str) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, asked) = self.load_consultation(call, id).await?;
            let _permit =
                permission::decide(&call.actor, Action::AskConsultation, at(&asked.from), self.rules.regions)?;
            let events = consultation::recall(&stream.state, reason)?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }

    /// Consultations about a case the caller was already let read, oldest first; keyset by moment and id.
    pub async fn consultations_of(
        &self,
        case: &CaseId,
        after: Option<Cursor>,
    ) -> Result<(Vec<ConsultationRow>, Option<Cursor>), Failure> {
        let mut select = Query::select();
        select.from(Alias::new("consultations")).columns(COLUMNS.map(Alias::new));
        select.and_where(column("case_id").eq(case.as_str()));
        if let Some(cursor) = &after {
            let same = column("asked_at").eq(cursor.key).and(column("id").gt(cursor.id.clone()));
            select.and_where(column("asked_at").gt(cursor.key).or(same));
        }
        self.consultation_rows(select, Order::Asc).await
    }

    /// One page of what is selected, by moment and id.
    async fn consultation_rows(
        &self,
        mut select: SelectStatement,
        order: Order,
    ) -> Result<(Vec<ConsultationRow>, Option<Cursor>), Failure> {
        select.order_by(Alias::new("asked_at"), order.clone()).order_by(Alias::new("id"), order).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(|row| self.consultation_row(row)).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        let next = rows.last().filter(|_| more).map(|row| Cursor { key: row.asked_at.0, id: row.id.to_string() });
        Ok((rows, next))
    }

    /// The first consultation about a case that is not settled today, of all organs or of one (`Standing::is_settled`).
    async fn awaited(&self, case: &CaseId, to: Option<&Agency>) -> Result<Option<ConsultationRow>, Failure> {
        let today = day_number(self.clock.now().date());
        let needed = column("silence").eq(Silence::Awaited.slug()).or(column("reply_day").gte(today));
        let mut select = Query::select();
        select.from(Alias::new("consultations")).columns(COLUMNS.map(Alias::new));
        select.and_where(column("case_id").eq(case.as_str())).and_where(column("state").eq(State::Asked.slug()));
        select.and_where(needed);
        if let Some(to) = to {
            select.and_where(column("department").eq(to.department.clone()));
            select.and_where(column("region").eq(to.region.as_str()));
        }
        Ok(self.consultation_rows(select, Order::Asc).await?.0.into_iter().next())
    }

    /// A decision waits for every reply that is still needed, or whose day has not passed.
    pub(crate) async fn waits_for_consultation(&self, case: &CaseId) -> Result<Option<Refusal>, Failure> {
        Ok(self.awaited(case, None).await?.map(|row| {
            let words = format!(
                "征求{}的意见尚未回复（期限 {}）。请催促其回复，或者撤回征求后再作出决定。",
                row.to_name, row.reply_by
            );
            Refusal::new("consultation.open", words).article("办法第十七条")
        }))
    }

    /// Consultations of the caller's organs, the latest first; keyset by moment and id.
    pub async fn consultations(
        &self,
        call: &Call,
        tab: Tab,
        after: Option<Cursor>,
    ) -> Result<(Vec<ConsultationRow>, Option<Cursor>), Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadConsultation, Object::default(), self.rules.regions)?;
        let mut select = Query::select();
        select.from(Alias::new("consultations")).columns(COLUMNS.map(Alias::new));
        select.cond_where(scope(call, tab));
        if let Some(cursor) = &after {
            let same = column("asked_at").eq(cursor.key).and(column("id").lt(cursor.id.clone()));
            select.and_where(column("asked_at").lt(cursor.key).or(same));
        }
        self.consultation_rows(select, Order::Desc).await
    }

    /// How many the caller's organs have to reply to, capped.
    pub async fn consultations_to_reply(&self, call: &Call) -> Result<u64, Failure> {
        self.capped("consultations", scope(call, Tab::ToReply)).await
    }

    fn consultation_row(&self, row: &QueryResult) -> Result<ConsultationRow, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let agency = |department: &str, region: &str| {
            let region = RegionCode::parse(&text(region)?).ok_or_else(|| Failure::fault("unknown region"))?;
            Ok::<_, Failure>(Agency::new(text(department)?, region).name())
        };
        let reply_by = from_day_number(number("reply_day")?).ok_or_else(|| Failure::fault("day out of range"))?;
        let silence = Silence::parse(&text("silence")?).unwrap_or_default();
        let state = State::parse(&text("state")?).unwrap_or_default();
        Ok(ConsultationRow {
            id: ConsultationId(text("id")?),
            project_name: text("project_name")?,
            project_code: text("project_code")?,
            item_name: text("item_name")?,
            from_name: agency("from_department", "from_region")?,
            to_name: agency("department", "region")?,
            standing: consultation::standing(state, silence, reply_by, self.clock.now().date()),
            reply_by,
            asked_at: Moment(number("asked_at")?),
        })
    }
}

/// Materials of the application with their files.
fn files(case: &Case) -> Vec<(String, File)> {
    let given = case.application.iter().flat_map(|a| &a.materials);
    given.flat_map(|g| g.files.iter().map(|file| (g.name.clone(), file.clone()))).collect()
}

/// The person who acts, by name.
fn person(call: &Call) -> &str {
    match &call.actor {
        Actor::Officer { name, .. } => name,
        _ => "",
    }
}

/// Holds the row of a case in work until the commit. A question and a decision both write that row, so of two at the same
/// time the later one sees what the earlier one left: the case decided, or the question open ([`nothing_awaited`]).
fn still_in_work(case: &CaseId) -> Row {
    Row::new(
        "UPDATE cases SET owed = owed WHERE id = $1 AND owed IN ('propose', 'review', 'decide')",
        [case.as_str().into()],
    )
}

/// Goes through only when no reply is needed any more on that day, by the rule of `Standing::is_settled`. It must come after
/// the decision's own write of the row.
pub(crate) fn nothing_awaited(case: &CaseId, today: Date) -> Row {
    Row::new(
        "UPDATE cases SET owed = owed WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM consultations c WHERE c.case_id = $1 \
         AND c.state = 'asked' AND (c.silence = 'awaited' OR c.reply_day >= $2))",
        [case.as_str().into(), day_number(today).into()],
    )
}

/// The case is still in work: a reply is of use.
const IN_WORK: &str =
    "EXISTS (SELECT 1 FROM cases c WHERE c.id = consultations.case_id AND c.owed IN ('propose', 'review', 'decide'))";

/// What a tab shows to the caller's posts.
fn scope(call: &Call, tab: Tab) -> Cond {
    let (department, region) = match tab {
        Tab::ToReply | Tab::Replied => ("department", "region"),
        Tab::Asked => ("from_department", "from_region"),
    };
    let posts = match &call.actor {
        Actor::Officer { posts, .. } => posts.as_slice(),
        _ => &[],
    };
    let mut organs: Vec<_> = posts.iter().map(|p| (p.department.clone(), p.region.as_str().to_owned())).collect();
    organs.sort_unstable();
    organs.dedup();
    let none = Cond::any().add(Expr::val(1).eq(0));
    let own = organs
        .into_iter()
        .fold(none, |any, (d, r)| any.add(Cond::all().add(column(department).eq(d)).add(column(region).eq(r))));
    match tab {
        Tab::ToReply => Cond::all().add(own).add(column("state").eq(State::Asked.slug())).add(Expr::cust(IN_WORK)),
        Tab::Replied => {
            let over = Cond::any().add(column("state").ne(State::Asked.slug())).add(Expr::cust(IN_WORK).not());
            Cond::all().add(own).add(over)
        }
        Tab::Asked => Cond::all().add(own),
    }
}
