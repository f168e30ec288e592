//! 发布清单: what a release consists of, each part with its SM3, as lines that `sm3sum`-like tools and people read. Pure.

use sm3::{Digest, Sm3};
use std::{collections::BTreeMap, fmt};

/// First line of a manifest; the number changes with the format.
const HEAD: &str = "tzxm manifest 1";

/// Parts by name, each with the SM3 of its bytes in hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<String, String>);

/// SM3 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sm3::digest(bytes).as_slice())
}

impl Manifest {
    /// Notes a part.
    pub fn insert(&mut self, name: impl Into<String>, digest: String) {
        self.0.insert(name.into(), digest);
    }

    /// How many parts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Reads the text of a manifest; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != HEAD {
            return None;
        }
        let part = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
            (is_digest && !name.is_empty()).then(|| (name.to_owned(), digest.to_owned()))
        };
        let parts: BTreeMap<_, _> = lines.map(part).collect::<Option<_>>()?;
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// Names of parts that are not as this manifest says, missing or more than it knows.
    pub fn differences(&self, found: &Self) -> Vec<String> {
        let names = self.0.keys().chain(found.0.keys().filter(|name| !self.0.contains_key(*name)));
        names.filter(|name| self.0.get(*name) != found.0.get(*name)).cloned().collect()
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        self.0.iter().try_for_each(|(name, digest)| writeln!(f, "{digest}  {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(parts: &[(&str, &[u8])]) -> Manifest {
        let mut manifest = Manifest::default();
        for (name, bytes) in parts {
            manifest.insert(*name, digest(bytes));
        }
        manifest
    }

    #[test]
    fn s23_a_manifest_reads_back_and_names_what_differs() {
        let said = manifest(&[("program", b"a"), ("data/items.toml", b"b"), ("gone", b"c")]);
        assert_eq!(Manifest::parse(&said.to_string()), Some(said.clone()));
        assert_eq!(said.differences(&said), Vec::<String>::new());
        let found = manifest(&[("program", b"a"), ("data/items.toml", b"x"), ("more", b"d")]);
        assert_eq!(said.differences(&found), ["data/items.toml", "gone", "more"]);
    }

    #[test]
    fn s23_what_is_no_manifest_is_refused() {
        let good = manifest(&[("program", b"a")]).to_string();
        for bad in ["", HEAD, "tzxm manifest 2\n", &good.replace("  ", " "), &good[1..], &good.replace("program", "")] {
            assert_eq!(Manifest::parse(bad), None, "{bad:?}");
        }
    }
}
