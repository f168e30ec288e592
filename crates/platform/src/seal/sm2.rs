//! SM2 with SM3 over the SM2 user id (GM/T 0003): keys as files, signatures as DER, so that other programs verify them.

use crate::ports::{Chance, Signer};
use domain::seal::PublicKey;
use sm2::{
    SecretKey,
    dsa::{
        Signature, SigningKey, VerifyingKey,
        signature::{Signer as _, Verifier as _},
    },
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
};
use sm3::{Digest, Sm3};

/// The user id of GM/T 0009 that everybody uses; OpenSSL has to be told it (`-sigopt distid:…`).
pub const USER_ID: &str = "1234567812345678";

/// Why a key or a signature cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("SM2: {0}")]
pub struct Sm2Error(String);

fn fault(error: impl std::fmt::Display) -> Sm2Error {
    Sm2Error(error.to_string())
}

/// A key held in memory.
pub struct Sm2Signer {
    key: SigningKey,
    public: PublicKey,
}

impl Sm2Signer {
    /// Reads a private key (PKCS#8 PEM).
    pub fn from_pem(pem: &str) -> Result<Self, Sm2Error> {
        let secret = SecretKey::from_pkcs8_pem(pem).map_err(fault)?;
        let pem = secret.public_key().to_public_key_pem(LineEnding::LF).map_err(fault)?;
        let key = SigningKey::new(USER_ID, &secret).map_err(fault)?;
        let id = hex::encode(Sm3::digest(pem.as_bytes()).as_slice()).chars().take(16).collect();
        Ok(Self { key, public: PublicKey { id, pem, ..PublicKey::default() } })
    }

    /// As the key of an organ, with the certificate (PEM) for it where there is one: it must be for this very key.
    pub fn of_organ(mut self, organ: &str, certificate: &str) -> Result<Self, Sm2Error> {
        if !certificate.trim().is_empty() {
            let key = crate::account::certified_key(certificate).map_err(fault)?;
            if key.trim() != self.public.pem.trim() {
                return Err(fault("the certificate is for another key"));
            }
            certificate.clone_into(&mut self.public.certificate);
        }
        organ.clone_into(&mut self.public.organ);
        Ok(self)
    }

    /// A new private key (PKCS#8 PEM) from 32 random bytes; the few that are no key are drawn again.
    pub fn new_pem(chance: &dyn Chance) -> Result<String, Sm2Error> {
        loop {
            let mut bytes = [0; 32];
            chance.fill(&mut bytes);
            if let Ok(secret) = SecretKey::from_slice(&bytes) {
                return secret.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(fault);
            }
        }
    }
}

impl Signer for Sm2Signer {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let signature = self.key.try_sign(text).map_err(|error| Box::new(fault(error)))?;
        Ok(signature.to_der().to_vec())
    }
}

/// Whether a signature (DER) over a text was made by the holder of this public key (PEM).
pub fn verifies(pem: &str, text: &[u8], signature: &[u8]) -> bool {
    let key = sm2::PublicKey::from_public_key_pem(pem).ok().and_then(|key| VerifyingKey::new(USER_ID, key).ok());
    let signature = Signature::from_der(signature).ok();
    key.zip(signature).is_some_and(|(key, signature)| key.verify(text, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ChaChaChance;

    fn signer(seed: u64) -> Sm2Signer {
        Sm2Signer::from_pem(&Sm2Signer::new_pem(&ChaChaChance::seeded(seed)).unwrap()).unwrap()
    }

    #[test]
    fn p07_only_the_text_the_key_and_the_signature_together_verify() {
        let (mine, other) = (signer(1), signer(2));
        assert_ne!(mine.public_key().id, other.public_key().id);
        let signature = mine.sign("办结告知书".as_bytes()).unwrap();
        assert!(verifies(&mine.public_key().pem, "办结告知书".as_bytes(), &signature));
        assert!(!verifies(&mine.public_key().pem, "办结告知书。".as_bytes(), &signature));
        assert!(!verifies(&other.public_key().pem, "办结告知书".as_bytes(), &signature));
        for at in 0..signature.len() {
            let mut bent = signature.clone();
            bent[at] ^= 1;
            assert!(!verifies(&mine.public_key().pem, "办结告知书".as_bytes(), &bent), "byte {at}");
        }
        assert!(!verifies("", b"", b"") && Sm2Signer::from_pem("no key").is_err());
    }
}
