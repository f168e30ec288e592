//! Every route of every face as nobody and as the wrong person (S-05, A-23, A-01). The tables are walked, so a new route
//! is covered by itself; a path parameter without a sample fails.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use domain::{
    account::Role,
    consultation::{Question, Silence},
    department::Agency,
    document::DocumentKind,
    export::What,
    ids::{CaseId, GroupId},
    region::RegionCode,
    time_stamp::StampDigest,
};
use futures_util::stream;
use platform::group::ApplyForGroup;
use platform::{Call, detection::AlarmFilter, export::Wanted, hold::HoldFilter, ports::Clock, supervision::CardFilter};
use std::{collections::BTreeMap, sync::Arc};
use testkit::{Answer, Client, LocalTsa, PASSWORD, Person, World, answers, both_engines, point};
use web::{Access, Face, Route};

both_engines! {
    a01_nobody_comes_in_where_somebody_must_be_signed_in,
    a01_what_belongs_to_others_is_not_there,
    a23_the_right_person_comes_in_everywhere_and_reading_changes_nothing,
    a09_a_change_without_our_origin_or_token_is_refused,
    s12_every_change_leaves_one_audit_record_also_when_refused,
    s12_every_read_of_restricted_data_leaves_one_audit_record_and_no_other_read_does,
    s12_a_change_from_a_foreign_page_leaves_its_record_too,
    s04_a_session_of_one_face_opens_nothing_on_another,
    s04_a_half_session_opens_the_step_it_owes_and_nothing_else,
}

pub fn routes(face: Face) -> Vec<Route> {
    match face {
        Face::Portal => web::portal::routes(),
        Face::Office => web::office::routes(),
        Face::Api => web::api::routes(),
    }
}

pub const FACES: [Face; 3] = [Face::Portal, Face::Office, Face::Api];

/// One thing of every kind, all of 甲公司 and, where an organ handles it, of water × 150402.
pub struct Samples {
    officer: Person,
    /// Keeps the guides of the department.
    keeper: Person,
    /// Is asked for an opinion on the case.
    consulted: Person,
    /// By the word before the parameter and its name.
    values: BTreeMap<(&'static str, &'static str), String>,
}

impl Samples {
    pub async fn lay_out(world: &World) -> Self {
        let officer = world.all_hands("water", "150402").await;
        let p = &world.platform;
        let case = world.received(&officer).await;
        p.ask_correction(&officer.call(), &case, vec![point("补充附图")]).await.unwrap();
        let project = p.case_page(&officer.call(), &case).await.unwrap().application.project.clone();
        let (group, branch) = Self::group(world).await;
        let content = stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::png())]);
        let picture =
            p.upload_file(&world.agent.call(), &project, "project_decision", "附图.png", "", content).await.unwrap();
        let answers = vec![(String::new(), vec![picture.id.clone()])];
        p.supply_correction(&world.agent.call(), &case, answers).await.unwrap();
        world.accept(&officer, &case).await;
        let page = p.case_page(&officer.call(), &case).await.unwrap();
        let notice = page.case.documents.iter().find(|d| d.kind == DocumentKind::AcceptanceNotice).unwrap();
        let code = page.application.code.clone();
        let file = page.application.materials[0].files[0].id.to_string();
        let message = p.messages(&world.agent.call(), None, 1).await.unwrap()[0].id.to_string();
        let draft = p.begin_draft(&world.agent.call(), answers::record_filing()).await.unwrap().to_string();
        let (printed, _) = p.print_document(&officer.call(), &notice.number).await.unwrap();
        p.seal_papers(&Call::system("sweep")).await.unwrap();
        let stamper = Some(Arc::new(LocalTsa::new(StampDigest::Sm3)) as Arc<dyn platform::ports::TimeStamper>);
        let stamping = platform::Platform::new(platform::Parts { stamper, ..(**p).clone() });
        stamping.stamp_papers(&Call::system("sweep")).await.unwrap();
        let number = escape(&notice.number);
        let (card, order, proof) = supervised(world, &officer).await;
        let item = "soil_water".to_owned();
        let keeper =
            world.officer("water", "150000", &[Role::Undertaker, Role::Reviewer, Role::DepartmentManager]).await;
        p.begin_guide(&keeper.call(), &item).await.unwrap();
        let content = stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::pdf("样表"))]);
        p.add_guide_sample(&keeper.call(), &item, "soil_water_plan", "样表.pdf", "", content).await.unwrap();
        let guide = p.guide_page(&keeper.call(), &item).await.unwrap().guide.draft.unwrap().guide;
        let today = p.clock.now().date();
        world.publish_guide(&world.guide_keepers().await, vec![], today).await;
        p.begin_guide(&keeper.call(), &item).await.unwrap();
        let consulted = world.officer("emergency", "150402", &[Role::Undertaker]).await;
        let question = Question {
            to: Agency::new("emergency", RegionCode::parse("150402").unwrap()),
            text: "是否影响行洪？".into(),
            reply_by: p.rules.calendar.add_working_days(today, 3),
            silence: Silence::Awaited,
            basis: String::new(),
        };
        let consultation = p.ask_consultation(&officer.call(), &case, &question).await.unwrap();
        let content = stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::pdf("告知书"))]);
        let paper = p.upload_suspension_paper(&officer.call(), &case, ("告知书.pdf", ""), content).await.unwrap();
        let client = Client::portal(world).signed_in(world, &world.agent).await;
        let account = p.account_page(&world.public(), platform::account::Face::Portal, client.token()).await.unwrap();
        let session = account.current;
        let alarm = alarm(world).await;
        let content = stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::pdf("标志"))]);
        let sealed = p.upload_file(&world.agent.call(), &project, "project_decision", "机密.pdf", "", content).await;
        assert!(sealed.is_err(), "the name carries a marking");
        let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
        let (holds, _) = p.held_content(&security.call(), HoldFilter::default(), None).await.unwrap();
        let completed = world.accepted(&officer).await;
        world.grant(&officer, &completed).await;
        let wish = domain::personal::Wish::Delete;
        let asked = p.ask_rights(&world.agent.call(), &project, "contact_mobile", wish, ("离职", "")).await.unwrap();
        let wanted = Wanted { what: What::Cases, ..Wanted::default() };
        let export = p.ask_export(&officer.call(), &wanted, "月度通报").await.unwrap();
        let values = BTreeMap::from([
            (("rights", "id"), asked.to_string()),
            (("exports", "id"), export.to_string()),
            (("holds", "id"), holds[0].id.to_string()),
            (("accounts", "id"), officer.account().to_string()),
            (("alarms", "id"), alarm),
            (("people", "id"), officer.account().to_string()),
            (("organs", "agency"), "water-150402".to_owned()),
            (("sessions", "id"), session),
            (("keys", "id"), "00".repeat(16)),
            (("projects", "id"), project.to_string()),
            (("projects", "code"), code.clone()),
            (("codes", "code"), code.clone()),
            (("public", "code"), code),
            (("cases", "id"), case.to_string()),
            (("groups", "id"), group.to_string()),
            (("branches", "case"), branch.to_string()),
            (("consultations", "id"), consultation.to_string()),
            (("pages", "file"), file.clone()),
            (("files", "file"), file),
            (("pictures", "file"), picture.id.to_string()),
            (("publications", "id"), completed.to_string()),
            (("papers", "number"), number.clone()),
            (("papers", "file"), paper.id.to_string()),
            (("check", "number"), number),
            (("seal", "value"), printed.check_value),
            (("messages", "id"), message),
            (("declare", "draft"), draft),
            (("{draft}", "group"), "basics".to_owned()),
            (("cards", "id"), card),
            (("orders", "id"), order),
            (("attachments", "file"), proof),
            (("items", "item"), item.clone()),
            (("items", "code"), item.clone()),
            (("guides", "item"), item),
            (("versions", "number"), "1".to_owned()),
            (("edit", "page"), "basics".to_owned()),
            (("samples", "file"), guide.samples[0].id.to_string()),
        ]);
        Self { officer, keeper, consulted, values }
    }

    /// A joint application of 甲公司 for two items of water × 150402, which therefore leads.
    async fn group(world: &World) -> (GroupId, CaseId) {
        let changes = [("project_name", "英金河滞洪区仓储项目"), ("flood_area", "yes")];
        let project = world.declare(&world.agent, &answers::with(answers::record_filing(), &changes)).await;
        let items = ["soil_water".to_owned(), "flood_impact".to_owned()];
        let call = world.agent.call();
        let page = world.platform.group_form(&call, &project, "", &items).await.unwrap();
        let mut form = ApplyForGroup { items: items.to_vec(), unclassified: true, ..ApplyForGroup::default() };
        for shared in page.materials.iter().filter(|shared| shared.need.required) {
            let id = &shared.need.material.id;
            form.materials.insert(id.clone(), vec![world.upload(&call, &project, id).await.unwrap().id]);
        }
        let group = world.platform.apply_for_group(&call, &project, &form).await.unwrap();
        let branch = world.platform.group_page(&call, &group).await.unwrap().branches.remove(0).row.id;
        (group, branch)
    }

    /// The path with samples for its parameters.
    pub fn fill(&self, path: &str) -> String {
        let mut before = "";
        let mut filled = Vec::new();
        for part in path.split('/') {
            filled.push(match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                Some(name) => match self.values.iter().find(|((word, n), _)| *word == before && *n == name) {
                    Some((_, value)) => value.as_str(),
                    None => panic!("no sample for {{{name}}} after {before} in {path}: add one to Samples"),
                },
                None => part,
            });
            before = part;
        }
        filled.join("/")
    }
}

/// A card and an expediting order of the officer's organ: an application answered after the five days.
async fn supervised(world: &World, officer: &Person) -> (String, String, String) {
    let p = &world.platform;
    let late = world.received(officer).await;
    p.ask_correction(&officer.call(), &late, vec![point("请补充盖章页。")]).await.unwrap();
    p.supply_correction(&world.agent.call(), &late, testkit::supplied(1)).await.unwrap();
    let today = p.clock.now().date();
    world.set_day(p.rules.calendar.add_working_days(today, 7));
    world.accept(officer, &late).await;
    let card = testkit::patiently("the card of the late case", async || {
        p.supervise(&Call::system("sweep")).await.unwrap();
        let rows = p.cards(&officer.call(), &CardFilter::default(), None).await.unwrap().rows;
        rows.into_iter().find(|row| row.case == late)
    });
    let card = card.await.id;
    let by = p.rules.calendar.add_working_days(p.clock.now().date(), 2);
    let order = p.issue_order(&world.supervisor().await.call(), &late, "请办结。", by).await.unwrap();
    let content = stream::iter([Ok::<_, std::convert::Infallible>(testkit::files::pdf("proof"))]);
    let proof = p.upload_card_file(&officer.call(), &card, ("说明.pdf", ""), content).await.unwrap();
    (card.to_string(), order.to_string(), proof.id.to_string())
}

/// An alarm: somebody guessed passwords.
async fn alarm(world: &World) -> String {
    let mut stranger = Client::office(world).at("203.0.113.9".parse().unwrap());
    for _ in 0..10 {
        stranger.post("/login", &[("login", "nobody-here"), ("password", "guess")]).await;
    }
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let alarm = testkit::patiently("the alarm", async || {
        world.platform.detect(&Call::system("detection")).await.unwrap();
        world.platform.alarms(&security.call(), &AlarmFilter::default(), None).await.unwrap().rows.pop()
    });
    alarm.await.id.to_string()
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Routes that take a file, with the query that says for what.
const UPLOADS: [(&str, &str); 5] = [
    ("/projects/{id}/files", "?item=soil_water&material=soil_water_plan"),
    ("/guides/{item}/samples", "?material=soil_water_plan"),
    ("/supervision/cards/{id}/attachments", ""),
    ("/cases/{id}/suspend/papers", ""),
    ("/staff/preview", ""),
];

fn upload(route: &Route) -> Option<&'static str> {
    UPLOADS.iter().find(|(path, _)| *path == route.path).map(|(_, query)| *query)
}

/// Calls a route with everything in order but the person.
async fn call(client: &mut Client, route: &Route, path: &str) -> Answer {
    match (&route.method, upload(route)) {
        (&Method::GET, _) => client.get(path).await,
        (_, None) => client.post(path, &[]).await,
        (_, Some(query)) => {
            let file = testkit::files::pdf("sweep");
            client.post_files(&format!("{path}{query}"), &[], &[("file", "a.pdf", &file)]).await
        }
    }
}

/// What does not hold, all of it at once.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{:#?}", self.0);
    }
}

fn is_sign_in(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED
        || (answer.status.is_redirection() && answer.location().starts_with("/login?next="))
}

async fn a01_nobody_comes_in_where_somebody_must_be_signed_in(world: &World) {
    let samples = Samples::lay_out(world).await;
    let mut faults = Faults::default();
    for face in FACES {
        let mut nobody = Client::new(world, face);
        for route in routes(face) {
            let path = samples.fill(route.path);
            let answer = call(&mut nobody, &route, &path).await;
            let what = || format!("{} {} {path}: {}", face.slug(), route.method, answer.status);
            if route.access == Access::Public {
                let shut = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
                faults.unless(!shut && !answer.status.is_server_error(), what);
                continue;
            }
            faults.unless(is_sign_in(&answer), what);
            if route.method == Method::GET {
                let json = nobody.send(Method::GET, &path, &[("accept", "application/json")], Body::empty()).await;
                faults.unless(json.status == StatusCode::UNAUTHORIZED, || format!("{path} as JSON: {}", json.status));
            }
        }
    }
    faults.none();
}

async fn a01_what_belongs_to_others_is_not_there(world: &World) {
    let samples = Samples::lay_out(world).await;
    let mut faults = Faults::default();
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    for route in routes(Face::Portal).into_iter().filter(|route| route.access == Access::Owner) {
        let path = samples.fill(route.path);
        let answer = call(&mut rival, &route, &path).await;
        let hidden = answer.status == StatusCode::NOT_FOUND;
        faults.unless(hidden, || format!("{} {path} as another unit: {}", route.method, answer.status));
    }
    let case_work = [Role::Receptionist, Role::Undertaker, Role::Reviewer, Role::Approver, Role::DepartmentManager];
    let wrong = [
        ("another department", world.officer("ecology", "150402", &case_work).await),
        ("another region", world.officer("water", "150502", &case_work).await),
        ("a sister region", world.officer("water", "150403", &case_work).await),
        ("a system administrator", world.officer("development_reform", "150000", &[Role::SystemAdministrator]).await),
        (
            "a county's audit administrator",
            world.officer("development_reform", "150402", &[Role::AuditAdministrator]).await,
        ),
        (
            "another county's security administrator",
            world.officer("development_reform", "150502", &[Role::SecurityAdministrator]).await,
        ),
    ];
    for (who, person) in &wrong {
        let mut client = Client::office(world).signed_in(world, person).await;
        for route in routes(Face::Office).into_iter().filter(|route| route.access == Access::Owner) {
            // The system administrator of the whole region looks after every officer.
            if *who == "a system administrator" && is_of_people(route.path) {
                continue;
            }
            if who.starts_with("a county's audit") && route.method == Method::GET && is_of_people(route.path) {
                continue;
            }
            // A project belongs to its region, not to a department: every department there reads it.
            let reads = route.method == Method::GET || route.path.ends_with("/contact");
            if *who == "another department" && reads && route.path.starts_with("/projects/") {
                continue;
            }
            let path = samples.fill(route.path);
            let answer = call(&mut client, &route, &path).await;
            let hidden = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
            faults.unless(hidden, || format!("{} {path} as {who}: {}", route.method, answer.status));
        }
    }
    faults.none();
}

fn is_of_people(path: &str) -> bool {
    ["/organs/", "/people/"].iter().any(|room| path.starts_with(room))
}

async fn a23_the_right_person_comes_in_everywhere_and_reading_changes_nothing(world: &World) {
    let samples = Samples::lay_out(world).await;
    let administration = world.general_administration().await;
    let supervisor = world.supervisor().await;
    let region = world.officer("development_reform", "150000", &[Role::GeneralAdministration]).await;
    let auditor = world.officer("development_reform", "150000", &[Role::AuditAdministrator]).await;
    let security = world.officer("development_reform", "150000", &[Role::SecurityAdministrator]).await;
    let mut faults = Faults::default();
    let root = world.platform.store.root().await.unwrap();
    for (face, people) in [
        (Face::Portal, vec![&world.agent]),
        (
            Face::Office,
            vec![
                &samples.officer,
                &administration,
                &samples.keeper,
                &samples.consulted,
                &supervisor,
                &region,
                &auditor,
                &security,
            ],
        ),
    ] {
        let mut clients = Vec::new();
        for person in people {
            clients.push(Client::new(world, face).signed_in(world, person).await);
        }
        let mut records = audit_records(world).await;
        // Whoever is signed in owes no code.
        let asked = |route: &Route| route.method == Method::GET && route.access != Access::Code;
        for route in routes(face).into_iter().filter(asked) {
            records += if route.audited { clients.len() as i64 } else { 0 };
            let path = samples.fill(route.path);
            let mut statuses = Vec::new();
            for client in &mut clients {
                let answer = client.get(&path).await;
                faults.unless(!answer.status.is_server_error() && !is_sign_in(&answer), || {
                    format!("{path}: {}", answer.status)
                });
                statuses.push(answer.status);
            }
            let shut = |s: &StatusCode| matches!(*s, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
            faults.unless(!statuses.iter().all(shut), || format!("{} {path}: {statuses:?}", face.slug()));
        }
        assert_eq!(audit_records(world).await, records, "only restricted data leave a record of reading");
    }
    assert_eq!(world.platform.store.root().await.unwrap(), root, "reading changes nothing");
    faults.none();
}

async fn a09_a_change_without_our_origin_or_token_is_refused(world: &World) {
    let samples = Samples::lay_out(world).await;
    let mut faults = Faults::default();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let multipart = ("content-type", "multipart/form-data; boundary=x");
    let part = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\r\n--x--\r\n";
    for (face, person) in [(Face::Portal, &world.agent), (Face::Office, &samples.officer)] {
        let mut client = Client::new(world, face).signed_in(world, person).await;
        let root = world.platform.store.root().await.unwrap();
        for route in routes(face).into_iter().filter(|route| route.method != Method::GET) {
            let path = samples.fill(route.path) + upload(&route).unwrap_or_default();
            let (kind, body) = if upload(&route).is_some() { (multipart, part) } else { (form, "_csrf=0000") };
            let sent = [
                ("without an origin", vec![kind]),
                ("from elsewhere", vec![kind, ("origin", "https://evil.example")]),
                ("from elsewhere", vec![kind, ("sec-fetch-site", "cross-site"), ("origin", "https://tzxm.example")]),
            ];
            for (how, headers) in sent {
                let answer = client.send(route.method.clone(), &path, &headers, Body::from(body)).await;
                faults.unless(answer.status == StatusCode::FORBIDDEN, || format!("{path} {how}: {}", answer.status));
            }
            // Signing in and out needs no token of a session; the origin alone protects it.
            if route.access != Access::Public {
                let ours = [kind, ("sec-fetch-site", "same-origin")];
                let answer = client.send(route.method, &path, &ours, Body::from(body)).await;
                let refused = matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY);
                faults.unless(refused, || format!("{path} without the token: {}", answer.status));
            }
        }
        assert_eq!(world.platform.store.root().await.unwrap(), root, "nothing was changed");
    }
    faults.none();
}

async fn audit_records(world: &World) -> i64 {
    let row = world.platform.store.query_one("SELECT COUNT(*) AS n FROM audit_entry", []).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

async fn s12_every_change_leaves_one_audit_record_also_when_refused(world: &World) {
    let samples = Samples::lay_out(world).await;
    let stranger = world.officer("water", "150502", &[Role::Receptionist, Role::Approver]).await;
    for (face, person) in [(Face::Portal, &world.rival), (Face::Office, &stranger)] {
        let nobody = Client::new(world, face);
        let somebody = Client::new(world, face).signed_in(world, person).await;
        for (who, client) in [("public", nobody), (person.account().as_str(), somebody)] {
            for route in routes(face).into_iter().filter(|route| route.method != Method::GET) {
                let path = samples.fill(route.path);
                let records = audit_records(world).await;
                let answer = call(&mut client.clone(), &route, &path).await;
                assert_eq!(
                    audit_records(world).await,
                    records + 1,
                    "{} {path} as {who}: {}",
                    face.slug(),
                    answer.status
                );
                let sql = "SELECT path, face, outcome, reason FROM audit_entry WHERE request = $1";
                let request = answer.header("x-request-id").into();
                let row = world.platform.store.query_one(sql, [request]).await.unwrap().unwrap();
                let text = |column: &str| row.try_get::<String>("", column).unwrap();
                assert_eq!((text("path"), text("face")), (path.clone(), face.slug().to_owned()));
                if route.access == Access::Owner {
                    assert_ne!(text("outcome"), "done", "{path}: {}", answer.status);
                    assert_ne!(text("reason"), "", "{path}: {}", answer.status);
                }
            }
        }
    }
}

async fn s12_every_read_of_restricted_data_leaves_one_audit_record_and_no_other_read_does(world: &World) {
    let samples = Samples::lay_out(world).await;
    let stranger = world.officer("water", "150502", &[Role::Receptionist, Role::Approver]).await;
    for (face, right, wrong) in
        [(Face::Portal, &world.agent, &world.rival), (Face::Office, &samples.officer, &stranger)]
    {
        let nobody = Client::new(world, face);
        let wrong = Client::new(world, face).signed_in(world, wrong).await;
        let right = Client::new(world, face).signed_in(world, right).await;
        for (who, mut client) in [("nobody", nobody), ("the wrong person", wrong), ("the right person", right)] {
            for route in routes(face).into_iter().filter(|route| route.method == Method::GET) {
                let path = samples.fill(route.path);
                let records = audit_records(world).await;
                let answer = client.get(&path).await;
                let left = audit_records(world).await - records;
                assert_eq!(left, i64::from(route.audited), "{} {path} as {who}: {}", face.slug(), answer.status);
                if !route.audited {
                    continue;
                }
                let sql = "SELECT method, path, outcome, reason, actor FROM audit_entry WHERE request = $1";
                let request = answer.header("x-request-id").into();
                let row = world.platform.store.query_one(sql, [request]).await.unwrap().unwrap();
                let text = |column: &str| row.try_get::<String>("", column).unwrap();
                assert_eq!((text("method"), text("path")), ("GET".to_owned(), path.clone()));
                let outcome = if answer.status.is_success() { "read" } else { "denied" };
                assert_eq!(text("outcome"), outcome, "{path} as {who}: {}", answer.status);
                assert_eq!(text("reason").is_empty(), outcome == "read", "{path} as {who}");
                assert_eq!(text("actor") == "public", who == "nobody", "{path}");
            }
        }
    }
}

async fn s12_a_change_from_a_foreign_page_leaves_its_record_too(world: &World) {
    for face in [Face::Portal, Face::Office] {
        let records = audit_records(world).await;
        let foreign = [("sec-fetch-site", "cross-site")];
        let answer = Client::new(world, face).send(Method::POST, "/login", &foreign, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(audit_records(world).await, records + 1);
        let sql = "SELECT outcome FROM audit_entry WHERE request = $1";
        let row = world.platform.store.query_one(sql, [answer.header("x-request-id").into()]).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", "outcome").unwrap(), "denied");
    }
}

async fn s04_a_session_of_one_face_opens_nothing_on_another(world: &World) {
    let samples = Samples::lay_out(world).await;
    let mut faults = Faults::default();
    let agent = Client::portal(world).signed_in(world, &world.agent).await;
    let officer = Client::office(world).signed_in(world, &samples.officer).await;
    for (face, token) in [(Face::Office, agent.token()), (Face::Portal, officer.token())] {
        let thief = Client::new(world, face).with_token(token);
        for route in routes(face).into_iter().filter(|route| route.access != Access::Public) {
            let path = samples.fill(route.path);
            let answer = call(&mut thief.clone(), &route, &path).await;
            faults
                .unless(is_sign_in(&answer), || format!("{} {} {path}: {}", face.slug(), route.method, answer.status));
        }
    }
    faults.none();
}

/// The code page, enrolment, or change of password; signing out is public.
async fn s04_a_half_session_opens_the_step_it_owes_and_nothing_else(world: &World) {
    let samples = Samples::lay_out(world).await;
    let strict = world.strict();
    let mut faults = Faults::default();
    for (face, person) in [(Face::Portal, &world.agent), (Face::Office, &samples.officer)] {
        let public = world.public();
        let half = async || {
            let signed_in = strict.sign_in(&public, testkit::face(person), &person.login, PASSWORD, "test");
            signed_in.await.unwrap().token
        };
        walk(&strict, face, &samples, &half().await, Access::Enrolment, &mut faults).await;
        let enrolled = world.enrol(&strict, person).await;
        walk(&strict, face, &samples, &half().await, Access::Code, &mut faults).await;
        // A sign-in the day before keeps the account in use; then the password is ninety days old.
        let begin = world.clock.now();
        world.later(50 * 24 * 60);
        world.both_factors(&strict, person, &enrolled.app).await;
        world.later(40 * 24 * 60);
        let late = world.both_factors(&strict, person, &enrolled.app).await;
        walk(&strict, face, &samples, &late, Access::Password, &mut faults).await;
        world.clock.set(begin);
    }
    faults.none();
}

/// Calls every route that is not public; only those of the step may answer otherwise than with the way to sign in.
async fn walk(
    platform: &platform::Platform,
    face: Face,
    samples: &Samples,
    token: &str,
    step: Access,
    faults: &mut Faults,
) {
    for route in routes(face).into_iter().filter(|route| route.access != Access::Public) {
        let path = samples.fill(route.path);
        let answer = call(&mut Client::of(platform, face).with_token(token), &route, &path).await;
        let owed = route.access == step;
        let fits = is_sign_in(&answer) != owed && !answer.status.is_server_error();
        faults.unless(fits, || format!("{} {} {path} owing {step:?}: {}", face.slug(), route.method, answer.status));
    }
}
