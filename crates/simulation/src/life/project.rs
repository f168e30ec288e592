//! Units, declarations, campaigns and applications of the simulated life.

use super::*;

impl Life<'_> {
    /// A unit of the wanted sort: one that is there already, or a new one.
    pub(super) async fn unit(&mut self, government: bool, county: &Region) -> Result<usize, SimulationError> {
        let fits = |unit: &UnitLife| {
            unit.government == government && (!government || unit.unit.region == county.code.as_str())
        };
        let known: Vec<usize> = (0..self.units.len()).filter(|&i| self.units.get(i).is_some_and(fits)).collect();
        if !known.is_empty() && (government || self.percent(70)) {
            let index = self.chance.below(u32::try_from(known.len()).unwrap_or(1));
            return Ok(known.get(index as usize).copied().unwrap_or(0));
        }
        let serial = u32::try_from(self.units.len()).unwrap_or(0) + 1;
        let stem = Kinds::pick(&self.chance, &self.kinds.stems).to_owned();
        let name = if government {
            format!("{}基本建设项目服务中心", county.name)
        } else {
            format!(
                "{stem}{}{}",
                county.name.trim_end_matches(['市', '县', '旗', '区']),
                Kinds::pick(&self.chance, &self.kinds.legal_forms)
            )
        };
        let form = RegisterUnit {
            name,
            credit_code: CreditCode::simulated(county.code, serial).to_string(),
            region: county.code.as_str().to_owned(),
            nature: if government { NATURES[3].0 } else { NATURES[self.chance.below(2) as usize].0 }.to_owned(),
            contact_name: self.kinds.person(&self.chance),
            contact_phone: format!("13{:09}", self.chance.below(1_000_000_000)),
            login: format!("unit{serial:05}"),
            password: None,
            privacy_agreed: true,
        };
        let registered = self.platform.register_unit(&self.act(&Actor::Public, "register"), &form).await;
        let (id, account) = self.tried("register a unit", registered)?;
        let actor = self.platform.actor(&account).await;
        let actor = self.tried("read an account", actor)?;
        let unit = self.platform.unit(&self.act(&actor, "read"), &id).await;
        let unit = self.tried("read a unit", unit)?;
        self.summary.units += 1;
        self.units.push(UnitLife { actor, unit, government, files: BTreeMap::new() });
        Ok(self.units.len() - 1)
    }

    pub(super) async fn declare(&mut self) -> Result<(), SimulationError> {
        let index = self.chance.below(u32::try_from(self.counties.len()).unwrap_or(1)) as usize;
        let Some(county) = self.counties.get(index).copied() else { return Ok(()) };
        let government = self.percent(38);
        let unit = self.unit(government, county).await?;
        let project = self.declare_kind(unit, county, |kind| kind.is_government() == government).await?;
        let Some(project) = project else { return Ok(()) };
        if self.percent(2) {
            self.after_working_days(6, Next::VoidCode { project });
        }
        self.plan_applications(project);
        Ok(())
    }

    /// A unit declares a project of a fitting kind in a county.
    pub(super) async fn declare_kind(
        &mut self,
        unit: usize,
        county: &Region,
        fits: impl Fn(&Kind) -> bool,
    ) -> Result<Option<usize>, SimulationError> {
        let answers = {
            let kind = (0..50).find_map(|_| self.kinds.kind(&self.chance).filter(|kind| fits(kind)));
            let (Some(kind), Some(life)) = (kind, self.units.get(unit)) else { return Ok(None) };
            kind.answers(&self.chance, &self.kinds, &life.unit, county, self.clock_date())
        };
        let Some(actor) = self.units.get(unit).map(|u| u.actor.clone()) else { return Ok(None) };
        let call = self.act(&actor, "declare");
        let declared = self.platform.declare_project(&call, &answers, None).await;
        let id = self.tried("declare a project", declared)?;
        let page = self.platform.project_page(&call, &id).await;
        let page = self.tried("read a project", page)?;
        let needed: BTreeSet<String> = page.declared.needed.iter().cloned().collect();
        let most = between(&self.chance, [1, 9]) as usize;
        self.summary.projects += 1;
        self.projects.push(ProjectLife {
            unit,
            id,
            needed,
            done: BTreeSet::new(),
            asked: BTreeSet::new(),
            most,
            voided: false,
        });
        Ok(Some(self.projects.len() - 1))
    }

    /// A county files several small projects of one unit together; the window receives them all at once, days later.
    pub(super) async fn campaign(&mut self) -> Result<(), SimulationError> {
        let index = self.chance.below(u32::try_from(self.counties.len()).unwrap_or(1)) as usize;
        let Some(county) = self.counties.get(index).copied() else { return Ok(()) };
        let unit = self.unit(false, county).await?;
        let first = self.cases.len();
        for _ in 0..CAMPAIGN {
            let Some(project) = self.declare_kind(unit, county, Kind::is_filed).await? else { continue };
            if let Some(life) = self.projects.get_mut(project) {
                life.asked.insert(FILING.to_owned());
            }
            self.hand_in(project, FILING).await?;
        }
        self.after_working_days(2, Next::ReceiveAll { first, last: self.cases.len() });
        Ok(())
    }

    pub(super) async fn receive_all(&mut self, first: usize, last: usize) -> Result<(), SimulationError> {
        for case in first..last {
            self.receive(case).await?;
        }
        Ok(())
    }

    /// Schedules applications for the items that may be applied for now.
    pub(super) fn plan_applications(&mut self, project: usize) {
        let Some(life) = self.projects.get(project) else { return };
        let free: Vec<String> = life
            .needed
            .iter()
            .filter(|item| !life.asked.contains(*item))
            .filter(|item| {
                let blockers = self.platform.rules.catalogue.blocked_by(item, &life.needed, &life.done);
                !blockers.iter().any(|b| b.kind == PrecedenceKind::Law)
            })
            .take(life.most.saturating_sub(life.asked.len()))
            .cloned()
            .collect();
        if let Some(life) = self.projects.get_mut(project) {
            life.asked.extend(free.iter().cloned());
        }
        if free.len() > 1 && self.percent(20) {
            let days = between(&self.chance, [1, 14]);
            self.after_working_days(days, Next::Join { project, items: free });
            return;
        }
        for item in free {
            let days = between(&self.chance, [1, 14]);
            self.after_working_days(days, Next::Apply { project, item });
        }
    }

    /// The unit's file for a material, uploaded when it is needed the first time and offered again ever after.
    pub(super) async fn file(
        &mut self,
        unit: usize,
        project: &ProjectId,
        material: &str,
        name: &str,
    ) -> Result<AttachmentId, SimulationError> {
        let Some(life) = self.units.get(unit) else { return Ok(AttachmentId::default()) };
        if let Some(id) = life.files.get(material) {
            return Ok(id.clone());
        }
        let call = self.act(&life.actor, "upload");
        let content = stream::iter([Ok::<_, Infallible>(sample_pdf(&format!("Simulated material: {material}")))]);
        let uploaded = self
            .platform
            .upload_file(&call, project, material, &format!("{name}.pdf"), "application/pdf", content)
            .await;
        let id = self.tried("upload a file", uploaded)?.id;
        if let Some(life) = self.units.get_mut(unit) {
            life.files.insert(material.to_owned(), id.clone());
        }
        Ok(id)
    }

    pub(super) async fn apply(&mut self, project: usize, item: &str) -> Result<(), SimulationError> {
        let Some(case) = self.hand_in(project, item).await? else { return Ok(()) };
        if self.gives_way("withdraw") || self.percent(1) {
            self.after_working_days(1, Next::Withdraw { case });
        } else {
            self.after_working_days(1, Next::Receive { case });
        }
        Ok(())
    }

    /// An application with all its files; nothing when the platform refuses it.
    pub(super) async fn hand_in(&mut self, project: usize, item: &str) -> Result<Option<usize>, SimulationError> {
        let Some(life) = self.projects.get(project) else { return Ok(None) };
        let (unit, id) = (life.unit, life.id.clone());
        let Some(actor) = self.units.get(unit).map(|u| u.actor.clone()) else { return Ok(None) };
        let call = self.act(&actor, "apply");
        let page = match self.platform.application_page(&call, &id, item).await {
            Err(Failure::Refused(_)) => return Ok(None),
            other => self.tried("open an application", other)?,
        };
        let mut materials = BTreeMap::new();
        for need in page.materials.iter().filter(|n| n.required && n.shared.is_none()) {
            let file = self.file(unit, &id, &need.material.id, &need.material.name).await?;
            materials.insert(need.material.id.clone(), vec![file]);
        }
        let open = page.commitment.is_some_and(|offer| offer.barred.is_none());
        let commitment = open && self.percent(25);
        let way = if commitment { ApplicationWay::Commitment { promised: true } } else { ApplicationWay::Ordinary };
        let form = ApplyForItem { item: item.to_owned(), materials, way, unclassified: true };
        let case = match self.platform.apply_for_item(&call, &id, &form).await {
            // The project's code was taken out of force meanwhile.
            Err(Failure::Refused(_)) => return Ok(None),
            other => self.tried("apply for an item", other)?,
        };
        self.summary.cases += 1;
        self.summary.promised += u32::from(commitment);
        self.cases.push(CaseLife {
            project,
            id: case,
            item: page.item,
            agency: page.agency,
            suspended_until: None,
            accepted_on: None,
            proposed: None,
            unreviewed: false,
            promised: commitment,
        });
        Ok(Some(self.cases.len() - 1))
    }

    pub(super) async fn void_code(&mut self, project: usize) -> Result<(), SimulationError> {
        let Some(life) = self.projects.get_mut(project) else { return Ok(()) };
        if std::mem::replace(&mut life.voided, true) {
            return Ok(());
        }
        let id = life.id.clone();
        let region = domain::region::INNER_MONGOLIA;
        let agency = Agency::new("development_reform", region);
        let general = self.general_administration(&agency).await?;
        let call = self.act(&general, "void");
        let voided = self.platform.void_code(&call, &id, "项目单位书面说明项目不再建设，按规定作废代码。").await;
        self.tried("void a code", voided)
    }

    /// The officer of general administration, opened at need.
    pub(super) async fn general_administration(&mut self, agency: &Agency) -> Result<Actor, SimulationError> {
        use domain::account::{Post, Role};
        let login = "zonghe-150000";
        let known = self.platform.find_officer(login).await;
        if let Some(actor) = self.tried("find an officer", known)? {
            return Ok(actor);
        }
        let post = Post {
            department: agency.department.clone(),
            region: agency.region,
            role: Role::GeneralAdministration,
            from: self.plan.from,
            to: None,
        };
        let officer = crate::DemoOfficer {
            login: login.into(),
            name: self.kinds.person(&self.chance),
            posts: vec![post],
            password: None,
        };
        let id = crate::open_demo_officer(self.platform, &officer).await?;
        let actor = self.platform.actor(&id).await;
        self.tried("read an account", actor)
    }
}
