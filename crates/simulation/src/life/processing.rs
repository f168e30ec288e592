//! From acceptance to what follows a decision in the simulated life.

use super::*;
use domain::{
    case::{CommitmentCheck, Finding},
    consultation::{Question, Silence, View},
};

/// Working days of a limit from which other departments are asked.
const CONSULTED: u16 = 10;
/// Departments that are asked, the first one that does not handle the case itself.
const ASKED: [&str; 2] = ["forestry_grassland", "emergency"];

impl Life<'_> {
    /// What follows on an acceptance.
    pub(super) async fn plan_decision(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((limit, excluded)) =
            self.cases.get(case).map(|c| (c.item.effective_limit().clone(), !c.item.excluded.is_empty()))
        else {
            return Ok(());
        };
        let today = self.clock_date();
        if let Some(life) = self.cases.get_mut(case) {
            life.accepted_on = Some(today);
        }
        if limit.unit == LimitUnit::Working && limit.days >= CONSULTED && self.percent(8) {
            self.after_working_days(1, Next::Consult { case });
        }
        let one_step = self.cases.get(case).is_some_and(|c| procedures().of(c.item).steps == Steps::One);
        if one_step && self.gives_way("decide at once") {
            return self.decide(case).await;
        }
        if let Some(project) = self.cases.get(case).map(|c| c.project).filter(|_| limit.days > 3)
            && self.gives_way("void while it runs")
        {
            self.after_working_days(1, Next::VoidCode { project });
        }
        if excluded && limit.unit == LimitUnit::Working && limit.days > 5 && self.gives_way("suspend at the end") {
            self.after_working_days(u32::from(limit.days) - 1, Next::Suspend { case });
            self.after_working_days(u32::from(limit.days), Next::Decide { case });
            return Ok(());
        }
        let days = match limit.unit {
            LimitUnit::Working => u32::from(limit.days),
            LimitUnit::Calendar => u32::from(limit.days) * 2 / 3,
        };
        if excluded && self.percent(9) {
            self.after_working_days(2, Next::Suspend { case });
        }
        match self.chance.below(100) {
            0..7 => {}
            7..12 => self.after_working_days(days + between(&self.chance, [1, 6]), Next::Decide { case }),
            _ => {
                let days = between(&self.chance, [1, days.max(2)]);
                self.after_working_days(days.min(u32::from(limit.days).max(1)), Next::Decide { case });
            }
        }
        Ok(())
    }

    pub(super) async fn suspend(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "suspend").await? else { return Ok(()) };
        let today = self.clock_date();
        let accepted_on = self.cases.get(case).and_then(|c| c.accepted_on).unwrap_or(today);
        let yesterday = today.yesterday().unwrap_or(today);
        let afterwards = yesterday > accepted_on && self.gives_way("tell afterwards");
        let suspension = Suspension {
            from: if afterwards { yesterday } else { today },
            to: None,
            ground: Ground::ExpertReview,
            document: format!("专家评审告知书〔{}〕{:04}号", today.year(), self.chance.below(10_000)),
            told_on: Some(today),
        };
        let days = between(&self.chance, [3, 12]);
        let until = self.platform.rules.calendar.add_working_days(today, days);
        let content = stream::iter([Ok::<_, Infallible>(sample_pdf("Simulated notice of a suspension"))]);
        let file = ("专家评审告知书.pdf", "application/pdf");
        match self.platform.upload_suspension_paper(&call, &id, file, content).await {
            // Decided already.
            Err(Failure::Refused(_)) => return Ok(()),
            other => drop(self.tried("upload a paper", other)?),
        }
        match self.platform.suspend_clock(&call, &id, suspension, until, Way::Platform).await {
            // Decided already.
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("suspend a clock", other)?,
        }
        if let Some(life) = self.cases.get_mut(case) {
            life.suspended_until = Some(until);
        }
        self.at(until, Next::Resume { case });
        Ok(())
    }

    pub(super) async fn resume(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "resume").await? else { return Ok(()) };
        let resumed = self.platform.resume_clock(&call, &id, self.clock_date()).await;
        self.tried("resume a clock", resumed)?;
        if let Some(life) = self.cases.get_mut(case) {
            life.suspended_until = None;
        }
        Ok(())
    }

    pub(super) async fn decide(&mut self, case: usize) -> Result<(), SimulationError> {
        if let Some(until) = self.cases.get(case).and_then(|c| c.suspended_until) {
            let day = self.platform.rules.calendar.add_working_days(until, 2);
            self.at(day, Next::Decide { case });
            return Ok(());
        }
        let Some((item, project, agency, proposed, unreviewed, promised)) =
            self.cases.get(case).map(|c| (c.item, c.project, c.agency.clone(), c.proposed, c.unreviewed, c.promised))
        else {
            return Ok(());
        };
        let procedure = procedures().of(item);
        if procedure.steps == Steps::Three && proposed.is_none() && !promised {
            self.soon(Next::Propose { case });
            return Ok(());
        }
        let Some((call, id)) = self.approver(case, "decide").await? else { return Ok(()) };
        let today = self.clock_date();
        let accepted_on = self.cases.get(case).and_then(|c| c.accepted_on).unwrap_or(today);
        let waited = self.platform.rules.calendar.working_days_between(accepted_on, today);
        let decided_on = if waited > BACK_ENTERED && self.gives_way("enter late") { accepted_on } else { today };
        let refused = match proposed {
            Some(outcome) => outcome == Outcome::Refused,
            None => !promised && self.percent(4),
        };
        let texts = if refused { &self.kinds.refusal_texts } else { &self.kinds.opinions };
        let decision = Decision {
            outcome: if refused { Outcome::Refused } else { Outcome::Granted },
            opinion: Kinds::pick(&self.chance, texts).to_owned(),
            document_number: format!(
                "{}审〔{}〕{}号",
                agency.region.as_str(),
                today.year(),
                self.chance.below(90_000) + 1
            ),
            title: format!("关于{}的{}", item.name, if refused { "不予许可决定" } else { "批复" }),
            decided_on,
            valid_until: (!refused && self.percent(40)).then(|| today.saturating_add(Span::new().years(2))),
            unreviewed: unreviewed.then(|| "审核人员出差，办理期限将满。".to_owned()),
        };
        match self.platform.decide_case(&call, &id, decision).await {
            Err(Failure::Refused(faults)) if faults.iter().any(|f| f.code == "consultation.open") => {
                return self.give_up_waiting(case).await;
            }
            other => self.tried("decide a case", other)?,
        }
        if refused {
            self.summary.refused += 1;
        } else {
            self.summary.granted += 1;
            if procedure.delivery.is_some() && self.percent(90) {
                let days =
                    if self.percent(5) { between(&self.chance, [11, 14]) } else { between(&self.chance, [1, 8]) };
                self.after_working_days(days, Next::Deliver { case });
            }
            if promised {
                let days = between(&self.chance, [15, 50]);
                self.after_working_days(days, Next::CheckCommitment { case, again: false });
            }
            if let Some(life) = self.projects.get_mut(project) {
                life.done.insert(item.code.clone());
            }
            self.plan_applications(project);
        }
        Ok(())
    }

    /// The undertaker proposes; now and then the reviewer wants it anew.
    pub(super) async fn propose(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "propose").await? else { return Ok(()) };
        let outcome = if self.percent(4) { Outcome::Refused } else { Outcome::Granted };
        let proposal = Proposal {
            outcome, opinion: "经审查申请材料和现场情况，拟办如上，请审核。".to_owned()
        };
        let proposed = self.platform.propose_decision(&call, &id, proposal).await;
        self.tried("propose a decision", proposed)?;
        if let Some(life) = self.cases.get_mut(case) {
            life.proposed = Some(outcome);
        }
        if self.gives_way("leave the review out") {
            if let Some(life) = self.cases.get_mut(case) {
                life.unreviewed = true;
            }
            self.soon(Next::Decide { case });
        } else {
            self.soon(Next::Review { case });
        }
        Ok(())
    }

    pub(super) async fn review(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some(agency) = self.cases.get(case).map(|c| c.agency.clone()) else { return Ok(()) };
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, &agency).await?;
        let (Some(id), call) = (self.cases.get(case).map(|c| c.id.clone()), self.act(&desk.reviewer, "review")) else {
            return Ok(());
        };
        if self.percent(5) {
            let sent = self.platform.send_back_proposal(&call, &id, "请补充对审查要点的说明。").await;
            self.tried("send a proposal back", sent)?;
            self.summary.sent_back += 1;
            self.soon(Next::Propose { case });
            return Ok(());
        }
        let reviewed = self.platform.review_proposal(&call, &id, "事实清楚，同意拟办意见。").await;
        self.tried("review a proposal", reviewed)?;
        self.soon(Next::Decide { case });
        Ok(())
    }

    pub(super) async fn deliver(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "deliver").await? else { return Ok(()) };
        let by = if self.percent(60) { Way::Electronic } else { Way::InPerson };
        let delivery = Delivery { on: self.clock_date(), by, receiver: "项目单位经办人".to_owned() };
        let delivered = self.platform.deliver_licence(&call, &id, delivery).await;
        self.tried("deliver a licence", delivered)?;
        self.summary.delivered += 1;
        Ok(())
    }

    /// The organ checks a promise; now and then it is not kept at once, or not at all.
    pub(super) async fn check_commitment(&mut self, case: usize, again: bool) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "check a promise").await? else { return Ok(()) };
        let on = self.clock_date();
        let finding = match self.chance.below(100) {
            0..12 if !again => Finding::Rectify,
            0..16 => Finding::Broken,
            _ => Finding::Kept,
        };
        let rectify_by = (finding == Finding::Rectify).then(|| self.platform.rules.calendar.add_working_days(on, 10));
        let facts = "现场核查，对照承诺内容逐项检查。".to_owned();
        let check = CommitmentCheck { on, finding, facts, rectify_by };
        let checked = self.platform.check_commitment(&call, &id, check).await;
        self.tried("check a promise", checked)?;
        self.summary.commitment_checks += 1;
        if finding == Finding::Rectify {
            self.after_working_days(12, Next::CheckCommitment { case, again: true });
        }
        Ok(())
    }

    pub(super) async fn withdraw(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.applicant(case, "withdraw") else { return Ok(()) };
        let withdrawn = self.platform.withdraw_case(&call, &id, "申请材料需要重新编制，暂时撤回。").await;
        self.tried("withdraw a case", withdrawn)?;
        self.summary.withdrawn += 1;
        Ok(())
    }

    /// The undertaker asks another department; now and then nobody there replies.
    pub(super) async fn consult(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some(agency) = self.cases.get(case).map(|c| c.agency.clone()) else { return Ok(()) };
        let Some((call, id)) = self.window(case, "consult").await? else { return Ok(()) };
        let department = ASKED.into_iter().find(|d| *d != agency.department).unwrap_or(ASKED[0]);
        let to = Agency::new(department, agency.region);
        let silent = self.percent(30);
        let question = Question {
            to: to.clone(),
            text: "请就项目选址和用地范围提出意见。".to_owned(),
            reply_by: self.platform.rules.calendar.add_working_days(self.clock_date(), 4),
            silence: if silent { Silence::NoObjection } else { Silence::Awaited },
            basis: if silent { "部门会商规则第五条".to_owned() } else { String::new() },
        };
        let consultation = match self.platform.ask_consultation(&call, &id, &question).await {
            // Decided, withdrawn, or hardly any day left.
            Err(Failure::Refused(_)) => return Ok(()),
            other => self.tried("consult a department", other)?,
        };
        self.summary.consultations += 1;
        if !silent && !self.gives_way("leave a question lying") {
            let days = between(&self.chance, [1, 3]);
            self.after_working_days(days, Next::ReplyConsultation { consultation, to });
        }
        Ok(())
    }

    pub(super) async fn reply_consultation(
        &mut self,
        consultation: &ConsultationId,
        to: &Agency,
    ) -> Result<(), SimulationError> {
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, to).await?;
        let call = self.act(&desk.window, "reply to a consultation");
        let view = if self.percent(20) { View::AgreeIf } else { View::Agree };
        match self.platform.reply_consultation(&call, consultation, view, "选址不涉及本部门管理的保护范围。").await
        {
            // Taken back, or the case ended.
            Err(Failure::Refused(_)) => Ok(()),
            other => self.tried("reply to a consultation", other),
        }
    }

    /// Nobody has replied: the question waits a little longer, then it is taken back.
    async fn give_up_waiting(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "recall a consultation").await? else { return Ok(()) };
        let rows = self.platform.consultations_of(&id, None).await;
        for row in self.tried("read consultations", rows)?.0.into_iter().filter(|row| row.reply_by < self.clock_date())
        {
            let reason = "已通过现场核查查明，不再需要回复。";
            match self.platform.recall_consultation(&call, &row.id, reason).await {
                Err(Failure::Refused(_)) => {}
                other => self.tried("recall a consultation", other)?,
            }
        }
        self.after_working_days(2, Next::Decide { case });
        Ok(())
    }
}
