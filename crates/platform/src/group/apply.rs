//! One joint application: which items may join, one form with one set of materials, one commit.

use crate::{
    Action, Call, Failure, Platform,
    attachment::AttachmentRow,
    case::{CaseRow, MaterialNeed, in_force},
    failure::again,
    project::declaration_region,
};
use domain::{
    Refusal,
    case::{self, Case, Outcome},
    group::{self, Branch, Candidate, Formation, Group, GroupKind, ParallelStage, Standing},
    ids::{AttachmentId, GroupId, ProjectId},
    item::{Item, Material},
    project::Declared,
};
use ledger::Refused;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a unit hands in for several items at once: each material once, whichever items need it.
#[derive(Debug, Clone, Default)]
pub struct ApplyForGroup {
    /// Code of the stage; empty for items of the unit's own choice.
    pub stage: String,
    /// Item codes.
    pub items: Vec<String>,
    /// Material id → files.
    pub materials: BTreeMap<String, Vec<AttachmentId>>,
    /// The unit declares that nothing it hands in is classified (K-11).
    pub unclassified: bool,
}

/// One needed item on the page where items are chosen.
#[derive(Debug, Clone)]
pub struct JoinItem {
    /// The item.
    pub item: &'static Item,
    /// Who would handle it.
    pub agency_name: String,
    /// Whether it may join, and if not why.
    pub candidate: Candidate,
    /// Code of its stage.
    pub stage: &'static str,
}

/// The page where items are chosen.
#[derive(Debug, Clone)]
pub struct JoiningPage {
    /// What was declared.
    pub declared: Arc<Declared>,
    /// Whether the project's code is in force.
    pub active: bool,
    /// Stages, in order.
    pub stages: &'static [ParallelStage],
    /// Every needed item, in lawful order.
    pub items: Vec<JoinItem>,
}

/// A material of the joint form.
#[derive(Debug, Clone)]
pub struct SharedNeed {
    /// The material with its files; required when any item requires it.
    pub need: MaterialNeed,
    /// Names of the items it goes to.
    pub items: Vec<&'static str>,
}

/// The joint form.
#[derive(Debug, Clone)]
pub struct GroupForm {
    /// What was declared.
    pub declared: Arc<Declared>,
    /// A stage or free.
    pub kind: GroupKind,
    /// Full name of the lead.
    pub lead_name: String,
    /// The chosen items, in lawful order.
    pub items: Vec<JoinItem>,
    /// Materials, each once.
    pub materials: Vec<SharedNeed>,
    /// Why these items cannot be applied for together; empty when they can.
    pub refusals: Vec<Refusal>,
}

fn standing(declared: &Declared, cases: &[CaseRow]) -> Standing {
    let items = |fits: fn(&CaseRow) -> bool| cases.iter().filter(|c| fits(c)).map(|c| c.item.clone()).collect();
    Standing {
        needed: declared.needed.iter().cloned().collect(),
        done: items(|case| case.outcome == Some(Outcome::Granted)),
        running: items(|case| !case.stage.is_ended()),
    }
}

impl Platform {
    /// The kind a form asks for; an unknown stage is not there.
    fn group_kind(&self, stage: &str) -> Result<GroupKind, Failure> {
        if stage.is_empty() {
            return Ok(GroupKind::Free);
        }
        let stage = self.rules.parallel.stage(stage).ok_or(Failure::NotThere)?;
        Ok(GroupKind::Stage { code: stage.code.clone(), name: stage.name.clone() })
    }

    /// Everything a project still needs, and what may be applied for together now.
    pub async fn joining_page(&self, call: &Call, project: &ProjectId) -> Result<JoiningPage, Failure> {
        let (stream, declared) = self.load_project(call, Action::ApplyForItem, project).await?;
        let cases = self.cases_of_project(project).await?;
        let candidates = group::candidates(self.rules.catalogue, &standing(&declared, &cases));
        let items = candidates.into_iter().filter_map(|candidate| self.join_item(&declared, candidate)).collect();
        let active = stream.state.state == domain::project::ProjectState::Active;
        Ok(JoiningPage { declared, active, stages: &self.rules.parallel.stages, items })
    }

    fn join_item(&self, declared: &Declared, candidate: Candidate) -> Option<JoinItem> {
        let item = self.rules.catalogue.item(&candidate.item)?;
        Some(JoinItem {
            item,
            agency_name: self.agency_for(item, declared).name(),
            stage: self.rules.parallel.stage_of(&item.code).map_or("", |stage| stage.code.as_str()),
            candidate,
        })
    }

    /// The joint form for the chosen items. Unknown and doubled codes are left out.
    pub async fn group_form(
        &self,
        call: &Call,
        project: &ProjectId,
        stage: &str,
        items: &[String],
    ) -> Result<GroupForm, Failure> {
        let (_, declared) = self.load_project(call, Action::ApplyForItem, project).await?;
        let kind = self.group_kind(stage)?;
        let cases = self.cases_of_project(project).await?;
        let candidates = group::candidates(self.rules.catalogue, &standing(&declared, &cases));
        let chosen = self.chosen_items(items);
        let formation = self.formation(&declared, kind.clone(), &chosen, GroupId::default())?;
        let lead_name = formation.lead_name.clone();
        let refusals = group::form(formation, &candidates, self.rules.parallel).err().unwrap_or_default();
        let shown = chosen.iter().filter_map(|item| {
            let candidate = candidates.iter().find(|c| c.item == item.code)?;
            self.join_item(&declared, candidate.clone())
        });
        let items = shown.collect();
        let materials = self.shared_needs(call, project, &declared, &chosen, &cases).await?;
        Ok(GroupForm { declared, kind, lead_name, items, materials, refusals })
    }

    /// Items of these codes, each once, in lawful order.
    fn chosen_items(&self, codes: &[String]) -> Vec<&'static Item> {
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let ordered = self.rules.catalogue.order(&codes);
        ordered.into_iter().filter_map(|code| self.rules.catalogue.item(code)).collect()
    }

    /// The materials of all chosen items, each once, in the order they are first asked for.
    async fn shared_needs(
        &self,
        call: &Call,
        project: &ProjectId,
        declared: &Declared,
        chosen: &[&'static Item],
        cases: &[CaseRow],
    ) -> Result<Vec<SharedNeed>, Failure> {
        let mut wanted: Vec<(&'static Material, bool, Vec<&'static str>)> = Vec::new();
        for item in chosen {
            let guide = self.guide_in_force(&item.code).await?;
            for (material, required) in self.demanded(item, declared, guide.as_ref()) {
                match wanted.iter_mut().find(|(known, _, _)| known.id == material.id) {
                    Some((_, any, items)) => {
                        *any |= required;
                        items.push(&item.name);
                    }
                    None => wanted.push((material, required, vec![&item.name])),
                }
            }
        }
        let handed_in = self.handed_in(project).await?;
        let mut needs = Vec::with_capacity(wanted.len());
        for (material, required, items) in wanted {
            let need = self.material_need(call, project, material, required, &handed_in, cases).await?;
            needs.push(SharedNeed { need, items });
        }
        Ok(needs)
    }

    /// One material with the files the unit has for it.
    pub(crate) async fn material_need(
        &self,
        call: &Call,
        project: &ProjectId,
        material: &'static Material,
        required: bool,
        handed_in: &BTreeSet<AttachmentId>,
        cases: &[CaseRow],
    ) -> Result<MaterialNeed, Failure> {
        let files = self.offered_files(call, &material.id, project).await?;
        let is_fresh = |file: &AttachmentRow| file.project == *project && !handed_in.contains(&file.id);
        let (mut fresh, offered): (Vec<_>, Vec<_>) = files.into_iter().partition(is_fresh);
        fresh.reverse();
        let (hint, shared) = (material.hint.clone(), crate::case::shared_result(material, cases));
        Ok(MaterialNeed { material, hint, required, fresh, offered, shared })
    }

    fn formation(
        &self,
        declared: &Declared,
        kind: GroupKind,
        chosen: &[&'static Item],
        id: GroupId,
    ) -> Result<Formation, Failure> {
        let branches: Vec<Branch> = chosen
            .iter()
            .map(|item| {
                let agency = self.agency_for(item, declared);
                Branch {
                    case: domain::ids::CaseId::default(),
                    item: item.code.clone(),
                    item_name: item.name.clone(),
                    agency_name: agency.name(),
                    agency,
                }
            })
            .collect();
        let place = declaration_region(declared);
        let lead = group::lead_of(self.rules.parallel, &kind, &branches, place).ok_or_else(|| {
            Failure::from(Refusal::field("items", "group.size", "请先选择要一并申请的事项，至少两项。"))
        })?;
        Ok(Formation {
            id,
            project: declared.id.clone(),
            project_name: declared.name.clone(),
            code: declared.code.clone(),
            unit: declared.unit.clone(),
            unit_name: declared.unit_name.clone(),
            kind,
            lead_name: lead.name(),
            lead,
            branches,
            materials: Vec::new(),
            rulebook: self.rules.version(),
        })
    }

    /// 并联申请: one case for each item and one group, all or nothing in one commit. A shared material goes to each case
    /// that needs it.
    pub async fn apply_for_group(
        &self,
        call: &Call,
        project: &ProjectId,
        form: &ApplyForGroup,
    ) -> Result<GroupId, Failure> {
        let apply = again(|| async {
            let (project_stream, declared) = self.load_project(call, Action::ApplyForItem, project).await?;
            let cases = self.cases_of_project(project).await?;
            let chosen = self.chosen_items(&form.items);
            let id = GroupId::from_random(self.chance.id());
            let mut formation = self.formation(&declared, self.group_kind(&form.stage)?, &chosen, id.clone())?;
            let mut submitted = Vec::with_capacity(chosen.len());
            let mut wrong: Vec<Refusal> = Vec::new();
            for (item, branch) in chosen.iter().zip(&mut formation.branches) {
                let guide = self.guide_in_force(&item.code).await?;
                let needs = self.demanded(item, &declared, guide.as_ref());
                let given = self.given(call, &needs, &form.materials, &cases).await?;
                for name in given.iter().map(|given| &given.name) {
                    if !formation.materials.contains(name) {
                        formation.materials.push(name.clone());
                    }
                }
                let application = self.application(&declared, item, guide.as_ref(), (given, form.unclassified));
                branch.case = application.id.clone();
                match case::submit(application, &project_stream.state, &required(&needs)) {
                    Ok(events) => submitted.push((branch.case.clone(), events)),
                    // What is wrong with the whole is said once.
                    Err(refusals) => {
                        let said =
                            |one: &Refusal| wrong.iter().any(|w: &Refusal| w.code == one.code && w.field == one.field);
                        let fresh: Vec<_> = refusals.into_iter().filter(|one| !said(one)).collect();
                        wrong.extend(fresh);
                    }
                }
            }
            let candidates = group::candidates(self.rules.catalogue, &standing(&declared, &cases));
            let events = group::form(formation, &candidates, self.rules.parallel)?;
            if !wrong.is_empty() {
                return Err(each_once(wrong).into());
            }
            let mut change = self.change(call);
            change.append(self.load::<Group>(id.as_str()).await?, &events)?;
            for (case, events) in &submitted {
                change.append(self.load::<Case>(case.as_str()).await?, events)?;
            }
            change.exactly_one(in_force(project, &project_stream));
            change
                .commit_or(id.as_str(), |refused| match refused {
                    Refused::Taken(what) if what.as_deref().is_some_and(|w| !w.contains("once")) => Refusal::new(
                        "case.running",
                        "所选事项中有的已有正在办理或已办结的申请，不能重复申请。请返回重新选择事项。",
                    )
                    .into(),
                    other => crate::stream::refused(other),
                })
                .await?;
            Ok(id)
        });
        self.once(call, GroupId::parse, apply).await
    }
}

/// Required materials as `submit` wants them.
pub(crate) fn required(needs: &[(&Material, bool)]) -> Vec<(String, String)> {
    needs.iter().filter(|(_, required)| *required).map(|(m, _)| (m.id.clone(), m.name.clone())).collect()
}

/// A missing shared material is told once, not once for each item.
fn each_once(refusals: Vec<Refusal>) -> Vec<Refusal> {
    refusals.into_iter().fold(Vec::new(), |mut told, refusal| {
        if !told.contains(&refusal) {
            told.push(refusal);
        }
        told
    })
}
