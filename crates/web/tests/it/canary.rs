//! Fifty secrets and personal values, planted through the doors people use; none lies in the clear anywhere but before the
//! eyes it is meant for (G-13, A-30, S-27, L-03).

use axum::http::StatusCode;
use domain::{Moment, credit_code::CreditCode, region::RegionCode};
use platform::{Call, account::OpenOfficer, ports::Clock};
use std::{
    io::Write,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};
use testkit::{Authenticator, Client, World, answers, both_engines};
use web::Face;

both_engines! {
    g13_fifty_planted_values_lie_nowhere_in_the_clear,
}

/// Units that plant.
const UNITS: u32 = 5;

/// What was planted: what it is, and its text.
#[derive(Default)]
struct Canaries(Vec<(String, String)>);

impl Canaries {
    fn plant(&mut self, what: impl Into<String>, value: impl Into<String>) -> String {
        let value = value.into();
        assert!(value.chars().count() >= 4, "too short to be told from chance: {value}");
        self.0.push((what.into(), value.clone()));
        value
    }

    /// What of it is found in these bytes, as it is or as the encodings people forget.
    fn found_in(&self, place: &str, bytes: &[u8], faults: &mut Vec<String>) {
        // Values are text; what is no text around them does not matter.
        let text = String::from_utf8_lossy(bytes);
        for (what, value) in &self.0 {
            let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let percent: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            for (how, looked_for) in [
                ("as it is", value.clone()),
                ("hexadecimal", hex::encode(value)),
                ("as JSON escapes", escaped),
                ("as an address", percent),
            ] {
                if text.contains(&looked_for) {
                    faults.push(format!("{what} {how} in {place}"));
                }
            }
        }
    }
}

/// Everything the program logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A unit registers, signs in with both factors, chooses where letters go, and declares a project.
async fn plant_unit(world: &World, canaries: &mut Canaries, n: u32) -> (Client, String) {
    let p = world.strict();
    let unit = format!("金盾第{n}实业有限公司");
    let password = canaries.plant(format!("password {n}"), format!("Jin-Si-Que-{n}7{n}-Mima"));
    let name =
        canaries.plant(format!("contact {n}"), format!("苏日娜格日乐{}", ["甲", "乙", "丙", "丁", "戊"][n as usize]));
    let phone = canaries.plant(format!("registered phone {n}"), format!("1504761{:04}", 2210 + n));
    let login = format!("canary-{n}");
    let code = CreditCode::simulated(RegionCode::parse("150402").unwrap(), 9000 + n);
    let mut client = Client::of(&p, Face::Portal);
    let fields = [
        ("name", unit.as_str()),
        ("credit_code", code.as_str()),
        ("nature", "private"),
        ("region", "150402"),
        ("contact_name", &name),
        ("contact_phone", &phone),
        ("login", &login),
        ("password", &password),
        ("password_again", &password),
        ("privacy_agreed", "yes"),
    ];
    let done = client.post("/register", &fields).await;
    assert!(done.status.is_redirection(), "{}", done.text());
    canaries.plant(format!("half session {n}"), client.token());
    let begun = client.post("/account/factor", &[]).await;
    let page = client.get(begun.location()).await.text();
    let seed = page.split_once("id=\"factor-seed\">").unwrap().1.split('<').next().unwrap().to_owned();
    canaries.plant(format!("seed {n}"), &seed);
    let app = Authenticator::of(&seed);
    let code = app.code(Moment(world.clock.now().0 - 30_000));
    let codes = client.post("/account/factor/confirm", &[("code", &code)]).await.text();
    for recovery in codes.split("<code>").skip(1).take(2) {
        canaries.plant(format!("recovery code {n}"), recovery.split('<').next().unwrap());
    }
    canaries.plant(format!("session {n}"), client.token());
    canaries.plant(format!("form token {n}"), client.csrf());
    let mail = canaries.plant(format!("letters {n}"), format!("letters-{n}@jinsique.example"));
    let chosen = [
        ("mail", mail.as_str()),
        ("reminders_mail", "yes"),
        ("quiet_from", "21"),
        ("quiet_to", "8"),
        ("digest", "none"),
    ];
    // Where a new address need not wait for a day: here it only has to lie somewhere.
    let mut lenient = Client::portal(world).with_token(client.token());
    assert!(lenient.post("/notifications", &chosen).await.status.is_redirection());
    (client, unit)
}

/// The personal answers of a declaration.
fn personal(canaries: &mut Canaries, n: u32) -> Vec<(&'static str, String)> {
    let of = ["子", "丑", "寅", "卯", "辰"][n as usize];
    vec![
        ("legal_representative", canaries.plant(format!("legal representative {n}"), format!("额尔敦巴雅尔{of}"))),
        ("contact_name", canaries.plant(format!("project contact {n}"), format!("阿拉坦其其格{of}"))),
        ("contact_mobile", canaries.plant(format!("mobile {n}"), format!("1389477{:04}", 6610 + n))),
        ("contact_phone", canaries.plant(format!("office phone {n}"), format!("0476-88{:05}", 31_240 + n))),
        ("contact_email", canaries.plant(format!("project mail {n}"), format!("project-{n}@jinsique.example"))),
    ]
}

async fn g13_fifty_planted_values_lie_nowhere_in_the_clear(world: &World) {
    let log = Log::default();
    let (writer, mut faults) = (log.clone(), Vec::new());
    let logging = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    // One test of a process is the first; under nextest it is the only one.
    let _ = logging.with_writer(move || writer.clone()).try_init();
    world.postbox.open("mail");
    let mut canaries = Canaries::default();
    let p = &world.platform;
    let officer = world.all_hands("water", "150402").await;
    let mut codes = Vec::new();
    for n in 0..UNITS {
        let (mut client, unit) = plant_unit(world, &mut canaries, n).await;
        let session = p.session(platform::account::Face::Portal, client.token()).await.unwrap().unwrap();
        let call = Call::new(session.actor, "canary");
        let personal = personal(&mut canaries, n);
        let changes: Vec<_> = personal.iter().map(|(field, value)| (*field, value.as_str())).collect();
        // What is refused on the way is not kept anywhere either.
        let draft = p.begin_draft(&call, answers::with(answers::record_filing(), &changes)).await.unwrap();
        let wrong = canaries.plant(format!("mistyped mobile {n}"), format!("13894776{}", 70 + n));
        let refused = client.post(&format!("/declare/{draft}/unit"), &[("contact_mobile", &wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let person = testkit::Person { login: format!("canary-{n}"), actor: call.actor.clone() };
        let project = world.declare(&person, &answers::with(answers::record_filing(), &changes)).await;
        let case = world.apply(&person, &project, "soil_water").await;
        world.receive(&officer, &case).await;
        world.accept(&officer, &case).await;
        let page = p.case_page(&officer.call(), &case).await.unwrap();
        for document in &page.case.documents {
            let (_, pdf) = p.print_document(&officer.call(), &document.number).await.unwrap();
            canaries.found_in(&format!("paper {}", document.number), &pdf, &mut faults);
        }
        codes.push((page.application.code.clone(), unit));
    }
    plant_mistakes(world, &mut canaries).await;
    p.deliver_due(&Call::system("canary"), 50).await.unwrap();
    p.supervise(&Call::system("canary")).await.unwrap();
    p.detect(&Call::system("canary")).await.unwrap();
    assert!(canaries.0.len() >= 50, "{}", canaries.0.len());
    for (place, bytes) in public_places(world, &codes).await {
        canaries.found_in(&place, &bytes, &mut faults);
    }
    let control = Canaries(vec![("the name of a unit, which is public".to_owned(), "金盾第0实业".to_owned())]);
    for (place, bytes) in stored_places(world).await {
        canaries.found_in(&place, &bytes, &mut faults);
        let mut found = Vec::new();
        control.found_in(&place, &bytes, &mut found);
        assert_eq!(found.is_empty(), place.ends_with("-shm"), "{place}: what is not secret is found");
    }
    let logged = log.text();
    assert!(String::from_utf8_lossy(&logged).contains("request{"), "the log was heard");
    canaries.found_in("the log", &logged, &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
}

/// One-time secrets, a password typed as a name, a code typed wrong, a fault in the middle of a sign-in.
async fn plant_mistakes(world: &World, canaries: &mut Canaries) {
    let form = OpenOfficer {
        login: "canary.officer".to_owned(),
        name: "特木尔".to_owned(),
        posts: vec![],
        reason: "测试".to_owned(),
        password: None,
    };
    let (_, secret) = world.platform.open_officer(&Call::system("test"), &form).await.unwrap();
    let secret = canaries.plant("one-time secret", secret.unwrap());
    let password = canaries.plant("officer's password", "Te-Mu-Er-918-Mima");
    let mut office = Client::of(&world.strict(), Face::Office);
    let fields = [("secret", secret.as_str()), ("password", password.as_str()), ("again", password.as_str())];
    assert!(office.post("/setup", &fields).await.status.is_redirection());
    let typed = canaries.plant("password typed as a name", "wo-de-mima-2718");
    office.post("/login", &[("login", &typed), ("password", "x")]).await;
    let typed = canaries.plant("wrong password", "Bu-Dui-De-Mima-31");
    office.post("/login", &[("login", "canary.officer"), ("password", &typed)]).await;
    let typed = canaries.plant("password in an address", "Fang-Cuo-Di-Fang-47");
    office.get(&format!("/login?password={typed}")).await;
    world.database.tamper(&["ALTER TABLE sign_in_failures RENAME TO away"]).await;
    let typed = canaries.plant("password at a fault", "Gu-Zhang-Mima-59");
    let fault = office.post("/login", &[("login", "canary.officer"), ("password", &typed)]).await;
    world.database.tamper(&["ALTER TABLE away RENAME TO sign_in_failures"]).await;
    assert_eq!(fault.status, StatusCode::INTERNAL_SERVER_ERROR);
    let mut faults = Vec::new();
    canaries.found_in("the page of a fault", &fault.body, &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
    for canary in ["mistyped", "wrong"] {
        assert!(canaries.0.iter().any(|(what, _)| what.starts_with(canary)));
    }
}

/// What anybody can open.
async fn public_places(world: &World, codes: &[(String, String)]) -> Vec<(String, Vec<u8>)> {
    let (mut portal, mut api) = (Client::portal(world), Client::api(world));
    let mut places = Vec::new();
    let mut paths = vec!["/".to_owned(), "/items".into(), "/public".into(), "/declare".into(), "/projects".into()];
    for (code, unit) in codes {
        paths.extend([format!("/public?q={code}"), format!("/public?q={}", percent(unit)), format!("/public/{code}")]);
        for path in [format!("/api/v1/codes/{code}"), format!("/api/v1/projects/{code}")] {
            let answer = api.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            places.push((path, answer.body.to_vec()));
        }
    }
    for path in paths {
        let answer = portal.get(&path).await;
        assert!(!answer.status.is_server_error(), "{path}");
        places.push((path, answer.body.to_vec()));
    }
    let mut rival = Client::portal(world).signed_in(world, &world.rival).await;
    for path in ["/projects", "/messages", "/account"] {
        places.push((format!("{path} of another unit"), rival.get(path).await.body.to_vec()));
    }
    places
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The database as a thief finds it, its backup, and what the ledger exports.
async fn stored_places(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut exported = Vec::new();
    world.platform.store.export(&mut exported).await.unwrap();
    assert!(exported.len() > 10_000);
    let mut places = vec![("the export of the ledger".to_owned(), exported)];
    match world.database.file() {
        Some(file) => {
            for end in ["", "-wal", "-shm"] {
                let path = format!("{}{end}", file.display());
                places.push((format!("the file …{end}"), std::fs::read(&path).unwrap()));
            }
        }
        None => {
            let dump = Command::new("pg_dump").arg(world.database.url()).output().unwrap();
            assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
            places.push(("the dump".to_owned(), dump.stdout));
        }
    }
    places
}
