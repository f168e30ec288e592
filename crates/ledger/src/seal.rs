//! Secrets at rest: SM4-GCM under a named key (S-27, P-05).

use std::collections::BTreeMap;

use aes_gcm::{
    AesGcm, KeyInit, Nonce,
    aead::{Aead, Payload, consts::U12},
};
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::{LedgerError, Result, chain::secret_commitment, unit::Secret};

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Seals under one named SM4 key and opens under it and any older ones.
#[derive(Clone)]
pub struct Sealer {
    current: String,
    keys: BTreeMap<String, Sm4Gcm>,
    /// One for each of `keys`, derived from it: check values of rows.
    macs: BTreeMap<String, Zeroizing<[u8; 32]>>,
}

/// A secret as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Name of the field.
    pub name: String,
    /// Which key sealed it.
    pub key_id: String,
    /// The GCM nonce, used once per key.
    pub nonce: [u8; 12],
    /// Ciphertext and tag of salt ‖ value; `None` once erased.
    pub sealed: Option<Vec<u8>>,
    /// See [`secret_commitment`].
    pub commitment: [u8; 32],
}

impl Sealer {
    /// A sealer with one key. The id is stored beside every ciphertext, the key never.
    pub fn new(key_id: impl Into<String>, key: [u8; 16]) -> Self {
        let current = key_id.into();
        let macs = BTreeMap::from([(current.clone(), crate::mac::derive(&key).into())]);
        Self { keys: BTreeMap::from([(current.clone(), Sm4Gcm::new(&key.into()))]), macs, current }
    }

    /// Also opens what an older key sealed; new secrets stay with the current key.
    #[must_use]
    pub fn with_old(mut self, key_id: impl Into<String>, key: [u8; 16]) -> Self {
        let key_id = key_id.into();
        self.macs.entry(key_id.clone()).or_insert_with(|| crate::mac::derive(&key).into());
        self.keys.entry(key_id).or_insert_with(|| Sm4Gcm::new(&key.into()));
        self
    }

    pub(crate) fn mac_key(&self, key_id: &str) -> Option<&[u8; 32]> {
        self.macs.get(key_id).map(|key| &**key)
    }

    /// The id of the key that seals.
    pub fn key_id(&self) -> &str {
        &self.current
    }

    /// Seals a secret for one event. The place (stream, version, name) is authenticated: a ciphertext moved
    /// elsewhere does not open.
    ///
    /// # Errors
    /// [`LedgerError::Seal`] when the value is larger than GCM allows.
    pub fn seal(&self, stream: &str, version: i64, secret: &Secret) -> Result<Sealed> {
        let message = Zeroizing::new([secret.salt.as_slice(), &secret.value].concat());
        let sealed = self.encrypt(&self.current, &secret.nonce, &aad(stream, version, &secret.name), &message)?;
        Ok(Sealed {
            name: secret.name.clone(),
            key_id: self.current.clone(),
            nonce: secret.nonce,
            sealed: Some(sealed),
            commitment: secret_commitment(&secret.salt, &secret.name, &secret.value),
        })
    }

    /// Opens a secret of the event at `stream`, `version` and checks it against its commitment. `None` once erased.
    ///
    /// # Errors
    /// [`LedgerError::Seal`] when the key is unknown, or key, place, ciphertext or commitment is not the right one.
    pub fn open(&self, stream: &str, version: i64, sealed: &Sealed) -> Result<Option<Vec<u8>>> {
        Ok(self.open_salted(stream, version, sealed)?.map(|(_, value)| value))
    }

    /// Seals what an older key sealed under the current key; salt and commitment stay, so the chain does too.
    pub(crate) fn reseal(&self, stream: &str, version: i64, old: &Sealed, nonce: [u8; 12]) -> Result<Option<Sealed>> {
        let Some((salt, value)) = self.open_salted(stream, version, old)? else {
            return Ok(None);
        };
        self.seal(stream, version, &Secret { name: old.name.clone(), value, salt, nonce }).map(Some)
    }

    fn open_salted(&self, stream: &str, version: i64, sealed: &Sealed) -> Result<Option<([u8; 16], Vec<u8>)>> {
        let Some(ciphertext) = &sealed.sealed else {
            return Ok(None);
        };
        let message = self
            .cipher(&sealed.key_id)?
            .decrypt(&Nonce::from(sealed.nonce), Payload { msg: ciphertext, aad: &aad(stream, version, &sealed.name) });
        let message = Zeroizing::new(
            message.map_err(|_| LedgerError::Seal(format!("{stream} v{version} {} does not open", sealed.name)))?,
        );
        let Some((salt, value)) = message.split_first_chunk::<16>() else {
            return Err(LedgerError::Seal(format!("{stream} v{version} {} is too short", sealed.name)));
        };
        if secret_commitment(salt, &sealed.name, value) != sealed.commitment {
            return Err(LedgerError::Seal(format!("{stream} v{version} {} is not what was committed to", sealed.name)));
        }
        Ok(Some((*salt, value.to_vec())))
    }

    fn encrypt(&self, key_id: &str, nonce: &[u8; 12], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>> {
        self.cipher(key_id)?
            .encrypt(&Nonce::from(*nonce), Payload { msg, aad })
            .map_err(|_| LedgerError::Seal("the value is too large".to_owned()))
    }

    fn cipher(&self, key_id: &str) -> Result<&Sm4Gcm> {
        self.keys.get(key_id).ok_or_else(|| LedgerError::Seal(format!("no key named {key_id:?}")))
    }
}

fn aad(stream: &str, version: i64, name: &str) -> Vec<u8> {
    let field = |bytes: &[u8]| [&(bytes.len() as u64).to_be_bytes(), bytes].concat();
    [field(stream.as_bytes()), version.to_be_bytes().to_vec(), field(name.as_bytes())].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8998, appendix A.1.
    #[test]
    fn p05_sm4_gcm_is_that_of_rfc_8998() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210").try_into().unwrap();
        let nonce: [u8; 12] = bytes("00001234567800000000abcd").try_into().unwrap();
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let halves = [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xee, 0xaa];
        let message: Vec<u8> = halves.iter().flat_map(|byte| [*byte; 8]).collect();
        let sealed = Sealer::new("k", key).encrypt("k", &nonce, &aad, &message).unwrap();
        let expected = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                        d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
                        83de3541e4c2b58177e065a9bf7b62ec";
        assert_eq!(hex::encode(sealed), expected);
    }
}
