//! TLS to PostgreSQL (S-26): a server of the test's own that takes nothing else.

use ledger::{Durability, Store};
use std::{path::Path, process::Command};

/// A server, stopped when dropped.
struct Server {
    folder: tempfile::TempDir,
    url: String,
}

impl Server {
    /// `None` where the tests run without PostgreSQL.
    #[expect(clippy::disallowed_methods, reason = "how every test hears of PostgreSQL")]
    fn start() -> Option<Self> {
        std::env::var("TZXM_TEST_POSTGRES").ok()?;
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL runs under an account of its own and must get there.
        assert!(Command::new("chmod").arg("755").arg(folder.path()).status().unwrap().success());
        let output = script("start-tls", folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Self { folder, url: String::from_utf8(output.stdout).unwrap().trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = script("stop", self.folder.path()).status();
    }
}

fn script(action: &str, folder: &Path) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres.sh"));
    command.arg(action).arg(folder);
    command
}

async fn refused(url: &str, why: &str) {
    let Err(error) = Store::open(url, Durability::Full).await else { panic!("{url} was taken") };
    let words = error.to_string().to_lowercase();
    assert!(words.contains(why), "{url}: {words}");
}

#[tokio::test]
async fn s26_tls_is_spoken_with_the_right_server_and_plain_text_with_none() {
    let Some(server) = Server::start() else { return };
    let store = Store::open(&server.url, Durability::Full).await.unwrap();
    let sql = "SELECT version AS tls FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    let row = store.query_one(sql, []).await.unwrap().unwrap();
    assert_eq!(row.try_get::<String>("", "tls").unwrap(), "TLSv1.3");
    store.close().await.unwrap();
    let (plain, _) = server.url.split_once('?').unwrap();
    refused(&format!("{plain}?sslmode=disable"), "no pg_hba.conf entry").await;
    // The name in the certificate is "localhost".
    refused(&server.url.replace("@localhost", "@127.0.0.1"), "certificate").await;
    // Signed by somebody else: the server's own key is no authority.
    let other = server.url.replace("ca.pem", "server.pem");
    refused(&other, "certificate").await;
}
