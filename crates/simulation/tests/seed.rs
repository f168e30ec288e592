//! The same seed gives the same ledger, on either engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use domain::{Moment, document::Document};
use ledger::{Durability, Sealer, Store};
use platform::{
    Platform, Rulebook, Settings,
    ports::{ChaChaChance, ManualClock, Printer},
    read::PlatformFold,
    upload::{LocalFiles, NoScanner},
};
use simulation::{Plan, Summary, live};
use std::sync::Arc;

struct NoPrinter;

impl Printer for NoPrinter {
    fn print(&self, _: &Document) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Err("nobody prints in a simulation".into())
    }
}

async fn life(url: &str, seed: u64) -> (Summary, String) {
    let folder = tempfile::tempdir().unwrap();
    let from = jiff::civil::date(2025, 1, 2);
    let clock = Arc::new(ManualClock::at(Moment::at(from, 8, 0)));
    let store = Store::open(url, Durability::Relaxed).await.unwrap();
    let platform = Platform {
        store: store.clone(),
        sealer: Arc::new(Sealer::new("test", [7; 16])),
        clock: clock.clone(),
        chance: Arc::new(ChaChaChance::seeded(seed)),
        rules: Rulebook::shipped(),
        settings: Arc::new(Settings {
            temp: folder.path().join("temp"),
            files: folder.path().join("files"),
            ..Settings::default()
        }),
        files: Arc::new(LocalFiles::open(&folder.path().join("files"), &folder.path().join("temp")).unwrap()),
        scanner: Arc::new(NoScanner),
        printer: Arc::new(NoPrinter),
    };
    platform.migrate().await.unwrap();
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
    let report = store.verify(&PlatformFold { rules: platform.rules }).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    let root = store.root().await.unwrap();
    (summary, format!("{:?}", root.hash))
}

#[tokio::test(flavor = "multi_thread")]
async fn art14_a_life_goes_through_every_step_and_the_same_seed_gives_the_same_root() {
    let (summary, root) = life("sqlite::memory:", 1).await;
    assert_eq!((summary, root.clone()), life("sqlite::memory:", 1).await);
    assert_ne!(root, life("sqlite::memory:", 2).await.1);
    assert_eq!(summary.projects, 40);
    for (what, count) in [
        ("cases", summary.cases),
        ("granted", summary.granted),
        ("refused", summary.refused),
        ("not accepted", summary.not_accepted),
        ("corrections", summary.corrections),
        ("withdrawn", summary.withdrawn),
        ("sent back", summary.sent_back),
        ("delivered", summary.delivered),
    ] {
        assert!(count > 0, "no {what}: {summary:?}");
    }
}
