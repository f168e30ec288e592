//! The same seed gives the same ledger, on either engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use domain::{Moment, document::Document};
use ledger::{Durability, Sealer, Store};
use platform::{
    Parts, Platform, Rules, Settings,
    ports::{ChaChaChance, ManualClock, Printer},
    read::PlatformFold,
    upload::{InProcess, LocalFiles, NoReader, NoScanner},
};
use simulation::{Plan, Summary, live};
use std::{collections::BTreeSet, sync::Arc};
use testkit::Database;

struct NoPrinter;

impl Printer for NoPrinter {
    fn print(&self, _: &Document) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Err("nobody prints in a simulation".into())
    }
}

/// What a life left: figures, root of the ledger, rules of the supervision that hit.
type Life = (Summary, String, BTreeSet<String>);

async fn life(url: &str, seed: u64) -> Life {
    let folder = tempfile::tempdir().unwrap();
    let from = jiff::civil::date(2025, 1, 2);
    let clock = Arc::new(ManualClock::at(Moment::at(from, 8, 0)));
    let store = Store::open(url, Durability::Relaxed).await.unwrap();
    let platform = Platform::new(Parts {
        store: store.clone(),
        sealer: Arc::new(Sealer::new("test", [7; 16])),
        clock: clock.clone(),
        chance: Arc::new(ChaChaChance::seeded(seed)),
        rules: Rules::shipped(),
        settings: Arc::new(Settings {
            temp: folder.path().join("temp"),
            files: folder.path().join("files"),
            scans: platform::settings::Scans::Declared,
            ..Settings::default()
        }),
        files: Arc::new(LocalFiles::open(&folder.path().join("files"), &folder.path().join("temp")).unwrap()),
        inspector: Arc::new(InProcess),
        scanner: Arc::new(NoScanner),
        reader: Arc::new(NoReader),
        printer: Arc::new(NoPrinter),
        signer: None,
        organ_seals: Arc::default(),
        stamper: None,
        guesses: Arc::default(),
        floods: Arc::default(),
        courier: Arc::new(platform::ports::NoCourier),
        evidence: platform::audit::Evidence::none(),
        identity: None,
    });
    platform.migrate().await.unwrap();
    platform.load_guides().await.unwrap();
    let plan = Plan { projects: 40, from, until: jiff::civil::date(2025, 9, 30), seed };
    let summary = live(&platform, clock, plan, |_| {}).await.unwrap_or_else(|e| {
        let mut words = e.to_string();
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&e);
        while let Some(inner) = cause {
            words += &format!(": {inner:?}");
            cause = inner.source();
        }
        panic!("{words}")
    });
    let report = store.verify(&PlatformFold { rules: platform.rules.now() }).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    let root = store.root().await.unwrap();
    let rows = store.query("SELECT DISTINCT rule FROM supervision_cards", []).await.unwrap();
    let rules = rows.iter().map(|row| row.try_get("", "rule").unwrap()).collect();
    store.close().await.unwrap();
    (summary, format!("{:?}", root.hash), rules)
}

#[tokio::test(flavor = "multi_thread")]
async fn art14_a_life_goes_through_every_step_and_the_same_seed_gives_the_same_root() {
    let (summary, root, rules) = life("sqlite::memory:", 1).await;
    for database in Database::every().await {
        assert_eq!((summary, root.clone(), rules.clone()), life(database.url(), 1).await, "on {}", database.url());
        database.remove().await;
    }
    assert_ne!(root, life("sqlite::memory:", 2).await.1);
    assert_eq!(summary.projects, 40);
    for (what, count) in [
        ("cases", summary.cases),
        ("groups", summary.groups),
        ("granted", summary.granted),
        ("refused", summary.refused),
        ("not accepted", summary.not_accepted),
        ("corrections", summary.corrections),
        ("withdrawn", summary.withdrawn),
        ("cards", summary.cards),
        ("cards closed", summary.cards_closed),
        ("orders", summary.orders),
        ("accepted by silence", summary.deemed.try_into().unwrap()),
        ("prompts", summary.prompts.try_into().unwrap()),
        ("sent back", summary.sent_back),
        ("delivered", summary.delivered),
        ("consultations", summary.consultations),
    ] {
        assert!(count > 0, "no {what}: {summary:?}");
    }
    for rule in Rules::shipped().supervision.iter() {
        assert!(rules.contains(&rule.code), "art. 17: {} never hits: {rules:?}", rule.code);
    }
}
