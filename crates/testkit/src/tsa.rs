//! A time stamp authority on this machine, made of OpenSSL: a real one, with a key and certificate of its own.

use domain::time_stamp::StampDigest;
use platform::ports::TimeStamper;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};
use tempfile::TempDir;

/// What OpenSSL is told about the authority.
const SETTINGS: &str = "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\n\
    digests = sm3, sha256\naccuracy = secs:1\ness_cert_id_alg = sha256\n[req]\ndistinguished_name = dn\nx509_extensions = ext\nprompt = no\n\
    [dn]\nCN = Test TSA\n[ext]\nbasicConstraints = critical,CA:FALSE\nkeyUsage = critical,digitalSignature\n\
    extendedKeyUsage = critical,timeStamping\n";

/// An authority; its answers carry the time of the machine.
pub struct LocalTsa {
    folder: TempDir,
    digest: StampDigest,
    /// One answer at a time: they share the serial number.
    busy: Mutex<u32>,
}

fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let done = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    done.status.success()
}

impl LocalTsa {
    /// With a new key.
    ///
    /// # Panics
    /// Without OpenSSL 3.
    pub fn new(digest: StampDigest) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tsa.cnf"), SETTINGS).unwrap();
        std::fs::write(folder.path().join("serial"), "01").unwrap();
        let made = openssl(
            folder.path(),
            &[
                "req",
                "-new",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "tsa.key",
                "-out",
                "tsa.crt",
                "-days",
                "3650",
                "-config",
                "tsa.cnf",
            ],
        );
        assert!(made, "openssl req");
        Self { folder, digest, busy: Mutex::new(0) }
    }

    /// Its certificate, to verify with.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("tsa.crt")
    }

    /// How many requests it has answered.
    ///
    /// # Panics
    /// When an answer panicked before.
    pub fn answered(&self) -> u32 {
        *self.busy.lock().unwrap()
    }

    /// An answer to a request, both DER.
    ///
    /// # Panics
    /// When OpenSSL refuses the request.
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        let mut answered = self.busy.lock().unwrap();
        *answered += 1;
        let at = |name: &str| self.folder.path().join(name);
        std::fs::write(at("request.tsq"), request).unwrap();
        let arguments = [
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-queryfile",
            "request.tsq",
            "-signer",
            "tsa.crt",
            "-inkey",
            "tsa.key",
            "-out",
            "answer.tsr",
        ];
        assert!(openssl(self.folder.path(), &arguments), "openssl ts -reply");
        std::fs::read(at("answer.tsr")).unwrap()
    }

    /// Whether OpenSSL finds an answer to be about these bytes, by this authority.
    ///
    /// # Panics
    /// When the files cannot be written.
    pub fn verifies(&self, data: &[u8], answer: &[u8]) -> bool {
        let _one = self.busy.lock().unwrap();
        std::fs::write(self.folder.path().join("data"), data).unwrap();
        std::fs::write(self.folder.path().join("given.tsr"), answer).unwrap();
        openssl(self.folder.path(), &["ts", "-verify", "-data", "data", "-in", "given.tsr", "-CAfile", "tsa.crt"])
    }
}

#[async_trait::async_trait]
impl TimeStamper for LocalTsa {
    fn digest(&self) -> StampDigest {
        self.digest
    }

    async fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.answer(request))
    }
}
