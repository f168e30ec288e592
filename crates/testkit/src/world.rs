//! The world of one test.

use crate::{Database, MemoryFiles, Person, PlainPrinter, Postbox, patiently};
use domain::{
    Moment,
    account::{PostLimits, Role},
    department::Agency,
    publication::ReviewedKind,
};
use jiff::civil::{Date, date};
use ledger::{Durability, Report, Root, Sealer};
use platform::{
    Call, Parts, Platform, Rules, Settings,
    audit::{Evidence, EvidenceFolder},
    flood::FloodLimits,
    ports::{ChaChaChance, Chance, Clock, ManualClock, NoCourier},
    read::PlatformFold,
    seal::Sm2Signer,
    settings::{Scans, SignInRules},
    upload::{InProcess, NoReader, NoScanner},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// A platform with a database, a clock and people of its own. It begins on Monday, 2026-03-02, at nine.
pub struct World {
    /// The platform.
    pub platform: Platform,
    /// Its clock, to be moved.
    pub clock: Arc<ManualClock>,
    /// Its database.
    pub database: Database,
    /// Where its letters go; closed until a channel is opened.
    pub postbox: Arc<Postbox>,
    /// Agent of 甲公司.
    pub agent: Person,
    /// Agent of 乙公司, who has no business with 甲公司.
    pub rival: Person,
    numbers: AtomicU32,
    /// Undertaker and reviewer of an organ, opened at need.
    pub(crate) desks: tokio::sync::Mutex<BTreeMap<Agency, (Person, Person)>>,
}

impl World {
    /// On a fresh SQLite file.
    pub async fn sqlite() -> Self {
        Self::on(Database::sqlite(), ChaChaChance::seeded(1)).await
    }

    /// On a fresh PostgreSQL database; `None` without a test server.
    pub async fn postgres() -> Option<Self> {
        Some(Self::on(Database::postgres().await?, ChaChaChance::seeded(1)).await)
    }

    /// On that database, with that chance.
    pub async fn on(database: Database, chance: impl Chance + 'static) -> Self {
        Self::durable(database, chance, Durability::Relaxed).await
    }

    /// The same, with commits that survive what `durability` says.
    pub async fn durable(database: Database, chance: impl Chance + 'static, durability: Durability) -> Self {
        let clock = Arc::new(ManualClock::at(Moment::at(date(2026, 3, 2), 9, 0)));
        let postbox = Arc::new(Postbox::default());
        let platform = platform(&database, clock.clone(), Arc::new(chance), durability).await;
        let platform = Platform::new(Parts { courier: postbox.clone(), ..(*platform).clone() });
        platform.load_guides().await.unwrap();
        let nobody = Person { login: String::new(), actor: platform::Actor::Public };
        let (agent, rival) = (nobody.clone(), nobody);
        let mut world = Self {
            platform,
            clock,
            database,
            postbox,
            agent,
            rival,
            numbers: AtomicU32::new(1),
            desks: Default::default(),
        };
        world.agent = world.unit("甲公司").await;
        world.rival = world.unit("乙公司").await;
        world
    }

    pub(crate) fn next(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Anybody from the street.
    pub fn public(&self) -> Call {
        Call::new(platform::Actor::Public, "test")
    }

    /// 综合管理岗 of 赤峰市.
    pub async fn general_administration(&self) -> Person {
        self.officer("development_reform", "150400", &[Role::GeneralAdministration]).await
    }

    /// 电子监察岗 of 赤峰市.
    pub async fn supervisor(&self) -> Person {
        self.officer("development_reform", "150400", &[Role::Supervisor]).await
    }

    /// An officer with every case role in a department and region.
    pub async fn all_hands(&self, department: &str, region: &str) -> Person {
        use Role::{Approver, DepartmentManager, Receptionist, Reviewer, Undertaker};
        let roles = [Receptionist, Undertaker, Reviewer, Approver, DepartmentManager];
        self.officer(department, region, &roles).await
    }

    /// Moves the clock to nine o'clock of a day.
    pub fn set_day(&self, day: Date) {
        self.clock.set(Moment::at(day, 9, 0));
    }

    /// Moves the clock on, by minutes.
    pub fn later(&self, minutes: i64) {
        self.clock.set(Moment(self.clock.now().0 + minutes * 60_000));
    }

    /// What verifies and rebuilds the ledger.
    pub fn fold(&self) -> PlatformFold {
        PlatformFold { rules: self.platform.rules.now() }
    }

    /// Re-chains, re-folds and opens everything.
    pub async fn verify(&self) -> Report {
        self.platform.store.verify_with(&self.fold(), Some(&self.platform.sealer)).await.unwrap()
    }

    /// Proves that the ledger is sound and that the read tables are what its events say; then removes the database.
    pub async fn finish(self) {
        let report = self.verify().await;
        assert!(report.is_sound(), "{:#?}", report.faults);
        self.rebuild_and_compare(Database::sqlite()).await;
        self.platform.store.close().await.unwrap();
        self.database.remove().await;
    }

    /// An export of everything. On PostgreSQL an export ends before the oldest transaction still running on the whole
    /// server, and other tests run theirs: wait until they are done.
    async fn settled_export(&self) -> (Root, Vec<u8>) {
        let everything = self.platform.store.root().await.unwrap();
        let lines = patiently("an export of everything", async || {
            let mut lines = Vec::new();
            (self.platform.store.export(&mut lines).await.unwrap() == everything).then_some(lines)
        });
        (everything, lines.await)
    }

    /// Exports the ledger, imports it into another database and compares root and read tables.
    pub async fn rebuild_and_compare(&self, target: Database) {
        let (root, lines) = self.settled_export().await;
        let copy = platform(&target, self.clock.clone(), self.platform.chance.clone(), Durability::Relaxed).await;
        let imported = copy.store.import(&mut lines.as_slice(), &self.fold()).await.unwrap();
        assert_eq!(imported.root, root);
        assert_eq!(copy.store.root().await.unwrap(), root);
        for (table, sql) in READ_ROWS {
            let mine = rows(&self.platform, sql).await;
            let theirs = rows(&copy, sql).await;
            assert_eq!(mine, theirs, "{table} is not what the events say");
        }
        copy.store.close().await.unwrap();
        target.remove().await;
    }
}

impl World {
    /// The same platform with a folder of evidence outside, a key of its own, and other settings.
    pub fn with_evidence(&self, change: impl FnOnce(&mut Evidence)) -> Platform {
        let folder = EvidenceFolder::open(&self.database.folder().join("evidence")).unwrap();
        let mut evidence = Evidence { folder: Some(folder), signer: Some(Arc::new(signer(2))), ..Evidence::none() };
        change(&mut evidence);
        Platform::new(Parts { evidence, ..(*self.platform).clone() })
    }
}

/// What follows from events alone, one text per row. Left out: `checks` (how often a code was verified) and `read_at`.
const READ_ROWS: [(&str, &str); 21] = [
    (
        "public_results",
        "SELECT case_id || '|' || project_id || '|' || item_name || '|' || agency_name || '|' || outcome || '|' || document_number || '|' || title \
         || '|' || decided_day || '|' || published_at AS line FROM public_results UNION ALL SELECT id || '|' || publication FROM cases",
    ),
    (
        "rights_requests",
        "SELECT id || '|' || unit_id || '|' || project_id || '|' || project_code || '|' || region || '|' || wish || '|' || field || '|' || state \
         || '|' || reason || '|' || due_day || '|' || asked_at AS line FROM rights_requests UNION ALL \
         SELECT id || '|' || ended_at || '|' || erased_years || '|' || erased_at FROM projects",
    ),
    (
        "factor_resets",
        "SELECT account_id || '|' || by_account || '|' || by_name || '|' || reason || '|' || at || '|' || state AS line FROM factor_resets",
    ),
    (
        "units",
        "SELECT id || '|' || name || '|' || credit_code || '|' || region || '|' || registered_at AS line FROM units",
    ),
    (
        "accounts",
        "SELECT id || '|' || face || '|' || login || '|' || name || '|' || unit_id || '|' || disabled || '|' || department || '|' || region \
         AS line FROM accounts UNION ALL \
         SELECT account_id || '|' || department || '|' || region || '|' || role || '|' || from_day || '|' || COALESCE(to_day, 0) || '|' || \
         given_by || '|' || reason FROM posts UNION ALL \
         SELECT account_id || '|' || at || '|' || department || '|' || region || '|' || role || '|' || from_day || '|' || to_day || '|' || \
         by_account || '|' || by_name || '|' || reason || '|' || proposed_at || '|' || state FROM post_proposals",
    ),
    (
        "projects",
        "SELECT id || '|' || code || '|' || name || '|' || regime || '|' || state || '|' || region || '|' || industry || '|' || unit_id \
         || '|' || unit_name || '|' || total_fen || '|' || version || '|' || declared_at || '|' || updated_at AS line FROM projects",
    ),
    (
        "cases",
        "SELECT id || '|' || project_id || '|' || project_code || '|' || project_name || '|' || unit_id || '|' || unit_name || '|' || item \
         || '|' || item_name || '|' || department || '|' || region || '|' || stage || '|' || owed || '|' || live || '|' || due_day || '|' || \
         yellow_day || '|' || provisional || '|' || suspended || '|' || outcome || '|' || document_number || '|' || document_title || '|' || \
         decided_day || '|' || submitted_at || '|' || ended_at || '|' || updated_at || '|' || guide_version || '|' || holder || '|' || \
         holder_name || '|' || in_force || '|' || settled_day || '|' || broken_day AS line FROM cases",
    ),
    (
        "guides",
        "SELECT item || '|' || name || '|' || department || '|' || region || '|' || draft || '|' || draft_score || '|' || version || '|' \
         || from_day || '|' || retired_day || '|' || updated_at AS line FROM guides UNION ALL \
         SELECT item || '|' || version || '|' || from_day || '|' || to_day || '|' || score || '|' || published_at || '|' || note || '|' \
         || words || '|' || effective || '|' || data FROM guide_versions",
    ),
    (
        "case_groups",
        "SELECT id || '|' || project_id || '|' || project_code || '|' || project_name || '|' || unit_id || '|' || unit_name || '|' || stage \
         || '|' || title || '|' || lead_department || '|' || lead_region || '|' || branches || '|' || formed_at || '|' || received_at \
         || '|' || extended || '|' || handed_back_at || '|' || updated_at AS line FROM case_groups",
    ),
    ("case_group_branches", "SELECT case_id || '|' || group_id || '|' || position AS line FROM case_group_branches"),
    (
        "deadlines",
        "SELECT case_id || '|' || kind || '|' || at || '|' || what || '|' || yellow_day || '|' || due_day || '|' || provisional || '|' || \
         calendar AS line FROM deadlines",
    ),
    (
        "prompts",
        "SELECT id || '|' || at || '|' || case_id || '|' || department || '|' || region || '|' || role || '|' || mark || '|' || title \
         || '|' || body AS line FROM prompts",
    ),
    (
        "documents",
        "SELECT number || '|' || kind || '|' || project_id || '|' || case_id || '|' || unit_id || '|' || issued_at || '|' || data || '|' || seal_key || '|' \
         || signature || '|' || sealed_at AS line FROM documents UNION ALL SELECT id || '|' || pem || '|' || organ || '|' || certificate || '|' || at \
         FROM seal_keys",
    ),
    (
        "messages",
        "SELECT id || '|' || unit_id || '|' || at || '|' || title || '|' || body || '|' || link AS line FROM messages",
    ),
    (
        "exports",
        "SELECT id || '|' || what || '|' || account_id || '|' || by_name || '|' || department || '|' || region || '|' || rows_asked || '|' \
         || reason || '|' || state || '|' || asked_at || '|' || ready_at || '|' || taken_at AS line FROM exports",
    ),
    (
        "holds",
        "SELECT id || '|' || file_id || '|' || what || '|' || blocked || '|' || rule || '|' || sm3 || '|' || size || '|' || unit_id || '|' \
         || account_id || '|' || source || '|' || state || '|' || held_at || '|' || reported_at || '|' || ended_at AS line FROM holds",
    ),
    (
        "recipients",
        "SELECT account_id || '|' || chosen_at AS line FROM recipients UNION ALL SELECT account_id || '|' || due_at FROM address_changes",
    ),
    (
        "deliveries",
        "SELECT id || '|' || message_id || '|' || case_id || '|' || account_id || '|' || channel || '|' || class || '|' || digest || '|' || \
         state || '|' || at || '|' || failures || '|' || queued_at || '|' || happened_at || '|' || recorded_at || '|' || title || '|' || \
         reason AS line FROM deliveries",
    ),
    (
        "supervision_cards",
        "SELECT id || '|' || rule || '|' || rule_name || '|' || severity || '|' || state || '|' || occurrence || '|' || sentence || '|' || \
         case_id || '|' || project_name || '|' || project_code || '|' || item_name || '|' || department || '|' || region || '|' || held_by \
         || '|' || reply_day || '|' || opened_at || '|' || answered_at || '|' || closed_at || '|' || finding AS line FROM supervision_cards",
    ),
    (
        "expediting_orders",
        "SELECT id || '|' || case_id || '|' || project_name || '|' || project_code || '|' || item_name || '|' || department || '|' || region \
         || '|' || issuer_organ || '|' || state || '|' || reply_day || '|' || issued_at || '|' || replied_at AS line FROM expediting_orders",
    ),
    (
        "prompts",
        "SELECT id || '|' || at || '|' || case_id || '|' || department || '|' || region || '|' || role || '|' || mark || '|' || title || '|' || \
         body AS line FROM prompts",
    ),
];

async fn rows(platform: &Platform, sql: &'static str) -> Vec<String> {
    let rows = platform.store.query(sql, []).await.unwrap();
    let mut lines: Vec<String> = rows.iter().map(|row| row.try_get("", "line").unwrap()).collect();
    lines.sort_unstable();
    lines
}

/// A key of the seal, the same one for the same number.
pub fn signer(number: u64) -> Sm2Signer {
    Sm2Signer::from_pem(&Sm2Signer::new_pem(&ChaChaChance::seeded(number)).unwrap()).unwrap()
}

/// A migrated platform on a database: files in memory, no scanner, plain papers, cheap passwords.
pub async fn platform(
    database: &Database,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    durability: Durability,
) -> Platform {
    let platform = Platform::new(Parts {
        store: database.open(durability).await,
        sealer: Arc::new(Sealer::new("test", *b"0123456789abcdef")),
        clock,
        chance,
        rules: Rules::shipped(),
        settings: Arc::new(Settings {
            portal_url: "https://tzxm.example".to_owned(),
            temp: database.folder().to_owned(),
            files: database.folder().to_owned(),
            held_keys: database.folder().join("held-keys"),
            scans: Scans::Declared,
            disclosure_reviewed: vec![ReviewedKind {
                item: "*".into(),
                by: "测试".into(),
                on: jiff::civil::date(2026, 1, 5),
            }],
            password_cost: (8, 1, 1),
            sign_in: SignInRules::lenient(),
            posts: PostLimits::lenient(),
            floods: FloodLimits::lenient(),
            ..Settings::default()
        }),
        files: Arc::new(MemoryFiles::default()),
        inspector: Arc::new(InProcess),
        scanner: Arc::new(NoScanner),
        reader: Arc::new(NoReader),
        printer: Arc::new(PlainPrinter),
        signer: Some(Arc::new(signer(1))),
        organ_seals: Arc::default(),
        stamper: None,
        guesses: Arc::default(),
        floods: Arc::default(),
        courier: Arc::new(NoCourier),
        evidence: Evidence::none(),
        identity: None,
    });
    platform.migrate().await.unwrap();
    platform
}
