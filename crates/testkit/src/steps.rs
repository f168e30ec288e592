//! The steps of a project's life, as short as a test wants them.

use crate::{Person, World, answers, files};
use domain::{
    account::Role,
    case::{ApplicationWay, Decision, Delivery, Outcome, Point, Proposal, Way},
    declaration::Answers,
    department::Agency,
    guide::{Contact, Page},
    ids::{AttachmentId, CaseId, ProjectId},
};
use futures_util::stream;
use jiff::civil::Date;
use platform::{Call, Failure, Platform, attachment::AttachmentRow, case::ApplyForItem, upload::FileType};
use std::convert::Infallible;

/// 告知承诺, with the promises given.
pub const PROMISED: ApplicationWay = ApplicationWay::Commitment { promised: true };

/// A good decision of today.
pub fn decision(world: &World, outcome: Outcome) -> Decision {
    let today = world.platform.clock.now().date();
    Decision {
        outcome,
        opinion: "经审查，符合法定条件。".to_owned(),
        document_number: format!("赤水许〔{}〕{}号", today.year(), world.next()),
        title: "关于水土保持方案的行政许可决定".to_owned(),
        decided_on: today,
        valid_until: None,
        unreviewed: None,
    }
}

/// A point of a correction notice about the application as a whole.
pub fn point(text: &str) -> Point {
    Point { material: None, text: text.to_owned() }
}

/// Answers in words to that many points.
pub fn supplied(points: usize) -> Vec<(String, Vec<AttachmentId>)> {
    (1..=points).map(|n| (format!("已按第{n}条补正。"), Vec::new())).collect()
}

impl World {
    /// 甲公司 declares the sample project of [`answers::record_filing`].
    pub async fn project(&self) -> ProjectId {
        self.declare(&self.agent, &answers::record_filing()).await
    }

    /// Somebody declares a project.
    pub async fn declare(&self, person: &Person, answers: &Answers) -> ProjectId {
        self.platform.declare_project(&person.call(), answers, None).await.unwrap()
    }

    /// Uploads a small file for a material.
    pub async fn upload(&self, call: &Call, project: &ProjectId, material: &str) -> Result<AttachmentRow, Failure> {
        let formats = &self.platform.rules.catalogue.material(material).unwrap().formats;
        let types: Vec<_> = formats.iter().filter_map(|f| FileType::parse(f.extension())).collect();
        let (name, bytes) = files::one_of(&types, material);
        let content = stream::iter([Ok::<_, Infallible>(bytes::Bytes::from(bytes))]);
        self.platform.upload_file(call, project, material, &name, "", content).await
    }

    /// What an application for an item hands in: a fresh file for each required material no result stands for.
    pub async fn filled(&self, person: &Person, project: &ProjectId, item: &str) -> ApplyForItem {
        let page = self.platform.application_page(&person.call(), project, item).await.unwrap();
        let mut form = ApplyForItem { item: item.to_owned(), unclassified: true, ..ApplyForItem::default() };
        for need in page.materials.iter().filter(|need| need.required && need.shared.is_none()) {
            let file = self.upload(&person.call(), project, &need.material.id).await.unwrap();
            form.materials.insert(need.material.id.clone(), vec![file.id]);
        }
        form
    }

    /// Applies for an item with all its materials.
    pub async fn apply(&self, person: &Person, project: &ProjectId, item: &str) -> CaseId {
        let form = self.filled(person, project, item).await;
        self.platform.apply_for_item(&person.call(), project, &form).await.unwrap()
    }

    /// 甲公司's case for 水土保持方案 (water × 150402), just submitted.
    pub async fn submitted(&self) -> CaseId {
        let project = self.project().await;
        self.apply(&self.agent, &project, "soil_water").await
    }

    /// The same by 告知承诺.
    pub async fn promised(&self) -> CaseId {
        let project = self.project().await;
        let form = self.filled(&self.agent, &project, "soil_water").await;
        let form = ApplyForItem { way: PROMISED, ..form };
        self.platform.apply_for_item(&self.agent.call(), &project, &form).await.unwrap()
    }

    /// 甲公司's ordinary case, received by this officer.
    pub async fn received(&self, officer: &Person) -> CaseId {
        let case = self.submitted().await;
        self.receive(officer, &case).await;
        case
    }

    /// The same, accepted by this officer.
    pub async fn accepted(&self, officer: &Person) -> CaseId {
        let case = self.received(officer).await;
        self.accept(officer, &case).await;
        case
    }

    /// 收件.
    pub async fn receive(&self, officer: &Person, case: &CaseId) {
        self.platform.receive_case(&officer.call(), case).await.unwrap();
    }

    /// 受理.
    pub async fn accept(&self, officer: &Person, case: &CaseId) {
        self.platform.accept_case(&officer.call(), case, true).await.unwrap();
    }

    /// 拟办 by one and 审核 by another officer of the case's organ, so that a third may decide. An item that one person
    /// decides needs neither.
    pub async fn reviewed(&self, case: &CaseId, outcome: Outcome) {
        let page = self.platform.case_page(&Call::system("look"), case).await.unwrap();
        if page.case.is_one_step() {
            return;
        }
        let (undertaker, reviewer) = self.desk(&page.application.agency).await;
        let proposal = Proposal { outcome, opinion: "经审查，拟办如上。".to_owned() };
        self.platform.propose_decision(&undertaker.call(), case, proposal).await.unwrap();
        self.platform.review_proposal(&reviewer.call(), case, "同意拟办意见。").await.unwrap();
    }

    /// An undertaker and a reviewer of an organ, always the same two.
    pub async fn desk(&self, agency: &Agency) -> (Person, Person) {
        let mut desks = self.desks.lock().await;
        if let Some(desk) = desks.get(agency) {
            return desk.clone();
        }
        let (department, region) = (agency.department.as_str(), agency.region.as_str());
        let undertaker = self.officer(department, region, &[Role::Undertaker]).await;
        let desk = (undertaker, self.officer(department, region, &[Role::Reviewer]).await);
        desks.insert(agency.clone(), desk.clone());
        desk
    }

    /// 拟办, 审核, 准予 by this officer, and with it 办结.
    pub async fn grant(&self, officer: &Person, case: &CaseId) {
        self.grant_on(&self.platform, officer, case).await;
    }

    /// The same on a platform with other settings.
    pub async fn grant_on(&self, platform: &Platform, officer: &Person, case: &CaseId) {
        self.reviewed(case, Outcome::Granted).await;
        let decision = decision(self, Outcome::Granted);
        platform.decide_case(&officer.call(), case, decision).await.unwrap();
    }

    /// 送达 of a granted licence today, so that nothing more is owed.
    pub async fn deliver(&self, officer: &Person, case: &CaseId) {
        let on = self.platform.clock.now().date();
        let delivery = Delivery { on, by: Way::InPerson, receiver: "李工".to_owned() };
        self.platform.deliver_licence(&officer.call(), case, delivery).await.unwrap();
    }
}

/// The people who keep the guides of a department of the autonomous region.
#[derive(Debug, Clone)]
pub struct GuideKeepers {
    /// 经办岗: writes.
    pub writer: Person,
    /// 审核岗: reviews.
    pub reviewer: Person,
    /// 部门负责人: publishes and retires.
    pub manager: Person,
}

/// A page of the form with a complete contact: what the first version of every guide lacks.
pub fn guide_contact(phone: &str) -> Page {
    let contact = Contact {
        window: "水利厅窗口".into(),
        phone: phone.into(),
        address: "呼和浩特市；工作日 9:00 至 17:00".into(),
    };
    Page::Oversight { supervision: vec!["按批复的方案实施。".into()], contacts: vec![contact] }
}

impl World {
    /// Those of the water department are appointed.
    pub async fn guide_keepers(&self) -> GuideKeepers {
        self.guide_keepers_of("water").await
    }

    /// Those of any department are appointed.
    pub async fn guide_keepers_of(&self, department: &str) -> GuideKeepers {
        let of = |role| async move { self.officer(department, "150000", &[role]).await };
        GuideKeepers {
            writer: of(Role::Undertaker).await,
            reviewer: of(Role::Reviewer).await,
            manager: of(Role::DepartmentManager).await,
        }
    }

    /// Writes these pages into a draft of 水土保持方案's guide, which is reviewed, agreed to and published from that day on.
    pub async fn publish_guide(&self, keepers: &GuideKeepers, pages: Vec<Page>, from: Date) {
        let p = &self.platform;
        let (writer, item) = (keepers.writer.call(), "soil_water");
        p.begin_guide(&writer, item).await.unwrap();
        for page in pages.into_iter().chain([guide_contact("0471-1234567")]) {
            let seen = p.guide_page(&writer, item).await.unwrap().guide.draft.unwrap().revision;
            p.revise_guide(&writer, item, page, seen).await.unwrap();
        }
        p.submit_guide(&writer, item, "补充联系方式").await.unwrap();
        p.approve_guide(&keepers.reviewer.call(), item, "同意").await.unwrap();
        p.publish_guide(&keepers.manager.call(), item, from).await.unwrap();
    }
}
