//! Over TCP and TLS, with certificates made by OpenSSL.

use crate::line::{head, kept, records};
use forwarder::{ForwardSettings, Forwarder, Keeper, TlsFiles, acceptor, serve};
use platform::ports::SystemClock;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use testkit::{World, both_engines};
use tokio::{net::TcpListener, sync::Mutex};

both_engines! {
    s40_records_go_over_tls_to_a_collector_that_asks_for_a_certificate,
}

fn openssl(folder: &Path, line: &str) {
    let done = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, and a certificate for localhost signed by it.
fn authority(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}-ca.key -out {name}-ca.pem -subj /CN={name} -days 30"
        ),
    );
    openssl(
        folder,
        &format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        ),
    );
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA {name}-ca.pem -CAkey {name}-ca.key -CAcreateserial -out {name}.pem -days 30 -copy_extensions copy"
        ),
    );
}

async fn s40_records_go_over_tls_to_a_collector_that_asks_for_a_certificate(world: &World) {
    let (p, folder) = (&world.platform, world.database.folder());
    authority(folder, "ours");
    authority(folder, "theirs");
    let file = |name: &str| folder.join(name);
    let none = PathBuf::new();
    let tls = acceptor(TlsFiles {
        authority: &file("ours-ca.pem"),
        certificate: &file("theirs.pem"),
        key: &file("theirs.key"),
    });
    let keeper = Arc::new(Mutex::new(Keeper::open(&file("kept")).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(serve(listener, tls.unwrap(), keeper, Arc::new(SystemClock)));
    let settings = ForwardSettings {
        address: format!("localhost:{port}"),
        name: String::new(),
        authority_file: file("theirs-ca.pem"),
        certificate_file: file("ours.pem"),
        key_file: file("ours.key"),
    };
    let forwarder = |settings: &ForwardSettings| Forwarder::open(settings, "n1".to_owned()).unwrap().unwrap();
    records(p, 250).await;
    for (wrong, why) in [
        (ForwardSettings { authority_file: file("ours-ca.pem"), ..settings.clone() }, "a collector nobody vouches for"),
        (ForwardSettings { name: "elsewhere.example".into(), ..settings.clone() }, "another name"),
        (
            ForwardSettings { certificate_file: none.clone(), key_file: none.clone(), ..settings.clone() },
            "no certificate of ours",
        ),
        (
            ForwardSettings { certificate_file: file("theirs.pem"), key_file: file("theirs.key"), ..settings.clone() },
            "a certificate of somebody else",
        ),
    ] {
        assert!(forwarder(&wrong).forward(p).await.is_err(), "{why}");
    }
    assert_eq!(kept(&file("kept")), Vec::<i64>::new());
    assert_eq!(forwarder(&settings).forward(p).await.unwrap(), 250, "more than a page");
    assert_eq!(forwarder(&settings).forward(p).await.unwrap(), 0, "nothing new");
    records(p, 1).await;
    assert_eq!(forwarder(&settings).forward(p).await.unwrap(), 1);
    assert_eq!(kept(&file("kept")), (1..=head(p).await).collect::<Vec<_>>());
    forwarder(&settings).stop(p).await.unwrap();
    assert!(Forwarder::open(&ForwardSettings::default(), "n".into()).unwrap().is_none());
    let missing = ForwardSettings { authority_file: file("nothing.pem"), ..settings };
    assert!(Forwarder::open(&missing, "n".into()).err().unwrap().to_string().contains("nothing.pem"));
    serving.abort();
}
