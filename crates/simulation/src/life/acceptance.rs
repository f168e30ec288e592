//! From receipt to acceptance in the simulated life: corrections, supplements, refusals to accept.

use super::*;

impl Life<'_> {
    pub(super) async fn window(&mut self, case: usize, what: &str) -> Result<Option<(Call, CaseId)>, SimulationError> {
        let Some(life) = self.cases.get(case) else { return Ok(None) };
        let (agency, id) = (life.agency.clone(), life.id.clone());
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, &agency).await?;
        Ok(Some((self.act(&desk.window, what), id)))
    }

    pub(super) async fn approver(
        &mut self,
        case: usize,
        what: &str,
    ) -> Result<Option<(Call, CaseId)>, SimulationError> {
        let Some(life) = self.cases.get(case) else { return Ok(None) };
        let (agency, id) = (life.agency.clone(), life.id.clone());
        let desk = self.desks.of(self.platform, &self.chance, &self.kinds, &agency).await?;
        Ok(Some((self.act(&desk.approver, what), id)))
    }

    pub(super) fn applicant(&self, case: usize, what: &str) -> Option<(Call, CaseId)> {
        let life = self.cases.get(case)?;
        let project = self.projects.get(life.project)?;
        let actor = &self.units.get(project.unit)?.actor;
        Some((self.act(actor, what), life.id.clone()))
    }

    pub(super) async fn receive(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "receive").await? else { return Ok(()) };
        let received = self.platform.receive_case(&call, &id).await;
        self.tried("receive a case", received)?;
        self.after_receipt(case);
        Ok(())
    }

    /// What the organ does with a case it has received.
    pub(super) fn after_receipt(&mut self, case: usize) {
        let days = if self.percent(6) { between(&self.chance, [6, 9]) } else { between(&self.chance, [1, 4]) };
        let next = match self.chance.below(100) {
            0..18 => Next::AskCorrection { case },
            18..20 => Next::NotAccept { case },
            _ => Next::Accept { case },
        };
        self.after_working_days(days, next);
    }

    pub(super) async fn ask_correction(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "correction").await? else { return Ok(()) };
        if self.is_deemed(&call, &id).await? {
            return self.plan_decision(case).await;
        }
        let material = self.cases.get(case).and_then(|c| c.item.materials.first().cloned());
        let mut points =
            vec![Point { material, text: Kinds::pick(&self.chance, &self.kinds.correction_texts).to_owned() }];
        if self.percent(40) {
            points.push(Point {
                material: None,
                text: Kinds::pick(&self.chance, &self.kinds.correction_texts).to_owned(),
            });
        }
        if self.gives_way("outside the guide") {
            points.extend(self.outside_the_guide(case).map(|text| Point { material: None, text }));
        }
        let asked = self.platform.ask_correction(&call, &id, points).await;
        self.tried("ask for correction", asked)?;
        self.summary.corrections += 1;
        if self.percent(88) {
            let days = between(&self.chance, [1, 15]);
            self.after_working_days(days, Next::Supply { case });
        }
        Ok(())
    }

    /// A demand for a material that is not in the guide of the case's item.
    pub(super) fn outside_the_guide(&self, case: usize) -> Option<String> {
        let item = self.cases.get(case)?.item;
        let mut outside = self.platform.rules.catalogue.all_materials().iter();
        let outside = outside.find(|m| m.name.chars().count() > 5 && !item.materials.contains(&m.id))?;
        Some(format!("请另外提交{}。", outside.name))
    }

    pub(super) async fn supply(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.applicant(case, "supply") else { return Ok(()) };
        let page = self.platform.case_page(&call, &id).await;
        let page = self.tried("read a case", page)?;
        let again = !page.case.earlier_corrections.is_empty();
        let points = page.case.correction.map_or(0, |c| c.points.len());
        let answers = vec![("已按要求补正，详见附件。".to_owned(), Vec::new()); points];
        let supplied = self.platform.supply_correction(&call, &id, answers).await;
        self.tried("supply a correction", supplied)?;
        if !again && self.gives_way("ask for a second correction") {
            self.after_working_days(1, Next::AskAgain { case });
            return Ok(());
        }
        let days = if self.gives_way("leave the supplement lying") { 7 } else { between(&self.chance, [1, 4]) };
        self.after_working_days(days, Next::Accept { case });
        Ok(())
    }

    /// The organ has overlooked something: a second notice, with its reason, which the supervision sees.
    pub(super) async fn ask_again(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "second correction").await? else { return Ok(()) };
        if self.is_deemed(&call, &id).await? {
            return self.plan_decision(case).await;
        }
        let points =
            vec![Point { material: None, text: "请补充建设规模与批复不一致的说明。".to_owned() }];
        let reason = "首次审查时没有核对建设规模。";
        let asked = self.platform.ask_correction_again(&call, &id, points, reason).await;
        self.tried("ask for correction again", asked)?;
        self.summary.corrections += 1;
        self.after_working_days(2, Next::Supply { case });
        Ok(())
    }

    pub(super) async fn accept(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "accept").await? else { return Ok(()) };
        if self.is_deemed(&call, &id).await? {
            return self.plan_decision(case).await;
        }
        match self.platform.accept_case(&call, &id, true).await {
            Err(Failure::Refused(faults)) if faults.iter().any(|f| f.code == "case.code_not_verified") => {
                self.summary.codes_not_verified += 1;
                self.after_working_days(1, Next::NotAccept { case });
                return Ok(());
            }
            other => self.tried("accept a case", other)?,
        }
        self.plan_decision(case).await
    }

    pub(super) async fn not_accept(&mut self, case: usize) -> Result<(), SimulationError> {
        let Some((call, id)) = self.window(case, "not accept").await? else { return Ok(()) };
        if self.is_deemed(&call, &id).await? {
            return self.plan_decision(case).await;
        }
        let page = self.platform.case_page(&call, &id).await;
        let page = self.tried("read a case", page)?;
        let (ground, reason) = match page.case.code_check {
            Some(Err(fault)) => (NotAcceptedGround::CodeNotVerified, fault),
            _ => (NotAcceptedGround::NotNeeded, "经核对，项目已纳入区域评估成果，不需要单独办理该事项。".to_owned()),
        };
        let refused = self.platform.not_accept_case(&call, &id, ground, &reason, None).await;
        self.tried("not accept a case", refused)?;
        self.summary.not_accepted += 1;
        Ok(())
    }
}
