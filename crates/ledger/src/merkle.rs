//! A Merkle tree as in RFC 6962 with SM3, built from the left in logarithmic memory.

use sm3::{Digest, Sm3};

use crate::chain::Hasher;

/// The tree over all stream heads, fed in the byte order of the stream names.
#[derive(Debug, Clone, Default)]
pub struct Merkle {
    /// Roots of perfect subtrees, larger ones first; their sizes are the one bits of `leaves`.
    peaks: Vec<[u8; 32]>,
    leaves: u64,
    events: u64,
}

impl Merkle {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next stream: its name, its version and the hash of its last event.
    pub fn push(&mut self, stream: &str, version: i64, head: &[u8; 32]) {
        let mut hash = Hasher::new(&[0]).field(stream.as_bytes()).int(version).fixed(head).finish();
        // Every trailing one bit of the old count is a perfect subtree of the size just completed.
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.leaves += 1;
        self.events = self.events.saturating_add_signed(version);
    }

    /// The root over what was pushed so far; SM3 of nothing for an empty tree.
    pub fn root(&self) -> crate::Root {
        let hash = self.peaks.iter().rev().copied().reduce(|right, left| node(&left, &right));
        crate::Root { hash: hash.unwrap_or_else(|| Sm3::digest([]).into()), streams: self.leaves, events: self.events }
    }
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Hasher::new(&[1]).fixed(left).fixed(right).finish()
}
