//! Use cases between receipt and decision: correct on the spot, transfer, claim, hand over, propose, review, extend, special
//! procedures, hearing.

use crate::{Action, Actor, Call, Failure, Platform, failure::again, project::taken_is_conflict, read::day_number};
use domain::{
    Refusal,
    account::{Account, Holder, Role},
    case::{
        self, Case, ExtensionOrder, Point, Proposal, Scene, SpecialKind, SpecialPlan, SpecialResult, SpotCorrection,
        Undertaker, Way,
    },
    department::Agency,
    ids::{AccountId, CaseId},
};
use jiff::civil::Date;

/// What is filled in when a special procedure begins.
#[derive(Debug, Clone)]
pub struct BeginSpecial {
    /// Id of the kind, of `data/special_procedures.tsv`.
    pub kind: String,
    /// First day.
    pub from: Date,
    /// Last day as planned.
    pub planned_until: Date,
    /// The paper that orders it.
    pub paper: String,
    /// When the applicant was told.
    pub told_on: Date,
    /// How.
    pub told_by: Way,
    /// Why it takes longer than its limit; empty when it does not.
    pub longer: String,
}

impl Platform {
    /// Who acts, now, by the calendar in force.
    pub(crate) fn scene<'a>(&'a self, by: &'a str) -> Scene<'a> {
        Scene { by, now: self.clock.now(), calendar: self.rules.calendar }
    }

    /// 当场更正.
    pub async fn correct_on_spot(&self, call: &Call, id: &CaseId, correction: SpotCorrection) -> Result<(), Failure> {
        self.act(call, Action::AcceptCase, id, |case| Ok(case::correct_on_spot(case, correction.clone())?)).await
    }

    /// 再次告知补正, with its reason.
    pub async fn ask_correction_again(
        &self,
        call: &Call,
        id: &CaseId,
        points: Vec<Point>,
        reason: &str,
    ) -> Result<(), Failure> {
        self.act(call, Action::AskCorrection, id, |case| {
            Ok(case::ask_again(case, points.clone(), reason, &self.papers())?)
        })
        .await
    }

    /// 转送 to the organ that decides.
    pub async fn transfer_case(&self, call: &Call, id: &CaseId, to: &Agency, reason: &str) -> Result<(), Failure> {
        self.act(call, Action::TransferCase, id, |case| Ok(case::transfer(case, to, reason, &self.papers())?)).await
    }

    /// 领办 by whoever calls.
    pub async fn claim_case(&self, call: &Call, id: &CaseId) -> Result<(), Failure> {
        let Actor::Officer { account, name, .. } = &call.actor else {
            // Only officers hold posts: the permission says what the caller lacks.
            return self.act(call, Action::ClaimCase, id, |_| Err(Failure::NotThere)).await;
        };
        let undertaker = Undertaker { account: account.clone(), name: name.clone() };
        self.act(call, Action::ClaimCase, id, |case| Ok(case::claim(case, undertaker.clone())?)).await
    }

    /// 转办 to another undertaker of the same organ.
    pub async fn hand_over_case(&self, call: &Call, id: &CaseId, to: &AccountId, reason: &str) -> Result<(), Failure> {
        let by = call.actor.tag();
        let account = self.load::<Account>(to.as_str()).await?.state;
        let today = self.clock.now().date();
        self.act(call, Action::HandOverCase, id, |case| {
            let agency = case.application.as_ref().map(|a| &a.agency).ok_or(Failure::NotThere)?;
            let sits_here = |p: &domain::account::Post| {
                p.role == Role::Undertaker
                    && p.department == agency.department
                    && p.region == agency.region
                    && p.held_on(today)
            };
            if account.disabled || account.holder != Some(Holder::Officer) || !account.posts.iter().any(sits_here) {
                let refusal = Refusal::field("to", "case.no_undertaker", "请选择本机关在岗的经办人。");
                return Err(refusal.into());
            }
            let to = Undertaker { account: account.id.clone(), name: account.name.clone() };
            Ok(case::hand_over(case, to, reason, is_manager(&call.actor, agency), &self.scene(&by))?)
        })
        .await
    }

    /// Undertakers of the organ a case lies with, by name: whom it can be handed to.
    pub async fn undertakers(&self, call: &Call, id: &CaseId) -> Result<Vec<Undertaker>, Failure> {
        let (_, application) = self.load_case(call, Action::HandOverCase, id).await?;
        let rows = self
            .store
            .query(
                "SELECT DISTINCT a.id, a.name FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.department = $1 AND p.region = $2 \
                 AND p.role = 'undertaker' AND p.from_day <= $3 AND (p.to_day IS NULL OR p.to_day >= $3) AND a.disabled = 0 \
                 ORDER BY a.name, a.id LIMIT 200",
                [
                    application.agency.department.clone().into(),
                    application.agency.region.as_str().into(),
                    day_number(self.clock.now().date()).into(),
                ],
            )
            .await
            .map_err(Failure::fault)?;
        let read = |row: &ledger::QueryResult| {
            let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
            Ok(Undertaker { account: AccountId(text("id")?), name: text("name")? })
        };
        rows.iter().map(read).collect()
    }

    /// 提出拟办意见.
    pub async fn propose_decision(&self, call: &Call, id: &CaseId, proposal: Proposal) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::ProposeDecision, id, |case| Ok(case::propose(case, proposal.clone(), &self.scene(&by))?))
            .await
    }

    /// 审核同意.
    pub async fn review_proposal(&self, call: &Call, id: &CaseId, opinion: &str) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::ReviewProposal, id, |case| Ok(case::review(case, opinion, &self.scene(&by))?)).await
    }

    /// 退回重新拟办.
    pub async fn send_back_proposal(&self, call: &Call, id: &CaseId, opinion: &str) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::SendBackProposal, id, |case| Ok(case::send_back(case, opinion, &self.scene(&by))?)).await
    }

    /// 延长办理期限.
    pub async fn extend_limit(&self, call: &Call, id: &CaseId, order: ExtensionOrder) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::ExtendLimit, id, |case| {
            let due = case::decision_clock(case).and_then(|c| c.due(self.rules.calendar)).map(|d| d.date);
            Ok(case::extend(case, order.clone(), due, &self.scene(&by), &self.papers())?)
        })
        .await
    }

    /// 启动特别程序.
    pub async fn begin_special(&self, call: &Call, id: &CaseId, form: BeginSpecial) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::RunSpecial, id, |case| {
            let kind = case::special_kinds().get(&form.kind).cloned();
            let kind: SpecialKind =
                kind.ok_or_else(|| Refusal::field("kind", "special.kind", "请选择特别程序的种类。"))?;
            let plan = SpecialPlan {
                kind,
                from: form.from,
                planned_until: form.planned_until,
                paper: form.paper.clone(),
                told_on: form.told_on,
                told_by: form.told_by,
                longer: form.longer.clone(),
            };
            Ok(case::begin_special(case, plan, &self.scene(&by))?)
        })
        .await
    }

    /// 登记特别程序的结果; `at` counts the case's special procedures from 0.
    pub async fn end_special(&self, call: &Call, id: &CaseId, at: usize, result: SpecialResult) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::RunSpecial, id, |case| {
            Ok(case::end_special(case, at, result.clone(), &self.scene(&by))?)
        })
        .await
    }

    /// 告知听证权利.
    pub async fn offer_hearing(
        &self,
        call: &Call,
        id: &CaseId,
        told_on: Date,
        told_by: Way,
        paper: &str,
    ) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::RunSpecial, id, |case| {
            Ok(case::offer_hearing(case, told_on, told_by, paper, &self.scene(&by))?)
        })
        .await
    }

    /// 申请听证, by the unit.
    pub async fn ask_hearing(&self, call: &Call, id: &CaseId) -> Result<(), Failure> {
        let by = call.actor.tag();
        self.act(call, Action::AskHearing, id, |case| Ok(case::ask_hearing(case, &self.scene(&by))?)).await
    }

    /// What time alone has done to a granted decision, and that its end is near, is noted under the platform's own name. `Ok(false)`: nothing was to be noted.
    pub async fn settle_licence(&self, call: &Call, id: &CaseId) -> Result<bool, Failure> {
        again(|| async {
            let (stream, _) = self.load_case(call, Action::SettleLicence, id).await?;
            let events = case::settle(&stream.state, self.rules.calendar, self.clock.now().date());
            if events.is_empty() {
                return Ok(false);
            }
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit_or(id.as_str(), taken_is_conflict).await?;
            Ok(true)
        })
        .await
    }

    /// Notes what has lapsed or been renewed by silence up to today, the earliest first; how many cases moved. For the sweep.
    pub async fn settle_licences(&self, call: &Call, most: u64) -> Result<u64, Failure> {
        let sql = "SELECT id FROM cases WHERE settled_day < $1 ORDER BY settled_day, id LIMIT $2";
        let today = day_number(self.clock.now().date());
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = self.store.query(sql, [today.into(), most.into()]).await.map_err(Failure::fault)?;
        let mut moved = 0;
        for row in rows {
            let id = CaseId(row.try_get("", "id").map_err(Failure::fault)?);
            moved += u64::from(self.settle_licence(call, &id).await?);
        }
        Ok(moved)
    }
}

/// Whether the officer manages this organ's department.
pub(crate) fn is_manager(actor: &Actor, agency: &Agency) -> bool {
    let Actor::Officer { posts, .. } = actor else { return false };
    posts
        .iter()
        .any(|p| p.role == Role::DepartmentManager && p.department == agency.department && p.region == agency.region)
}

/// Whether the case is the caller's own to go on with: nobody holds it, or the caller does.
pub(crate) fn is_open_to(case: &Case, actor: &Actor) -> bool {
    case.undertaker.as_ref().is_none_or(|held| held.account.as_str() == actor.tag())
}
