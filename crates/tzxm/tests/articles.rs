//! `docs/articles.md` is complete: every article that demands something has a row, and every test it names is there.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod tree;

use tree::{functions, named, rows};

/// Articles of the 管理办法 that demand something; 1 and 24 state purpose and interpretation.
const ARTICLES: [u32; 23] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25];

#[test]
fn every_article_has_its_row_and_every_named_test_is_there() {
    let rows = rows("docs/articles.md");
    let articles: Vec<u32> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(articles, ARTICLES);
    let functions = functions();
    for row in &rows {
        let [article, built, places, tests, open] = row.as_slice() else { panic!("{row:?}") };
        assert!(!built.is_empty() || !open.is_empty(), "article {article} says nothing");
        let named = named(tests);
        assert_eq!(built.is_empty(), named.is_empty(), "article {article}: what is built has a test, and nothing else");
        assert_eq!(built.is_empty(), places.is_empty(), "article {article}: what is built stands somewhere");
        for test in named {
            assert!(functions.contains(test), "article {article} names {test}, which is not there");
        }
    }
}
