//! Whole files at rest (S-27): SM4-GCM, piece by piece, under a data key that belongs to this file alone.
//!
//! Number and end of a piece are part of its nonce, so pieces that were moved, dropped or cut off do not open. The key seals one
//! file (and what was made from it, as another `part`), so a counter may be the nonce.

use crate::{LedgerError, Result};
use aes_gcm::{
    AesGcm, KeyInit, Nonce,
    aead::{Aead, consts::U12},
};
use sm4::Sm4;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The data key of one file. Never shown, never stored but wrapped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct DataKey(pub [u8; 16]);

/// Seals and opens the pieces of one part of a file.
#[derive(Clone)]
pub struct ObjectCipher {
    cipher: AesGcm<Sm4, U12>,
    part: u8,
}

impl fmt::Debug for ObjectCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectCipher").field("part", &self.part).finish_non_exhaustive()
    }
}

impl ObjectCipher {
    /// Bytes a sealed piece has more than the open one.
    pub const OVERHEAD: usize = 16;

    /// For a part of the file the key belongs to.
    pub fn new(key: &DataKey, part: u8) -> Self {
        Self { cipher: AesGcm::new(&key.0.into()), part }
    }

    /// Seals a piece; its number says where it stands, `last` that nothing follows.
    ///
    /// # Errors
    /// [`LedgerError::Seal`] when the piece is larger than GCM allows.
    pub fn seal(&self, number: u32, last: bool, piece: &[u8]) -> Result<Vec<u8>> {
        let sealed = self.cipher.encrypt(&self.nonce(number, last), piece);
        sealed.map_err(|_| LedgerError::Seal("the piece is too large".to_owned()))
    }

    /// Opens a piece.
    ///
    /// # Errors
    /// [`LedgerError::Seal`] when key, part, number, end or content is not the right one.
    pub fn open(&self, number: u32, last: bool, sealed: &[u8]) -> Result<Vec<u8>> {
        let opened = self.cipher.decrypt(&self.nonce(number, last), sealed);
        opened.map_err(|_| LedgerError::Seal(format!("piece {number} of a file does not open")))
    }

    fn nonce(&self, number: u32, last: bool) -> Nonce<U12> {
        let [a, b, c, d] = number.to_be_bytes();
        Nonce::from([self.part, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(last)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s27_a_piece_opens_only_in_its_place() {
        let key = DataKey(*b"0123456789abcdef");
        let cipher = ObjectCipher::new(&key, 0);
        let sealed = cipher.seal(3, false, b"content").unwrap();
        assert_eq!(sealed.len(), 7 + ObjectCipher::OVERHEAD);
        assert_eq!(cipher.open(3, false, &sealed).unwrap(), b"content");
        let other = ObjectCipher::new(&DataKey([7; 16]), 0);
        let mut changed = sealed.clone();
        changed[0] ^= 1;
        assert!(cipher.open(4, false, &sealed).is_err(), "another place");
        assert!(cipher.open(3, true, &sealed).is_err(), "cut off behind it");
        assert!(ObjectCipher::new(&key, 1).open(3, false, &sealed).is_err(), "another part");
        assert!(other.open(3, false, &sealed).is_err(), "another key");
        assert!(cipher.open(3, false, &changed).is_err(), "changed");
        assert!(cipher.open(3, false, b"short").is_err());
        assert!(!format!("{cipher:?}").contains("48"), "a key is never shown");
    }
}
