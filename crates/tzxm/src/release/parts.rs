//! What this program consists of, looked at where it lies: the file of the program, and what is compiled into it.

use super::manifest::{Manifest, digest};
use sm3::{Digest, Sm3};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Name of the program's file in a manifest. Page templates are machine code in it: its SM3 covers them.
pub const PROGRAM: &str = "program";
/// Name of the configuration in a seal.
pub const CONFIGURATION: &str = "configuration";

/// SM3 of a file, read piece by piece.
pub fn of_file(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut piece) = (File::open(path)?, Sm3::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex::encode(hash.finalize().as_slice())),
            read => hash.update(piece.get(..read).unwrap_or_default()),
        }
    }
}

/// The manifest of the program in that file, with everything that is compiled into the one that runs.
pub fn found(program: &Path) -> io::Result<Manifest> {
    let mut manifest = Manifest::default();
    manifest.insert(PROGRAM, of_file(program)?);
    for (name, text) in domain::shipped::DATA {
        manifest.insert(format!("data/{name}"), digest(text.as_bytes()));
    }
    for (room, steps) in [("ledger", ledger::migrations()), ("platform", platform::read::MIGRATIONS)] {
        for step in steps {
            let name = format!("migration/{room}/{:04}", step.version);
            manifest.insert(format!("{name}.sqlite"), digest(step.sqlite.as_bytes()));
            manifest.insert(format!("{name}.postgres"), digest(step.postgres.as_bytes()));
        }
    }
    for (name, text) in documents::TEMPLATES {
        manifest.insert(format!("paper/{name}"), digest(text.as_bytes()));
    }
    for (name, bytes) in web::assets::files() {
        manifest.insert(format!("asset/{name}"), digest(bytes));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Whatever a crate takes in from `data/` stands in the list that a release is made from.
    #[test]
    fn s23_every_data_file_that_is_compiled_in_is_in_the_manifest() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (mut folders, mut named) = (vec![crates], BTreeSet::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    for included in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                        named.extend(included.rsplit_once("../data/").map(|(_, name)| name.to_owned()));
                    }
                }
            }
        }
        let listed: BTreeSet<_> = domain::shipped::DATA.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert!(named.len() > 10 && named.difference(&listed).next().is_none(), "{named:?}");
    }

    #[test]
    fn s23_the_manifest_names_program_data_migrations_papers_and_assets() {
        let manifest = found(Path::new("/proc/self/exe")).unwrap();
        let text = manifest.to_string();
        for part in [
            "  program\n",
            "  data/items.toml\n",
            "  migration/ledger/0001.sqlite\n",
            "  paper/notice.typ\n",
            "  asset/",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert_eq!(Manifest::parse(&text), Some(manifest));
    }
}
