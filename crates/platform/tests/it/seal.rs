//! 电子签章: papers are signed once, verify with other programs and after the key was replaced, and betray a change
//! (电子签名法第十三条; P-07, A-03, A-24).

use domain::{document::Document, ids::CaseId, time_stamp::StampDigest};
use platform::{
    Call, Parts, Platform,
    ports::{ChaChaChance, Signer, TimeStamper},
    seal::{OrganSeals, SealCheck, Sm2Signer},
};
use std::{path::Path, process::Command, sync::Arc};
use testkit::{LocalTsa, World, both_engines, outcome::forbidden, signer};

both_engines! {
    p07_each_paper_is_signed_once_by_whichever_node_comes_first,
    p07_openssl_verifies_what_the_platform_signed,
    p07_an_old_paper_verifies_after_the_key_was_replaced,
    a03_a_paper_that_was_changed_behind_the_platform_no_longer_fits_its_seal,
    p07_without_a_key_nothing_is_signed_and_the_check_says_so,
    s05_only_the_platform_signs,
    p07_each_organ_seals_its_papers_with_its_own_key_and_certificate,
    p07_papers_are_time_stamped_in_batches_and_openssl_verifies_the_stamps,
}

/// A node on the same database with this key; none for `None`.
fn node(world: &World, key: Option<u64>) -> Platform {
    let signer = key.map(|number| Arc::new(signer(number)) as Arc<dyn platform::ports::Signer>);
    Platform::new(Parts { signer, ..(*world.platform).clone() })
}

async fn sign(platform: &Platform) -> u64 {
    platform.seal_papers(&Call::system("test")).await.unwrap()
}

/// A decided case with its papers.
async fn decided(world: &World) -> CaseId {
    let officer = world.all_hands("water", "150402").await;
    let case = world.accepted(&officer).await;
    world.grant(&officer, &case).await;
    case
}

/// The papers of a case as anybody sees them.
async fn papers(world: &World, case: &CaseId) -> Vec<(Document, Option<SealCheck>)> {
    let p = &world.platform;
    let state = p.case_page(&Call::system("look"), case).await.unwrap().case;
    let mut papers = Vec::new();
    for issued in &state.documents {
        let (document, _) = p.print_document(&world.agent.call(), &issued.number).await.unwrap();
        let check = p.check_document(&world.public(), &document.number, &document.check_value).await.unwrap().unwrap();
        papers.push((check.document, check.seal));
    }
    papers
}

async fn p07_each_paper_is_signed_once_by_whichever_node_comes_first(world: &World) {
    let case = decided(world).await;
    assert!(papers(world, &case).await.iter().all(|(_, seal)| seal.is_none()));
    let (one, other) = (node(world, Some(1)), node(world, Some(1)));
    let (first, second) = tokio::join!(sign(&one), sign(&other));
    let rest = sign(&one).await;
    let all = papers(world, &case).await;
    // The certificate of the code is a paper, too.
    assert_eq!(first + second + rest, all.len() as u64 + 1);
    assert!(all.iter().all(|(_, seal)| seal.as_ref().is_some_and(|seal| seal.valid)));
    assert_eq!(sign(&one).await, 0, "nothing is signed twice");
}

fn openssl_verifies(folder: &Path, seal: &SealCheck, text: &[u8]) -> bool {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (key, signature) = (file("key.pem", seal.key.pem.as_bytes()), file("paper.sig", &seal.signature));
    let text = file("paper.json", text);
    let distid = format!("distid:{}", platform::seal::USER_ID);
    let done = Command::new("openssl")
        .args(["dgst", "-sm3", "-verify"])
        .arg(&key)
        .arg("-signature")
        .arg(&signature)
        .args(["-sigopt", &distid])
        .arg(&text)
        .output()
        .unwrap();
    done.status.success()
}

async fn p07_openssl_verifies_what_the_platform_signed(world: &World) {
    let case = decided(world).await;
    sign(&world.platform).await;
    let folder = world.database.folder();
    for (document, seal) in papers(world, &case).await {
        let seal = seal.unwrap();
        let mut text = document.text();
        assert!(openssl_verifies(folder, &seal, &text), "{}", document.number);
        let last = text.len() - 2;
        text[last] ^= 1;
        assert!(!openssl_verifies(folder, &seal, &text), "a changed byte shows");
    }
}

async fn p07_an_old_paper_verifies_after_the_key_was_replaced(world: &World) {
    let old = decided(world).await;
    sign(&world.platform).await;
    let replaced = node(world, Some(2));
    let new = decided(world).await;
    sign(&replaced).await;
    let key = |papers: &[(Document, Option<SealCheck>)]| papers[0].1.as_ref().unwrap().key.id.clone();
    let (old, new) = (papers(world, &old).await, papers(world, &new).await);
    assert_ne!(key(&old), key(&new));
    assert!(old.iter().chain(&new).all(|(_, seal)| seal.as_ref().is_some_and(|seal| seal.valid)));
}

async fn a03_a_paper_that_was_changed_behind_the_platform_no_longer_fits_its_seal(world: &World) {
    let case = decided(world).await;
    sign(&world.platform).await;
    let (mut document, seal) = papers(world, &case).await.pop().unwrap();
    let (true_value, seal) = (document.check_value.clone(), seal.unwrap());
    document.paragraphs.push("另准予占用耕地一百亩。".into());
    // Whoever writes into the database makes the check value fit again; the seal needs the key.
    let forged = document.clone().sealed_with_check_value();
    assert!(forged.is_intact() && !platform::seal::verifies(&seal.key.pem, &forged.text(), &seal.signature));
    let mut unit = ledger::Unit::new();
    let values = [forged.number.clone().into(), serde_json::to_string(&forged).unwrap().into()];
    unit.row(ledger::Row::new("UPDATE documents SET data = $2 WHERE number = $1", values));
    world.platform.store.commit(unit).await.unwrap();
    // The row does not carry its check value (S-25): the forged paper is not known, the true one is there again.
    let check =
        async |value: &str| world.platform.check_document(&world.public(), &forged.number, value).await.unwrap();
    assert!(check(&forged.check_value).await.is_none());
    assert!(check(&true_value).await.unwrap().seal.unwrap().valid);
}

async fn p07_without_a_key_nothing_is_signed_and_the_check_says_so(world: &World) {
    let case = decided(world).await;
    assert_eq!(sign(&node(world, None)).await, 0);
    assert!(papers(world, &case).await.iter().all(|(_, seal)| seal.is_none()));
}

async fn s05_only_the_platform_signs(world: &World) {
    let officer = world.all_hands("water", "150402").await;
    forbidden(world.platform.seal_papers(&officer.call()).await);
    forbidden(world.platform.seal_papers(&world.agent.call()).await);
    assert!(world.platform.seal_papers(&world.public()).await.is_err());
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let done = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// The key of an organ with a certificate an authority gave for it: both made by OpenSSL.
fn organ_key(organ: &str, number: u64) -> (Sm2Signer, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("organ.key"), Sm2Signer::new_pem(&ChaChaChance::seeded(number)).unwrap())
        .unwrap();
    let subject = "/CN=seal";
    let arguments =
        ["req", "-new", "-x509", "-key", "organ.key", "-sm3", "-days", "365", "-subj", subject, "-out", "organ.crt"];
    openssl(folder.path(), &arguments);
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let certificate = text("organ.crt");
    let signer = Sm2Signer::from_pem(&text("organ.key")).unwrap().of_organ(organ, &certificate).unwrap();
    (signer, certificate)
}

/// OpenSSL verifies a seal with the key inside of its certificate.
fn certified(document: &Document, seal: &SealCheck) {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("seal.crt", seal.key.certificate.as_bytes());
    put("paper.json", &document.text());
    put("paper.sig", &seal.signature);
    let key = openssl(folder.path(), &["x509", "-in", "seal.crt", "-pubkey", "-noout"]);
    put("seal.pem", key.as_bytes());
    let said = openssl(
        folder.path(),
        &[
            "dgst",
            "-sm3",
            "-verify",
            "seal.pem",
            "-signature",
            "paper.sig",
            "-sigopt",
            "distid:1234567812345678",
            "paper.json",
        ],
    );
    assert_eq!(said.trim(), "Verified OK");
}

async fn p07_each_organ_seals_its_papers_with_its_own_key_and_certificate(world: &World) {
    let first = decided(world).await;
    let organ = world.platform.case_page(&Call::system("look"), &first).await.unwrap().application.agency_name.clone();
    let with = |number: u64| {
        let (key, certificate) = organ_key(&organ, number);
        let organ_seals = Arc::new(OrganSeals::new([Arc::new(key) as Arc<dyn Signer>]));
        (Platform::new(Parts { organ_seals, ..(*world.platform).clone() }), certificate)
    };
    let (old, old_certificate) = with(71);
    sign(&old).await;
    // The key was replaced, then another case is decided.
    let (new, new_certificate) = with(72);
    let second = decided(world).await;
    sign(&new).await;
    for (case, certificate) in [(&first, &old_certificate), (&second, &new_certificate)] {
        let all = papers(world, case).await;
        assert!(all.len() >= 3);
        for (document, seal) in all {
            let seal = seal.unwrap();
            assert!(seal.valid, "{}", document.number);
            let (holder, proof) =
                if document.issuer == organ { (organ.as_str(), certificate.as_str()) } else { ("平台", "") };
            assert_eq!((seal.key.holder(), seal.key.certificate.as_str()), (holder, proof), "{}", document.number);
            if document.issuer == organ {
                certified(&document, &seal);
            }
        }
    }
    // A certificate for another key is none for this one.
    let stranger = Sm2Signer::from_pem(&Sm2Signer::new_pem(&ChaChaChance::seeded(73)).unwrap()).unwrap();
    assert!(stranger.of_organ(&organ, &old_certificate).is_err());
}

async fn p07_papers_are_time_stamped_in_batches_and_openssl_verifies_the_stamps(world: &World) {
    for digest in [StampDigest::Sm3, StampDigest::Sha256] {
        let tsa = Arc::new(LocalTsa::new(digest));
        let stamper = Some(tsa.clone() as Arc<dyn TimeStamper>);
        let p = Platform::new(Parts { stamper, ..(*world.platform).clone() });
        let call = Call::system("stamp");
        assert_eq!(p.stamp_papers(&call).await.unwrap(), 0, "nothing to stamp");
        let case = decided(world).await;
        assert_eq!(p.stamp_papers(&call).await.unwrap(), 0, "only what is sealed");
        let sealed = sign(&p).await;
        assert!(sealed >= 4);
        assert_eq!((p.stamp_papers(&call).await.unwrap(), tsa.answered()), (sealed, 1), "one stamp for all of them");
        assert_eq!((p.stamp_papers(&call).await.unwrap(), tsa.answered()), (0, 1), "each once");
        for (document, seal) in papers(world, &case).await {
            let stamp = seal.unwrap().stamp.unwrap();
            assert!(stamp.valid, "{}", document.number);
            assert!(!stamp.list.contains(&document.number), "a list names no paper");
            assert!(tsa.verifies(stamp.list.as_bytes(), &stamp.answer));
            let mut more = stamp.list.clone();
            more.push_str("x\n");
            assert!(!tsa.verifies(more.as_bytes(), &stamp.answer));
        }
        // The list was exchanged behind the platform: it no longer fits the authority's answer.
        world.database.tamper(&["UPDATE time_stamps SET list = list || 'x'"]).await;
        assert!(papers(world, &case).await.iter().all(|(_, seal)| !seal.clone().unwrap().stamp.unwrap().valid));
        world.database.tamper(&["UPDATE time_stamps SET list = SUBSTR(list, 1, LENGTH(list) - 1)"]).await;
        let officer = world.all_hands("water", "150402").await;
        forbidden(p.stamp_papers(&officer.call()).await);
    }
}
