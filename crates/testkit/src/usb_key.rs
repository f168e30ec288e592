//! A person's SM2 key as OpenSSL holds it: shares nothing with the platform's code.

use std::{path::PathBuf, process::Command};

/// What GM/T 0009 calls the user id; OpenSSL has to be told it.
const DISTID: &str = "distid:1234567812345678";

/// A private key in a folder, and what one does with it.
#[derive(Debug)]
pub struct UsbKey(tempfile::TempDir);

fn openssl(folder: &std::path::Path, words: &[&str]) -> Vec<u8> {
    let done = Command::new("openssl").args(words).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "openssl {words:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

impl Default for UsbKey {
    fn default() -> Self {
        Self::new()
    }
}

impl UsbKey {
    /// A fresh key.
    ///
    /// # Panics
    /// Without an `openssl` that knows SM2.
    pub fn new() -> Self {
        let key = Self(tempfile::tempdir().unwrap());
        key.run(&["genpkey", "-algorithm", "SM2", "-out", "key.pem"]);
        key
    }

    fn run(&self, words: &[&str]) -> String {
        String::from_utf8(openssl(self.0.path(), words)).unwrap()
    }

    /// Where a file of it lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Its public key, PEM.
    pub fn public_key(&self) -> String {
        self.run(&["pkey", "-in", "key.pem", "-pubout"])
    }

    /// A certificate of it, signed by itself, that ends after so many days (by the machine's clock); PEM.
    pub fn certificate(&self, days: &str) -> String {
        let subject = ["-subj", "/CN=test", "-days", days, "-sigopt", DISTID];
        self.run(&[&["req", "-new", "-x509", "-key", "key.pem", "-sm3"][..], &subject].concat())
    }

    /// The signature over a text as the command on the page makes it, base 64.
    pub fn sign(&self, text: &str) -> String {
        self.sign_as(text, DISTID)
    }

    /// The same with another user id.
    pub fn sign_as(&self, text: &str, distid: &str) -> String {
        std::fs::write(self.path("challenge.txt"), text).unwrap();
        let out = ["-out", "challenge.sig", "challenge.txt"];
        self.run(&[&["dgst", "-sm3", "-sign", "key.pem", "-sigopt", distid][..], &out].concat());
        self.run(&["base64", "-A", "-in", "challenge.sig"])
    }
}
