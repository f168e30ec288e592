//! 公开审核 (办法第十八条; S-55): results wait until a second person has looked at what would be published of them, unless their kind
//! was reviewed before ([`crate::Settings::disclosure_reviewed`]).

use crate::{
    Action, Actor, Call, Failure, Object, Platform,
    case::{CASE_COLUMNS, CaseRow},
    failure::again,
    permission,
    stream::Change,
    work_list::{Cursor, PAGE, column},
};
use domain::{
    account::Role,
    case::Case,
    ids::{AccountId, CaseId},
    publication::{self, Publication, PublicationState, ReviewedKind, Reviewer, Shown},
};
use ledger::sea_query::{Alias, Cond, Expr, ExprTrait, Order, Query};

/// Most results confirmed with one button.
pub const AT_ONCE: usize = 50;
/// Roles that review within their department.
const REVIEWING: [Role; 3] = [Role::Reviewer, Role::Approver, Role::DepartmentManager];

/// A result and what would be, is or was published of it.
#[derive(Debug, Clone)]
pub struct PublicationPage {
    /// The case.
    pub case: CaseRow,
    /// What the public is shown.
    pub shown: Shown,
    /// Where it stands, and its story.
    pub publication: Publication,
    /// The caller made the decision: somebody else must look at it.
    pub is_own: bool,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Results that are public now.
    pub published: usize,
    /// Those that are not, each with the reason.
    pub refused: Vec<(CaseId, String)>,
}

impl Platform {
    /// The review of the item's kind, if there was one.
    fn reviewed_kind(&self, item: &str) -> Option<ReviewedKind> {
        self.settings.disclosure_reviewed.iter().find(|kind| kind.covers(item)).cloned()
    }

    /// Publishes with the completion of a case what was reviewed by its kind.
    pub(crate) async fn publish_by_kind(
        &self,
        change: &mut Change<'_>,
        id: &CaseId,
        case: &Case,
    ) -> Result<(), Failure> {
        let kind = case.application.as_deref().and_then(|application| self.reviewed_kind(&application.item));
        let Some(kind) = kind.filter(|_| Shown::of(case).is_some()) else { return Ok(()) };
        let stream = self.load::<Publication>(id.as_str()).await?;
        if stream.exists() {
            return Ok(());
        }
        let events = publication::publish(&stream.state, case, Reviewer::Kind(kind))?;
        change.append(stream, &events)?;
        Ok(())
    }

    /// The same for cases that were completed before their kind was reviewed, at most so many. Gives how many.
    pub async fn publish_reviewed_kinds(&self, call: &Call, limit: u64) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::SweepDeadlines, Object::default(), self.rules.regions)?;
        let kinds: Vec<&str> = self.settings.disclosure_reviewed.iter().map(|kind| kind.item.as_str()).collect();
        if kinds.is_empty() {
            return Ok(0);
        }
        let mut select = Query::select();
        select.column(Alias::new("id")).from(Alias::new("cases")).cond_where(in_state(PublicationState::Waiting));
        if !kinds.contains(&"*") {
            select.and_where(column("item").is_in(kinds));
        }
        select.order_by(Alias::new("ended_at"), Order::Asc).order_by(Alias::new("id"), Order::Asc).limit(limit);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        for row in &rows {
            let id = CaseId(row.try_get("", "id").map_err(Failure::fault)?);
            again(|| async {
                let case = self.load::<Case>(id.as_str()).await?.state;
                let mut change = self.change(call);
                self.publish_by_kind(&mut change, &id, &case).await?;
                change.commit(id.as_str()).await
            })
            .await?;
        }
        Ok(rows.len() as u64)
    }

    /// Where the caller may review; `None`: nowhere.
    fn reviewing_scope(&self, call: &Call) -> Option<Cond> {
        let posts: Vec<_> = call
            .actor
            .posts()
            .iter()
            .filter(|post| REVIEWING.contains(&post.role) || post.role == Role::GeneralAdministration)
            .cloned()
            .collect();
        (!posts.is_empty()).then(|| self.scope(&posts))
    }

    /// How many results wait for a review the caller may make, up to a thousand; `None` for whoever reviews none.
    pub async fn waiting_publications(&self, call: &Call) -> Result<Option<u64>, Failure> {
        match self.reviewing_scope(call) {
            Some(scope) => {
                let waiting = Cond::all().add(scope).add(in_state(PublicationState::Waiting));
                self.capped("cases", waiting).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Results in a state, the oldest first while they wait and the latest first afterwards; keyset by end and id.
    pub async fn publications(
        &self,
        call: &Call,
        state: PublicationState,
        after: Option<Cursor>,
    ) -> Result<(Vec<PublicationPage>, Option<Cursor>), Failure> {
        let _permit =
            permission::decide(&call.actor, Action::ReviewPublication, Object::default(), self.rules.regions)?;
        let scope = self.reviewing_scope(call).ok_or(Failure::NotThere)?;
        let latest = state != PublicationState::Waiting;
        let mut select = Query::select();
        for name in CASE_COLUMNS.split(',').map(str::trim) {
            select.column(Alias::new(name));
        }
        select.from(Alias::new("cases")).cond_where(scope).cond_where(in_state(state));
        if let Some(cursor) = &after {
            let ended = column("ended_at");
            let beyond = if latest { ended.lt(cursor.key) } else { ended.gt(cursor.key) };
            let same = column("ended_at").eq(cursor.key).and(column("id").gt(cursor.id.clone()));
            select.and_where(beyond.or(same));
        }
        let order = if latest { Order::Desc } else { Order::Asc };
        select.order_by(Alias::new("ended_at"), order).order_by(Alias::new("id"), Order::Asc).limit(PAGE + 1);
        let rows = self.store.select(&select).await.map_err(Failure::fault)?;
        let mut rows = rows.iter().map(CaseRow::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() as u64 > PAGE;
        rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| Cursor { key: row.ended_at.map_or(0, |at| at.0), id: row.id.to_string() });
        let mut pages = Vec::new();
        for row in rows {
            pages.extend(self.publication_of(call, row).await?);
        }
        Ok((pages, next))
    }

    async fn publication_of(&self, call: &Call, row: CaseRow) -> Result<Option<PublicationPage>, Failure> {
        let case = self.load::<Case>(row.id.as_str()).await?.state;
        let publication = self.load::<Publication>(row.id.as_str()).await?.state;
        let is_own = call.actor.account().is_some_and(|me| case.decided_by.as_deref() == Some(me.as_str()));
        let shown = publication.shown.clone().filter(|_| publication.state == PublicationState::Public);
        let Some(shown) = shown.or_else(|| Shown::of(&case)) else { return Ok(None) };
        Ok(Some(PublicationPage { case: row, shown, publication, is_own }))
    }

    /// Everything about the publication of one result.
    pub async fn publication_page(&self, call: &Call, id: &CaseId) -> Result<PublicationPage, Failure> {
        let (stream, _) = self.load_case(call, Action::ReviewPublication, id).await?;
        let project = stream.state.application.as_ref().map(|application| application.project.clone());
        let rows = self.cases_of_project(&project.ok_or(Failure::NotThere)?).await?;
        let row = rows.into_iter().find(|row| row.id == *id).ok_or(Failure::NotThere)?;
        self.publication_of(call, row).await?.ok_or(Failure::NotThere)
    }

    /// 确认公开: the caller has looked at what is published.
    pub async fn publish_result(&self, call: &Call, id: &CaseId) -> Result<(), Failure> {
        self.review(call, id, |publication, case, (account, name)| {
            let reviewer = Reviewer::Person { account: account.clone(), name: name.to_owned() };
            publication::publish(publication, case, reviewer)
        })
        .await
    }

    /// 批量确认公开, each by itself: one that cannot be published does not keep the others back.
    pub async fn publish_results(&self, call: &Call, ids: &[CaseId]) -> Result<Batch, Failure> {
        let mut batch = Batch::default();
        for (number, id) in ids.iter().take(AT_ONCE).enumerate() {
            // One key for the whole form: each result needs its own.
            let once = call.once.as_ref().map(|key| format!("{key}-{number}"));
            match self.publish_result(&Call { once, ..call.clone() }, id).await {
                Ok(()) => batch.published += 1,
                Err(Failure::Refused(refusals)) => {
                    let words: Vec<_> = refusals.iter().map(|refusal| refusal.message.as_ref()).collect();
                    batch.refused.push((id.clone(), words.join("")));
                }
                Err(other) => return Err(other),
            }
        }
        Ok(batch)
    }

    /// 暂不公开, or 撤下 of what is public; with the reason.
    pub async fn hold_result_back(&self, call: &Call, id: &CaseId, reason: &str) -> Result<(), Failure> {
        self.review(call, id, |publication, case, by| publication::hold_back(publication, case, by, reason)).await
    }

    async fn review(
        &self,
        call: &Call,
        id: &CaseId,
        decide: impl Fn(
            &Publication,
            &Case,
            (&AccountId, &str),
        ) -> Result<Vec<publication::PublicationEvent>, domain::Refusal>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (case, _) = self.load_case(call, Action::ReviewPublication, id).await?;
            let Actor::Officer { account, name, .. } = &call.actor else { return Err(Failure::NotThere) };
            let stream = self.load::<Publication>(id.as_str()).await?;
            let events = decide(&stream.state, &case.state, (account, name))?;
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit(id.as_str()).await
        });
        self.once(call, |_| Some(()), act).await
    }
}

/// Completed cases whose result stands there.
fn in_state(state: PublicationState) -> Cond {
    let kept = if state == PublicationState::Waiting { "" } else { state.slug() };
    Cond::all().add(Expr::col(Alias::new("stage")).eq("completed")).add(column("publication").eq(kept))
}
