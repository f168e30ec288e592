//! The byte layout of every hash in the ledger (docs/decisions/0002-chain.md). Changing one byte here breaks every
//! ledger ever written, and the second verifier.

use sm3::{Digest, Sm3};

/// The head of a stream that does not exist yet.
pub const ZERO: [u8; 32] = [0; 32];

/// SM3 over fields that cannot run into each other: texts and byte strings carry their length.
pub(crate) struct Hasher(Sm3);

impl Hasher {
    pub(crate) fn new(tag: &[u8]) -> Self {
        Self(Sm3::new_with_prefix(tag))
    }

    /// Bytes of a length both sides know.
    pub(crate) fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    pub(crate) fn int(self, n: i64) -> Self {
        self.fixed(&n.to_be_bytes())
    }

    /// Bytes of any length: the length as a big-endian u64, then the bytes.
    pub(crate) fn field(self, bytes: &[u8]) -> Self {
        self.fixed(&(bytes.len() as u64).to_be_bytes()).fixed(bytes)
    }

    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// What one event says, as far as its hash covers it.
pub(crate) struct Link<'a> {
    pub stream: &'a str,
    pub version: i64,
    pub kind: &'a str,
    pub at: i64,
    pub recorded_at: i64,
    pub actor: &'a str,
    pub cause: &'a str,
    pub data: &'a str,
    pub commitment: Option<&'a [u8; 32]>,
}

impl Link<'_> {
    pub(crate) fn hash(&self, prev: &[u8; 32]) -> [u8; 32] {
        let hasher = Hasher::new(b"ledger/event/1")
            .fixed(prev)
            .field(self.stream.as_bytes())
            .int(self.version)
            .field(self.kind.as_bytes())
            .int(self.at)
            .int(self.recorded_at)
            .field(self.actor.as_bytes())
            .field(self.cause.as_bytes())
            .field(self.data.as_bytes());
        match self.commitment {
            None => hasher.fixed(&[0]),
            Some(commitment) => hasher.fixed(&[1]).fixed(commitment),
        }
        .finish()
    }
}

/// The hash an event must have when the event before it (of the same stream) has the hash `prev`.
pub fn event_hash(prev: &[u8; 32], event: &crate::Event) -> [u8; 32] {
    event.link().hash(prev)
}

/// Binds an event to one secret without telling it: the salt is sealed together with the value, so once the
/// ciphertext is erased not even a guess (an identity number has few enough digits) can be tested against this.
pub fn secret_commitment(salt: &[u8; 16], name: &str, value: &[u8]) -> [u8; 32] {
    Hasher::new(b"ledger/secret/1").fixed(salt).field(name.as_bytes()).field(value).finish()
}

/// The commitment in the event: over all its secrets in the byte order of their names. `None` without secrets.
pub fn sealed_commitment<'a>(secrets: impl IntoIterator<Item = (&'a str, [u8; 32])>) -> Option<[u8; 32]> {
    let mut secrets: Vec<_> = secrets.into_iter().collect();
    if secrets.is_empty() {
        return None;
    }
    secrets.sort_unstable();
    let start = Hasher::new(b"ledger/sealed/1").fixed(&(secrets.len() as u64).to_be_bytes());
    Some(
        secrets
            .iter()
            .fold(start, |hasher, (name, commitment)| hasher.field(name.as_bytes()).fixed(commitment))
            .finish(),
    )
}
