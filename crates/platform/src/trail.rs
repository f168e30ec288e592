//! 痕迹: what happened, when, by whom, read straight from the ledger. Nothing else writes it.

use crate::{
    Failure, Platform,
    case::CaseRow,
    stream::{join, stream_id},
};
use domain::{
    Aggregate, Moment,
    case::{Case, CaseEvent},
    group::{Group, GroupEvent},
    guide::{Guide, GuideEvent, Page},
    ids::{CaseId, GroupId, ProjectId},
    project::{Project, ProjectEvent},
};
use ledger::Event;
use std::collections::BTreeMap;

/// In whose lane an entry stands on the tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// 项目单位.
    Applicant,
    /// 审批部门.
    Departments,
    /// 平台.
    Platform,
    /// 依法不计入的时间.
    Excluded,
}

impl Lane {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applicant => "项目单位",
            Self::Departments => "审批部门",
            Self::Platform => "在线平台",
            Self::Excluded => "不计时",
        }
    }
}

/// One entry of the trail.
#[derive(Debug, Clone)]
pub struct TrailEntry {
    /// When it happened.
    pub at: Moment,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// Who: a person's shown name, a unit, or the platform.
    pub actor: String,
    /// Whose lane.
    pub lane: Lane,
    /// What happened.
    pub title: String,
    /// More words.
    pub detail: String,
    /// The item it is about; empty for the project as a whole.
    pub item: String,
    /// The case it belongs to.
    pub case: Option<CaseId>,
    /// Position in its stream and hash of the event: what an outsider can verify.
    pub proof: String,
}

impl Platform {
    /// A project and all its cases, oldest first.
    pub(crate) async fn project_trail(&self, id: &ProjectId, cases: &[CaseRow]) -> Result<Vec<TrailEntry>, Failure> {
        let mut streams = vec![stream_id::<Project>(id.as_str())];
        streams.extend(cases.iter().map(|c| stream_id::<Case>(c.id.as_str())));
        streams.extend(self.group_streams(id).await?);
        let items: BTreeMap<String, &CaseRow> = cases.iter().map(|c| (stream_id::<Case>(c.id.as_str()), c)).collect();
        let events = self.store.events_of(&streams).await.map_err(Failure::fault)?;
        self.entries_of(&events, &items).await
    }

    /// Entries of these events, in their order; `items` names the cases by their streams.
    pub(crate) async fn entries_of(
        &self,
        events: &[Event],
        items: &BTreeMap<String, &CaseRow>,
    ) -> Result<Vec<TrailEntry>, Failure> {
        let names = self.actor_names(events).await?;
        events.iter().map(|event| entry(event, items.get(&event.stream).copied(), &names)).collect()
    }

    /// One case, oldest first.
    pub(crate) async fn case_trail(&self, id: &CaseId) -> Result<Vec<TrailEntry>, Failure> {
        self.stream_trail(&stream_id::<Case>(id.as_str())).await
    }

    /// One stream, oldest first.
    pub(crate) async fn stream_trail(&self, stream: &str) -> Result<Vec<TrailEntry>, Failure> {
        let events = self.store.events(stream).await.map_err(Failure::fault)?;
        let names = self.actor_names(&events).await?;
        events.iter().map(|event| entry(event, None, &names)).collect()
    }

    /// One parallel group itself, oldest first.
    pub(crate) async fn group_trail(&self, id: &GroupId) -> Result<Vec<TrailEntry>, Failure> {
        let events = self.store.events(&stream_id::<Group>(id.as_str())).await.map_err(Failure::fault)?;
        let names = self.actor_names(&events).await?;
        events.iter().map(|event| entry(event, None, &names)).collect()
    }

    pub(crate) async fn group_streams(&self, project: &ProjectId) -> Result<Vec<String>, Failure> {
        let rows = self
            .store
            .query("SELECT id FROM case_groups WHERE project_id = $1 ORDER BY formed_at, id", [project.as_str().into()])
            .await
            .map_err(Failure::fault)?;
        rows.iter()
            .map(|row| row.try_get::<String>("", "id").map(|id| stream_id::<Group>(&id)).map_err(Failure::fault))
            .collect()
    }

    pub(crate) async fn actor_names(&self, events: &[Event]) -> Result<BTreeMap<String, String>, Failure> {
        self.names_of(events.iter().map(|event| event.actor.as_str())).await
    }

    /// Shown names of those who act: an officer's own, the unit of an agent.
    pub(crate) async fn names_of<'a>(
        &self,
        actors: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let mut names = BTreeMap::from([("system".to_owned(), "在线平台".to_owned())]);
        for actor in actors {
            if names.contains_key(actor) {
                continue;
            }
            let rows = self
                .store
                .query(
                    "SELECT a.name, COALESCE(u.name, '') AS unit_name FROM accounts a LEFT JOIN units u ON u.id = a.unit_id WHERE a.id = $1",
                    [actor.into()],
                )
                .await
                .map_err(Failure::fault)?;
            let name = match rows.first() {
                Some(row) => {
                    let unit: String = row.try_get("", "unit_name").map_err(Failure::fault)?;
                    let name: String = row.try_get("", "name").map_err(Failure::fault)?;
                    if unit.is_empty() { name } else { unit }
                }
                None => actor.to_owned(),
            };
            names.insert(actor.to_owned(), name);
        }
        Ok(names)
    }
}

fn entry(event: &Event, case: Option<&CaseRow>, names: &BTreeMap<String, String>) -> Result<TrailEntry, Failure> {
    let (lane, title, detail) = match event.stream.split(':').next().unwrap_or_default() {
        Project::KIND => project_words(&join(&event.kind, &event.data).map_err(Failure::fault)?),
        Group::KIND => group_words(&join(&event.kind, &event.data).map_err(Failure::fault)?),
        Guide::KIND => guide_words(&join(&event.kind, &event.data).map_err(Failure::fault)?),
        _ => case_words(&join(&event.kind, &event.data).map_err(Failure::fault)?),
    };
    Ok(TrailEntry {
        at: Moment(event.at),
        recorded_at: Moment(event.recorded_at),
        actor: names.get(&event.actor).cloned().unwrap_or_default(),
        lane,
        title: title.to_owned(),
        detail,
        item: case.map(|c| c.item_name.clone()).unwrap_or_default(),
        case: case.map(|c| c.id.clone()),
        proof: format!("第 {} 条 · {}", event.version, hex::encode(event.hash).chars().take(16).collect::<String>()),
    })
}

fn project_words(event: &ProjectEvent) -> (Lane, &'static str, String) {
    match event {
        ProjectEvent::ProjectDeclared(d) => (
            Lane::Applicant,
            "申报项目，取得项目代码",
            format!("{}，{}类项目，需要办理 {} 个事项", d.code, d.regime.name(), d.needed.len()),
        ),
        ProjectEvent::CodeCertificateIssued { document } => (Lane::Platform, "生成项目代码证", document.number.clone()),
        ProjectEvent::CodeVoided { reason } => (Lane::Departments, "项目代码作废", reason.clone()),
        ProjectEvent::PersonalCorrected { .. } => {
            (Lane::Departments, "按请求更正个人信息", "个人信息保护法第四十六条".to_owned())
        }
        ProjectEvent::PersonalLocked { .. } => {
            (Lane::Departments, "按请求锁定个人信息，不再处理", "个人信息保护法第四十七条".to_owned())
        }
        ProjectEvent::PersonalErased { years: 0, fields } => {
            (Lane::Platform, "按请求删除个人信息", format!("{} 项", fields.len()))
        }
        ProjectEvent::PersonalErased { years, fields } => {
            (Lane::Platform, "保存期限届满，清除个人信息", format!("保存 {years} 年以内的 {} 项", fields.len()))
        }
        ProjectEvent::ProjectWithdrawn { reason } => (Lane::Applicant, "撤回项目", reason.clone()),
    }
}

fn group_words(event: &GroupEvent) -> (Lane, &'static str, String) {
    match event {
        GroupEvent::GroupFormed(f) => (
            Lane::Applicant,
            "提交并联申请",
            format!("{}，{} 个事项，牵头部门：{}", f.kind.title(), f.branches.len(), f.lead_name),
        ),
        GroupEvent::GroupReceived { document } => (Lane::Departments, "联合收件", document.number.clone()),
        GroupEvent::JointLimitExtended { extension, .. } => (
            Lane::Departments,
            "延长联合办理期限",
            format!("{} 个工作日（{}），文书：{}", extension.days, extension.article, extension.document),
        ),
        GroupEvent::GroupHandedBack { document } => {
            (Lane::Platform, "统一出件，生成联合办结告知书", document.number.clone())
        }
    }
}

fn case_words(event: &CaseEvent) -> (Lane, &'static str, String) {
    match event {
        CaseEvent::CaseSubmitted(a) => {
            (Lane::Applicant, "提交申请", format!("向{}提交，材料 {} 项", a.agency_name, a.materials.len()))
        }
        CaseEvent::CommitmentGiven { document } => (Lane::Applicant, "以告知承诺方式申请", document.number.clone()),
        CaseEvent::CaseReceived { document } => (Lane::Departments, "收件", document.number.clone()),
        CaseEvent::ContentsReviewed { by } => (Lane::Departments, "核对材料，确认不含涉密内容", by.name.clone()),
        CaseEvent::CodeVerified { code } => (Lane::Departments, "核验项目代码，通过", code.clone()),
        CaseEvent::CodeNotVerified { code, message, .. } => {
            (Lane::Departments, "核验项目代码，未通过", format!("{code}:{message}"))
        }
        CaseEvent::CorrectionAsked { points, document, repeated: None } => {
            (Lane::Departments, "一次性告知补正", format!("{} 条，{}", points.len(), document.number))
        }
        CaseEvent::CorrectionAsked { points, document, repeated: Some(reason) } => {
            (Lane::Departments, "再次告知补正", format!("{} 条，{}；理由：{reason}", points.len(), document.number))
        }
        CaseEvent::CorrectionSupplied { answers } => (Lane::Applicant, "提交补正", format!("{} 条", answers.len())),
        CaseEvent::CaseAccepted { document } => (Lane::Departments, "受理", document.number.clone()),
        CaseEvent::CaseDeemedAccepted { document } => {
            (Lane::Platform, "五个工作日未告知，视为受理", document.number.clone())
        }
        CaseEvent::DeadlinePrompted { name, article, due, mark, .. } => {
            (Lane::Platform, mark.name(), format!("{name}（{article}），应于 {due} 前（含当日）办结"))
        }
        CaseEvent::DueDateMoved(moved) => (
            Lane::Platform,
            "工作日历更新，届满日调整",
            format!("{}由 {} 改为 {}，依据《{}》", moved.period, moved.from, moved.to, moved.notice),
        ),
        CaseEvent::CaseNotAccepted { ground, reason, .. } => {
            (Lane::Departments, "不予受理", format!("{}\u{ff1a}{reason}", ground.name()))
        }
        CaseEvent::ClockSuspended { suspension, notice } => (
            Lane::Excluded,
            "暂停计时",
            format!(
                "{}（{}），文书：{}{}",
                suspension.ground.name(),
                suspension.ground.article(),
                suspension.document,
                notice
                    .as_ref()
                    .map(|n| format!("；以{}方式告知，预计至 {}", n.told_by.name(), n.planned_until))
                    .unwrap_or_default()
            ),
        ),
        CaseEvent::ClockResumed { to } => (Lane::Excluded, "恢复计时", format!("不计时至 {to}")),
        CaseEvent::CaseDecided(d) => {
            (Lane::Departments, "作出决定", format!("{}\u{ff0c}{} {}", d.outcome.name(), d.document_number, d.title))
        }
        CaseEvent::CaseCompleted { document } => (Lane::Platform, "办结，生成办结告知书", document.number.clone()),
        CaseEvent::CaseWithdrawn { reason } => (Lane::Applicant, "撤回申请", reason.clone()),
        CaseEvent::CorrectedOnSpot { correction } => {
            (Lane::Applicant, "当场更正", format!("{} → {}（{}）", correction.wrong, correction.right, correction.by))
        }
        CaseEvent::CaseTransferred { to_name, reason, .. } => {
            (Lane::Departments, "转送", format!("转送{to_name}；{reason}"))
        }
        CaseEvent::CaseClaimed { undertaker } => (Lane::Departments, "领办", undertaker.name.clone()),
        CaseEvent::CaseHandedOver { to, reason } => {
            (Lane::Departments, "转办", format!("转由{}办理；{reason}", to.name))
        }
        CaseEvent::DecisionProposed { proposal } => {
            (Lane::Departments, "提出拟办意见", format!("拟{}", proposal.outcome.name()))
        }
        CaseEvent::ProposalReviewed { .. } => (Lane::Departments, "审核同意", String::new()),
        CaseEvent::ProposalSentBack { .. } => (Lane::Departments, "退回重新拟办", String::new()),
        CaseEvent::LimitExtended { extension, by, order, document } => (
            Lane::Departments,
            "延长办理期限",
            format!("延长 {} 日，经{}批准，{}；{}", extension.days, by.name(), document.number, order.reason),
        ),
        CaseEvent::SpecialBegun { plan } => (
            if plan.kind.ground.is_some() { Lane::Excluded } else { Lane::Departments },
            "启动特别程序",
            format!("{}，预计至 {}，文书：{}", plan.kind.name, plan.planned_until, plan.paper),
        ),
        CaseEvent::SpecialEnded { name, result, .. } => {
            (Lane::Departments, "特别程序结束", format!("{name}：{} 文书：{}", sentence(&result.result), result.paper))
        }
        CaseEvent::HearingOffered { told_on, told_by, paper } => {
            (Lane::Departments, "告知听证权利", format!("{told_on} 以{}方式告知，文书：{paper}", told_by.name()))
        }
        CaseEvent::HearingAsked { .. } => (Lane::Applicant, "申请听证", String::new()),
        CaseEvent::LicenceDelivered { delivery } => (
            Lane::Departments,
            "送达",
            format!("{} {}，签收人：{}", delivery.on, delivery.by.name(), delivery.receiver),
        ),
        CaseEvent::StartNoted { on } => (Lane::Applicant, "开工建设", on.to_string()),
        CaseEvent::LicenceRevoked { revocation, .. } => (
            Lane::Departments,
            revocation.ground.revoking().name(),
            format!("{}；{}", revocation.ground.name(), revocation.document_number),
        ),
        CaseEvent::AmendmentAsked { request } => {
            (Lane::Applicant, "申请变更或者延续", format!("{}；{}", request.kind.name(), request.reason))
        }
        CaseEvent::AmendmentDecided { decision, .. } => (
            Lane::Departments,
            "决定变更或者延续",
            format!("{}，{}", decision.outcome.name(), decision.document_number),
        ),
        CaseEvent::CommitmentChecked { check, document } => {
            let rectify = check.rectify_by.map(|day| format!("，整改至 {day}")).unwrap_or_default();
            let words = format!("{}{rectify}，{}", check.finding.name(), document.number);
            (Lane::Departments, "核查承诺", words)
        }
        CaseEvent::RenewedBySilence { until } => (Lane::Platform, "视为准予延续", format!("有效期至 {until}")),
        CaseEvent::ExpiryReminded { until, .. } => (Lane::Platform, "有效期届满提醒", format!("有效期至 {until}")),
        CaseEvent::LicenceLapsed { on } => (Lane::Platform, "许可届满失效", on.to_string()),
    }
}

fn guide_words(event: &GuideEvent) -> (Lane, &'static str, String) {
    let departments = |title, detail: &str| (Lane::Departments, title, detail.to_owned());
    match event {
        GuideEvent::GuideLoaded { from, rulebook, .. } => {
            (Lane::Platform, "按事项目录生成第 1 版", format!("目录版本 {rulebook}，自 {from} 起生效"))
        }
        GuideEvent::GuideDraftBegun { base } => (Lane::Departments, "开始修订", format!("以第 {base} 版为底稿")),
        GuideEvent::GuideRevised { page } => departments("修改修订稿", page_name(page)),
        GuideEvent::GuideSampleAdded { sample } => departments("添加样表", &sample.name),
        GuideEvent::GuideSampleRemoved { .. } => departments("移除样表", ""),
        GuideEvent::GuideDraftDropped => departments("放弃修订", ""),
        GuideEvent::GuideSubmitted { note } => departments("提交审核", note),
        GuideEvent::GuideReturned { reason } => departments("审核退回", reason),
        GuideEvent::GuideApproved { opinion } => departments("审核通过", opinion),
        GuideEvent::GuidePublished { version, from } => {
            (Lane::Departments, "发布", format!("第 {version} 版，自 {from} 起生效"))
        }
        GuideEvent::GuideUnscheduled { version, reason } => {
            (Lane::Departments, "撤回待生效版本", format!("第 {version} 版：{reason}"))
        }
        GuideEvent::GuideRetired { on, reason } => (Lane::Departments, "停用", format!("自 {on} 起停用：{reason}")),
    }
}

fn page_name(page: &Page) -> &'static str {
    match page {
        Page::Basics { .. } => "依据、内容和受理条件",
        Page::Materials { .. } => "申报材料",
        Page::Process { .. } => "流程、时限和收费",
        Page::Oversight { .. } => "监管要求和联系方式",
        Page::Help { .. } => "常见问题和常见错误",
    }
}

/// What somebody typed, ended like a sentence.
fn sentence(text: &str) -> String {
    if text.ends_with(['。', '！', '？', '；']) { text.to_owned() } else { format!("{text}。") }
}
