//! Who may do what: one declared table, one function. Deny is the default (S-05, S-10).
//!
//! Handling a case needs a post in the same department and the same region; a superior level sees what lies below it
//! and may expedite, not decide (design §5).

use crate::Actor;
use domain::{
    Refusal,
    account::{Post, Role},
    ids::UnitId,
    region::{RegionCode, Regions},
};

/// Everything a person can ask of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Public query of codes, papers, projects, items.
    QueryPublic,
    /// Open a place for a project unit.
    RegisterUnit,
    /// Write and submit a declaration.
    DeclareProject,
    /// Read a project with everything in it.
    ReadProject,
    /// See a project's personal answers in full.
    UnmaskContact,
    /// Give a project up.
    WithdrawProject,
    /// Take a code out of force.
    VoidCode,
    /// Apply for an item.
    ApplyForItem,
    /// Hand in files.
    UploadFile,
    /// Read files of an application.
    ReadFile,
    /// Answer a correction notice.
    SupplyCorrection,
    /// Take an application back.
    WithdrawCase,
    /// Read a case.
    ReadCase,
    /// 收件.
    ReceiveCase,
    /// 核验项目代码.
    VerifyCode,
    /// 一次性告知补正.
    AskCorrection,
    /// 受理.
    AcceptCase,
    /// 不予受理.
    NotAcceptCase,
    /// 暂停计时.
    SuspendClock,
    /// 恢复计时.
    ResumeClock,
    /// 作出决定.
    DecideCase,
    /// Read a parallel group with all branches.
    ReadGroup,
    /// 联合收件.
    ReceiveGroup,
    /// 延长联合办理期限.
    ExtendGroup,
    /// 转送 to the organ that decides.
    TransferCase,
    /// 领办.
    ClaimCase,
    /// 转办 within the department.
    HandOverCase,
    /// 提出拟办意见.
    ProposeDecision,
    /// 审核同意.
    ReviewProposal,
    /// 退回重新拟办.
    SendBackProposal,
    /// 征求意见, and take it back.
    AskConsultation,
    /// Read a consultation.
    ReadConsultation,
    /// Reply to one.
    ReplyConsultation,
    /// 延长办理期限.
    ExtendLimit,
    /// 特别程序, 告知听证权利.
    RunSpecial,
    /// 申请听证.
    AskHearing,
    /// 登记送达, 登记开工.
    DeliverLicence,
    /// 撤销、撤回、注销.
    RevokeLicence,
    /// 核查承诺.
    CheckCommitment,
    /// 申请变更或者延续.
    AskAmendment,
    /// Note what has lapsed or been renewed by silence.
    SettleLicence,
    /// The list of what is owed.
    ReadWorkList,
    /// 消息中心.
    ReadMessages,
    /// Download a paper.
    PrintDocument,
    /// Read a guide with its draft and its review.
    ReadGuide,
    /// Write in the draft of a guide.
    WriteGuide,
    /// Review the draft of a guide.
    ReviewGuide,
    /// Publish and retire a guide.
    PublishGuide,
    /// Hand the own post to a colleague for a time.
    DelegatePost,
    /// Open officers' accounts, without any post.
    ManageAccounts,
    /// Give posts without a second person: command line, demonstration.
    GrantPosts,
    /// See organs, their people and posts.
    ReadPosts,
    /// Propose a post.
    ProposePost,
    /// Confirm or refuse a proposed post.
    ConfirmPost,
    /// End a post.
    EndPost,
    /// Write changed rows of posts anew from the ledger.
    RestorePosts,
    /// Load the staff list.
    ImportStaff,
    /// The supervisor's home: lights, rankings, cards to chase.
    ReadSupervision,
    /// Read a supervision card.
    ReadCard,
    /// Answer it for the department.
    AnswerCard,
    /// 销号.
    CloseCard,
    /// Hand it up.
    EscalateCard,
    /// 督办.
    ExpediteCase,
    /// Read an expediting order.
    ReadOrder,
    /// Reply to it.
    ReplyOrder,
    /// Look through the ledger for what the rules find.
    RunSupervision,
    /// Load a year's holidays and re-issue due dates.
    ManageCalendar,
    /// Record what the passing of time does to cases.
    SweepDeadlines,
    /// Choose the channels that reach oneself.
    ChooseNotifications,
    /// Queue and send what is due.
    DeliverNotifications,
    /// Sign the papers that were issued.
    SealPapers,
    /// 账户中心: the own password, second factor and sessions.
    KeepAccount,
    /// Find accounts and see how they stand.
    ReadAccounts,
    /// Enable a disused officer's account.
    EnableOfficer,
    /// Propose to take a second factor away; enable a disused unit's account.
    ProposeReset,
    /// Confirm or refuse it.
    ConfirmReset,
    /// Search and export the security audit, see its verifications.
    ReadAudit,
    /// Export lists of cases and projects.
    ExportLists,
    /// Confirm or refuse such an export of another person.
    ConfirmExport,
    /// The same for an export of the security audit.
    ConfirmAuditExport,
    /// Ask for a verification now.
    VerifyEvidence,
    /// Archive old records of the security audit.
    ArchiveAudit,
    /// Keep checkpoints and verify what is due.
    KeepEvidence,
    /// Look through the security audit for what the rules find.
    WatchAudit,
    /// Read security alarms.
    ReadAlarms,
    /// Acknowledge an alarm, open and report an incident, close it.
    HandleAlarm,
    /// 封存内容: see what was sealed for its marking — never its content.
    ReadHolds,
    /// Report it, release it, propose its purge.
    DecideHold,
    /// Confirm or refuse a purge that another proposed.
    ConfirmPurge,
    /// Seal old files, destroy what was purged.
    KeepFiles,
    /// 公开审核: publish a result that another decided, hold it back, withdraw it.
    ReviewPublication,
    /// 保存期限: the register of personal data with what is due and erased.
    ReadRetention,
    /// 提出更正或者删除个人信息.
    AskRights,
    /// Answer it.
    AnswerRights,
}

impl Action {
    /// Every action, in the order of the printed matrix.
    pub const ALL: [Self; 94] = [
        Self::QueryPublic,
        Self::RegisterUnit,
        Self::DeclareProject,
        Self::ReadProject,
        Self::UnmaskContact,
        Self::WithdrawProject,
        Self::VoidCode,
        Self::ApplyForItem,
        Self::UploadFile,
        Self::ReadFile,
        Self::SupplyCorrection,
        Self::WithdrawCase,
        Self::ReadCase,
        Self::ReceiveCase,
        Self::VerifyCode,
        Self::AskCorrection,
        Self::AcceptCase,
        Self::NotAcceptCase,
        Self::SuspendClock,
        Self::ResumeClock,
        Self::DecideCase,
        Self::ReadGroup,
        Self::ReceiveGroup,
        Self::ExtendGroup,
        Self::TransferCase,
        Self::ClaimCase,
        Self::HandOverCase,
        Self::ProposeDecision,
        Self::ReviewProposal,
        Self::SendBackProposal,
        Self::AskConsultation,
        Self::ReadConsultation,
        Self::ReplyConsultation,
        Self::ExtendLimit,
        Self::RunSpecial,
        Self::AskHearing,
        Self::DeliverLicence,
        Self::RevokeLicence,
        Self::CheckCommitment,
        Self::AskAmendment,
        Self::SettleLicence,
        Self::ReadWorkList,
        Self::ReadMessages,
        Self::PrintDocument,
        Self::ReadGuide,
        Self::WriteGuide,
        Self::ReviewGuide,
        Self::PublishGuide,
        Self::DelegatePost,
        Self::ManageAccounts,
        Self::GrantPosts,
        Self::ReadPosts,
        Self::ProposePost,
        Self::ConfirmPost,
        Self::EndPost,
        Self::RestorePosts,
        Self::ImportStaff,
        Self::ReadSupervision,
        Self::ReadCard,
        Self::AnswerCard,
        Self::CloseCard,
        Self::EscalateCard,
        Self::ExpediteCase,
        Self::ReadOrder,
        Self::ReplyOrder,
        Self::RunSupervision,
        Self::ManageCalendar,
        Self::SweepDeadlines,
        Self::ChooseNotifications,
        Self::DeliverNotifications,
        Self::SealPapers,
        Self::KeepAccount,
        Self::ReadAccounts,
        Self::EnableOfficer,
        Self::ProposeReset,
        Self::ConfirmReset,
        Self::ReadAudit,
        Self::ExportLists,
        Self::ConfirmExport,
        Self::ConfirmAuditExport,
        Self::VerifyEvidence,
        Self::ArchiveAudit,
        Self::KeepEvidence,
        Self::WatchAudit,
        Self::ReadAlarms,
        Self::HandleAlarm,
        Self::ReadHolds,
        Self::DecideHold,
        Self::ConfirmPurge,
        Self::KeepFiles,
        Self::ReviewPublication,
        Self::ReadRetention,
        Self::AskRights,
        Self::AnswerRights,
    ];
}

/// How far a post reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Same department, same region.
    Own,
    /// Same department, its own region and all below.
    Below,
    /// Same department, only below its own region: a superior department.
    StrictlyBelow,
    /// Any department, its own region and all below.
    Territory,
}

/// One cell of the policy.
#[derive(Debug, Clone, Copy)]
enum Grant {
    /// Anybody, signed in or not.
    Anyone,
    /// Any agent of a project unit, for itself.
    AnyUnit,
    /// An agent of the unit the object belongs to.
    OwnUnit,
    /// An officer with one of these roles, as far as the post reaches.
    Post(&'static [Role], Reach),
    /// The platform itself.
    System,
}

use Grant::{AnyUnit, Anyone, OwnUnit, System};
use Role::{
    Approver, AuditAdministrator, DepartmentManager, GeneralAdministration, Receptionist, Reviewer,
    SecurityAdministrator, Supervisor, SystemAdministrator, Undertaker,
};

const WINDOW: &[Role] = &[Receptionist, Undertaker];
const CASE_WORK: &[Role] = &[Receptionist, Undertaker, Reviewer, Approver, DepartmentManager];
/// Who speaks for a department to the supervisor.
const ANSWERING: &[Role] = &[Undertaker, Approver, DepartmentManager];
const OVERSIGHT: &[Role] = &[GeneralAdministration, Supervisor];

/// The policy. A superior department reads below; territory-wide posts read everything in their territory.
const fn policy(action: Action) -> &'static [Grant] {
    use Action as A;
    use Grant::Post as P;
    match action {
        A::QueryPublic => &[Anyone],
        A::RegisterUnit => &[Anyone, System],
        A::DeclareProject | A::UploadFile => &[AnyUnit],
        A::ReadMessages => &[AnyUnit],
        A::WithdrawProject | A::ApplyForItem | A::SupplyCorrection | A::WithdrawCase => &[OwnUnit],
        A::AskHearing | A::AskAmendment => &[OwnUnit],
        A::ReadProject | A::ReadCase | A::ReadGroup | A::ReadFile | A::PrintDocument => {
            &[OwnUnit, P(CASE_WORK, Reach::Below), P(OVERSIGHT, Reach::Territory), System]
        }
        A::UnmaskContact => &[
            P(&[Receptionist, Undertaker, DepartmentManager], Reach::Below),
            P(&[GeneralAdministration], Reach::Territory),
        ],
        A::VoidCode => &[P(&[GeneralAdministration], Reach::Territory)],
        A::ReceiveCase | A::AskCorrection | A::AcceptCase | A::NotAcceptCase | A::VerifyCode => {
            &[P(WINDOW, Reach::Own)]
        }
        A::ReceiveGroup => &[P(WINDOW, Reach::Own)],
        A::ExtendGroup => &[P(&[Approver, DepartmentManager], Reach::Own)],
        A::TransferCase | A::DeliverLicence => &[P(WINDOW, Reach::Own)],
        A::ClaimCase | A::ProposeDecision => &[P(&[Undertaker], Reach::Own)],
        A::HandOverCase => &[P(&[Undertaker, DepartmentManager], Reach::Own)],
        A::ReviewProposal => &[P(&[Reviewer], Reach::Own)],
        A::SendBackProposal => &[P(&[Reviewer, Approver], Reach::Own)],
        A::AskConsultation => &[P(&[Undertaker], Reach::Own)],
        A::ReadConsultation => &[P(CASE_WORK, Reach::Own), P(OVERSIGHT, Reach::Territory)],
        A::ReplyConsultation => &[P(ANSWERING, Reach::Own)],
        A::ExtendLimit => &[P(&[DepartmentManager], Reach::Own)],
        A::RunSpecial => &[P(&[Undertaker, Approver], Reach::Own)],
        A::RevokeLicence => &[P(&[Approver], Reach::Own)],
        A::CheckCommitment => &[P(&[Undertaker], Reach::Own)],
        A::SettleLicence => &[System],
        A::SuspendClock | A::ResumeClock => &[P(&[Undertaker, Approver], Reach::Own)],
        A::DecideCase => &[P(&[Approver], Reach::Own)],
        A::ReadWorkList => &[P(CASE_WORK, Reach::Below), P(OVERSIGHT, Reach::Territory)],
        A::ReadGuide => &[P(CASE_WORK, Reach::Own), P(OVERSIGHT, Reach::Territory)],
        A::WriteGuide => &[P(&[Undertaker, DepartmentManager], Reach::Own)],
        A::ReviewGuide => &[P(&[Reviewer, DepartmentManager], Reach::Own)],
        A::PublishGuide => &[P(&[DepartmentManager], Reach::Own)],
        A::ReadSupervision => &[P(&[Supervisor], Reach::Territory)],
        A::ReadCard => &[P(CASE_WORK, Reach::Own), P(&[Supervisor], Reach::Territory)],
        A::AnswerCard | A::ReplyOrder => &[P(ANSWERING, Reach::Own)],
        A::CloseCard | A::EscalateCard => &[P(&[Supervisor], Reach::Territory)],
        A::ExpediteCase => &[P(&[Supervisor], Reach::Territory), P(&[DepartmentManager], Reach::StrictlyBelow)],
        A::ReadOrder => {
            &[P(CASE_WORK, Reach::Own), P(&[DepartmentManager], Reach::Below), P(&[Supervisor], Reach::Territory)]
        }
        A::RunSupervision => &[System],
        A::DelegatePost => &[P(&[Reviewer, Approver, DepartmentManager], Reach::Own)],
        A::ManageAccounts => &[P(&[SystemAdministrator, SecurityAdministrator], Reach::Territory)],
        A::GrantPosts => &[System],
        A::ReadPosts => &[
            P(&[SystemAdministrator, SecurityAdministrator, AuditAdministrator], Reach::Territory),
            P(&[DepartmentManager], Reach::Own),
        ],
        A::ProposePost | A::ConfirmPost | A::EndPost | A::RestorePosts | A::ImportStaff => {
            &[P(&[SecurityAdministrator], Reach::Territory)]
        }
        A::ManageCalendar => &[P(&[SystemAdministrator, GeneralAdministration], Reach::Territory)],
        A::SweepDeadlines => &[System],
        A::ChooseNotifications => &[AnyUnit, P(&Role::ALL, Reach::Territory)],
        A::DeliverNotifications => &[System],
        A::SealPapers => &[System],
        A::KeepAccount => &[AnyUnit, P(&Role::ALL, Reach::Territory)],
        A::ReadAccounts => {
            &[P(&[SystemAdministrator, SecurityAdministrator], Reach::Territory), P(&[DepartmentManager], Reach::Own)]
        }
        A::EnableOfficer => &[P(&[SystemAdministrator], Reach::Territory), P(&[DepartmentManager], Reach::Own)],
        A::ProposeReset => &[P(&[SystemAdministrator], Reach::Territory)],
        A::ConfirmReset => &[P(&[SecurityAdministrator], Reach::Territory)],
        A::ReadAudit | A::VerifyEvidence | A::ArchiveAudit => &[P(&[AuditAdministrator], Reach::Territory)],
        A::ExportLists => &[P(CASE_WORK, Reach::Below), P(OVERSIGHT, Reach::Territory)],
        A::ConfirmExport => &[P(&[DepartmentManager], Reach::Own), P(&[GeneralAdministration], Reach::Territory)],
        A::ConfirmAuditExport => &[P(&[AuditAdministrator, SecurityAdministrator], Reach::Territory)],
        A::KeepEvidence | A::WatchAudit => &[System],
        A::ReadAlarms => &[P(&[SecurityAdministrator, AuditAdministrator], Reach::Territory)],
        A::HandleAlarm => &[P(&[SecurityAdministrator], Reach::Territory)],
        A::ReadHolds | A::DecideHold | A::ConfirmPurge => &[P(&[SecurityAdministrator], Reach::Territory)],
        A::KeepFiles => &[System],
        A::AskRights => &[OwnUnit],
        A::AnswerRights => &[P(&[GeneralAdministration], Reach::Territory)],
        A::ReadRetention => &[P(&[SecurityAdministrator], Reach::Territory)],
        A::ReviewPublication => {
            &[P(&[Reviewer, Approver, DepartmentManager], Reach::Below), P(&[GeneralAdministration], Reach::Territory)]
        }
    }
}

/// What the action is about, as far as permission must know it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Object<'a> {
    /// The unit it belongs to.
    pub unit: Option<&'a UnitId>,
    /// The department that handles it.
    pub department: Option<&'a str>,
    /// The region it lies in.
    pub region: Option<RegionCode>,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in.
    #[error("not signed in")]
    NotSignedIn,
    /// Known, but not allowed.
    #[error("not allowed")]
    Forbidden(#[source] Refusal),
    /// Its very existence is not this person's to know.
    #[error("hidden")]
    Hidden,
}

/// Proof that permission was asked and given; only [`decide`] makes one.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Permit(());

/// The one decision.
pub fn decide(actor: &Actor, action: Action, object: Object<'_>, regions: &Regions) -> Result<Permit, Denied> {
    if policy(action).iter().any(|grant| covers(*grant, actor, object, regions)) {
        return Ok(Permit(()));
    }
    Err(match actor {
        Actor::Public => Denied::NotSignedIn,
        Actor::Unit { unit, .. } if object.unit.is_some_and(|owner| owner != unit) => Denied::Hidden,
        Actor::Officer { posts, .. } if !posts.iter().any(|p| reaches(p, Reach::Territory, object, regions)) => {
            Denied::Hidden
        }
        _ => Denied::Forbidden(
            Refusal::new("permission.denied", "您的岗位没有此项权限。如确需办理，请联系本部门负责人调整岗位。")
                .article("办法第八条"),
        ),
    })
}

fn covers(grant: Grant, actor: &Actor, object: Object<'_>, regions: &Regions) -> bool {
    match (grant, actor) {
        (Anyone, _) | (AnyUnit, Actor::Unit { .. }) | (System, Actor::System) => true,
        (OwnUnit, Actor::Unit { unit, .. }) => object.unit == Some(unit),
        (Grant::Post(roles, reach), Actor::Officer { posts, .. }) => {
            posts.iter().any(|post| roles.contains(&post.role) && reaches(post, reach, object, regions))
        }
        _ => false,
    }
}

fn reaches(post: &Post, reach: Reach, object: Object<'_>, regions: &Regions) -> bool {
    let department = object.department.is_none_or(|d| d == post.department);
    match reach {
        Reach::Own => department && object.region.is_none_or(|r| r == post.region),
        Reach::Below => department && object.region.is_none_or(|r| regions.within(post.region, r)),
        Reach::StrictlyBelow => {
            department && object.region.is_none_or(|r| r != post.region && regions.within(post.region, r))
        }
        Reach::Territory => object.region.is_none_or(|r| regions.within(post.region, r)),
    }
}

/// Roles × actions × relation, as text: reviewed as a diff (`docs/security/permission-matrix.txt`).
pub fn matrix(regions: &Regions) -> String {
    use std::fmt::Write;
    let mine = UnitId("u-mine".into());
    let foreign = UnitId("u-foreign".into());
    let actor_unit = Actor::Unit {
        account: domain::ids::AccountId("a".into()),
        unit: mine.clone(),
        login: String::new(),
        unit_name: String::new(),
    };
    let region = |text: &str| RegionCode::parse(text).unwrap_or(domain::region::INNER_MONGOLIA);
    let officer = |role| Actor::Officer {
        account: domain::ids::AccountId("a".into()),
        name: String::new(),
        posts: vec![Post {
            department: "ecology".into(),
            region: region("150400"),
            role,
            from: jiff::civil::Date::ZERO,
            to: None,
        }],
    };
    let at = |unit, department, code: &str| Object {
        unit: Some(unit),
        department: Some(department),
        region: Some(region(code)),
    };
    let cases: [(&str, Object<'_>); 5] = [
        ("own", at(&mine, "ecology", "150400")),
        ("below", at(&foreign, "ecology", "150402")),
        ("above", at(&foreign, "ecology", "150000")),
        ("other-department", at(&foreign, "water", "150400")),
        ("other-region", at(&foreign, "ecology", "150100")),
    ];
    let mut text = String::from(
        "# Who may do what. Office posts sit in ecology × 150400; `own` belongs to the signed-in unit.\n# A allowed, - forbidden (403), h hidden (404), s sign in first (401)\n",
    );
    let mut people: Vec<(String, Actor)> = vec![("public".into(), Actor::Public), ("unit".into(), actor_unit)];
    people.extend(Role::ALL.into_iter().map(|r| (format!("{r:?}"), officer(r))));
    people.push(("system".into(), Actor::System));
    let _ =
        writeln!(text, "{:<24}{:<18}{}", "who", "action", cases.map(|(n, _)| format!("{n:<18}")).concat().trim_end());
    for (who, actor) in &people {
        for action in Action::ALL {
            let cells = cases.map(|(_, object)| match decide(actor, action, object, regions) {
                Ok(_) => "A",
                Err(Denied::Forbidden(_)) => "-",
                Err(Denied::Hidden) => "h",
                Err(Denied::NotSignedIn) => "s",
            });
            let _ = writeln!(
                text,
                "{who:<24}{:<18}{}",
                format!("{action:?}"),
                cells.map(|c| format!("{c:<18}")).concat().trim_end()
            );
        }
    }
    text
}
