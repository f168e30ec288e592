//! Personal data lies sealed in the database and can be erased without breaking the chain (S-33, S-34, P-05).

use testkit::{World, answers, both_engines};

both_engines! { s34_contact_data_is_unreadable_in_the_database, s37_erased_contact_data_is_gone_and_the_chain_holds }

const PERSONAL: [&str; 4] =
    [answers::CONTACT_NAME, answers::CONTACT_MOBILE, answers::CONTACT_EMAIL, answers::LEGAL_REPRESENTATIVE];
const TABLES: [&str; 14] = [
    "event",
    "stream",
    "secret",
    "units",
    "accounts",
    "posts",
    "projects",
    "cases",
    "documents",
    "messages",
    "drafts",
    "attachments",
    "once",
    "audit_entry",
];

async fn s34_contact_data_is_unreadable_in_the_database(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    let p = &world.platform;
    let project = p.case_page(&officer.call(), &case).await.unwrap().application.project.clone();
    let draft = p.begin_draft(&world.agent.call(), answers::record_filing()).await.unwrap();
    let dump = world.database.dump(&TABLES).await;
    assert!(dump.contains("甲公司"), "the search looked at something");
    for secret in PERSONAL {
        let hex = hex::encode(secret);
        assert!(!dump.contains(secret) && !dump.to_lowercase().contains(&hex), "{secret} is readable");
    }
    if let Some(file) = world.database.file() {
        for suffix in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{suffix}", file.display())).unwrap_or_default();
            for secret in PERSONAL {
                let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "{secret} is in the file{suffix}");
            }
        }
    }
    let kept = p.draft(&world.agent.call(), &draft).await.unwrap();
    assert_eq!(kept.answers, answers::record_filing(), "its own unit reads all of it");
    let stream = format!("project:{project}");
    let opened = p.store.secret(&stream, 1, "contact_name", &p.sealer).await.unwrap();
    assert_eq!(opened.as_deref(), Some(answers::CONTACT_NAME.as_bytes()));
}

async fn s37_erased_contact_data_is_gone_and_the_chain_holds(world: &World) {
    let project = world.project().await;
    let p = &world.platform;
    let stream = format!("project:{project}");
    assert!(p.store.erase_secret(&stream, 1, "contact_mobile").await.unwrap());
    assert_eq!(p.store.secret(&stream, 1, "contact_mobile", &p.sealer).await.unwrap(), None);
    assert!(p.store.secret(&stream, 1, "contact_name", &p.sealer).await.unwrap().is_some());
    assert!(world.verify().await.is_sound());
}
