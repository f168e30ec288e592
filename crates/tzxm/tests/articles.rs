//! `docs/articles.md` is complete: every article that demands something has a row, and every test it names is there.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Articles of the 管理办法 that demand something; 1 and 24 state purpose and interpretation.
const ARTICLES: [u32; 23] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Cells of every row of the table but its head.
fn rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/articles.md")).unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text.lines().filter(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Names of all functions in the crates.
fn functions() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        for part in std::fs::read_to_string(file).unwrap().split("fn ").skip(1) {
            names.insert(part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
        }
    }
    names
}

#[test]
fn every_article_has_its_row_and_every_named_test_is_there() {
    let rows = rows();
    let articles: Vec<u32> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(articles, ARTICLES);
    let functions = functions();
    for row in &rows {
        let [article, built, places, tests, open] = row.as_slice() else { panic!("{row:?}") };
        assert!(!built.is_empty() || !open.is_empty(), "article {article} says nothing");
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert_eq!(built.is_empty(), named.is_empty(), "article {article}: what is built has a test, and nothing else");
        assert_eq!(built.is_empty(), places.is_empty(), "article {article}: what is built stands somewhere");
        for test in named {
            assert!(functions.contains(test), "article {article} names {test}, which is not there");
        }
    }
}
