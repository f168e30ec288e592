//! Sealed fields: opened, erased, resealed, never in the clear (S-27, P-05).

use ledger::{Backend, Fact, FaultKind, LedgerError, Loaded, Refused, Sealer, Unit};

use crate::{
    engine::{Place, Sum, add_facts, fact, put_secret, sealer, secret, tamper},
    on_both_engines,
};

const CANARY: &str = "150102199001011234";

on_both_engines!(
    s27_a_sealed_field_opens_and_lies_nowhere_in_the_clear,
    s27_erasing_a_field_keeps_the_chain_verifiable,
    s27_rotation_keeps_reads_working,
    p05_a_nonce_used_twice_is_refused,
    a_moved_or_changed_secret_is_found,
    two_secrets_of_one_name_are_refused,
);

async fn s27_a_sealed_field_opens_and_lies_nowhere_in_the_clear(place: &Place) {
    let store = place.open().await;
    let after = put_secret(&store, "p", "id_number", CANARY, 1).await;
    let open = store.secret("p", after.version, "id_number", &sealer()).await.unwrap();
    assert_eq!(open.as_deref(), Some(CANARY.as_bytes()));
    assert_eq!(store.secret("p", 1, "phone", &sealer()).await.unwrap(), None);
    assert!(store.events("p").await.unwrap()[0].commitment.is_some());
    let wrong = Sealer::new("k1", [9; 16]);
    assert!(matches!(store.secret("p", 1, "id_number", &wrong).await, Err(LedgerError::Seal(_))));
    assert!(matches!(store.secret("p", 1, "id_number", &Sealer::new("k2", [9; 16])).await, Err(LedgerError::Seal(_))));
    let report = store.verify_with(&Sum, Some(&sealer())).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.secrets, report.opened), (1, 1));
    if store.backend() == Backend::Sqlite {
        store.close().await.unwrap();
        for file in std::fs::read_dir(place.folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
        }
    }
}

async fn s27_erasing_a_field_keeps_the_chain_verifiable(place: &Place) {
    let store = place.open().await;
    put_secret(&store, "p", "id_number", CANARY, 1).await;
    let root = store.root().await.unwrap();
    assert!(store.erase_secret("p", 1, "id_number").await.unwrap());
    assert!(!store.erase_secret("p", 1, "id_number").await.unwrap());
    assert!(!store.erase_secret("p", 1, "phone").await.unwrap());
    assert_eq!(store.secret("p", 1, "id_number", &sealer()).await.unwrap(), None);
    let report = store.verify_with(&Sum, Some(&sealer())).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.secrets, report.opened), (1, 0));
    assert_eq!(store.root().await.unwrap(), root);
}

async fn s27_rotation_keeps_reads_working(place: &Place) {
    let store = place.open().await;
    for n in 1..=5 {
        put_secret(&store, &format!("p{n}"), "phone", CANARY, n).await;
    }
    store.erase_secret("p5", 1, "phone").await.unwrap();
    let root = store.root().await.unwrap();
    let new = Sealer::new("k2", *b"fedcba9876543210");
    let both = new.clone().with_old("k1", *b"0123456789abcdef");
    let mut counter = 0_u8;
    let mut nonce = || {
        counter += 1;
        [counter; 12]
    };
    assert_eq!(store.reseal(&both, 3, &mut nonce).await.unwrap(), 3);
    for n in 1..=4 {
        assert_eq!(
            store.secret(&format!("p{n}"), 1, "phone", &both).await.unwrap().as_deref(),
            Some(CANARY.as_bytes())
        );
    }
    assert_eq!(store.reseal(&both, 3, &mut nonce).await.unwrap(), 1);
    assert_eq!(store.reseal(&both, 3, &mut nonce).await.unwrap(), 0);
    let report = store.verify_with(&Sum, Some(&new)).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.opened, 4);
    assert_eq!(store.root().await.unwrap(), root);
}

async fn p05_a_nonce_used_twice_is_refused(place: &Place) {
    let store = place.open().await;
    put_secret(&store, "p", "phone", "1", 1).await;
    let mut unit = Unit::new();
    add_facts(&mut unit, &Loaded::none("q"), vec![Fact { sealed: vec![secret("phone", "2", 1)], ..fact(1) }]);
    assert!(matches!(store.commit(unit).await, Err(Refused::Failed(LedgerError::Seal(_)))));
    assert!(!store.load("q").await.unwrap().exists());
}

async fn a_moved_or_changed_secret_is_found(place: &Place) {
    let store = place.open().await;
    for n in 1..=4 {
        put_secret(&store, &format!("p{n}"), "phone", &format!("1380000000{n}"), n).await;
    }
    let swap = "UPDATE secret SET sealed = (SELECT s.sealed FROM secret s WHERE s.stream_id = 'p2'), nonce = '\\x00', \
                commitment = commitment WHERE stream_id = 'p1'";
    let swap = swap.replace("nonce = '\\x00', ", "");
    tamper(place, &store, &swap).await;
    tamper(place, &store, "DELETE FROM secret WHERE stream_id = 'p3'").await;
    tamper(place, &store, "UPDATE secret SET stream_id = 'p9' WHERE stream_id = 'p4'").await;
    assert!(store.secret("p1", 1, "phone", &sealer()).await.is_err());
    let report = store.verify_with(&Sum, Some(&sealer())).await.unwrap();
    let found: Vec<_> = report.faults.iter().map(|fault| (fault.kind, fault.stream.as_str())).collect();
    assert!(found.contains(&(FaultKind::Secret, "p1")), "{found:?}");
    for stream in ["p3", "p4", "p9"] {
        assert!(found.contains(&(FaultKind::Commitment, stream)), "{stream}: {found:?}");
    }
    assert_eq!(report.found, 4);
}

async fn two_secrets_of_one_name_are_refused(place: &Place) {
    let store = place.open().await;
    let mut unit = Unit::new();
    let sealed = vec![secret("phone", "1", 1), secret("phone", "2", 2)];
    assert!(unit.append(&Loaded::none("p"), vec![Fact { sealed, ..fact(1) }], "1".into(), &sealer()).is_err());
    assert!(unit.is_empty());
    let sealed = vec![secret("phone", "1", 1), secret("id", "2", 2)];
    add_facts(&mut unit, &Loaded::none("p"), vec![Fact { sealed, ..fact(1) }]);
    store.commit(unit).await.unwrap();
    assert_eq!(store.secret("p", 1, "id", &sealer()).await.unwrap().as_deref(), Some(b"2".as_slice()));
    let report = store.verify_with(&Sum, Some(&sealer())).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.opened, 2);
}
