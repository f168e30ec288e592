//! `docs/security/controls.md` is complete: every row has its state, and every test it names is there.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod tree;

use tree::{functions, named, rows};

/// Letter and number of rows of each kind of the reference.
const KINDS: [(&str, u32); 6] = [("S", 59), ("P", 9), ("L", 15), ("U", 12), ("K", 11), ("A", 34)];

#[test]
fn every_control_has_its_row_and_every_named_test_is_there() {
    let rows = rows("docs/security/controls.md");
    let wanted: Vec<String> =
        KINDS.iter().flat_map(|(kind, n)| (1..=*n).map(move |at| format!("{kind}-{at:02}"))).collect();
    let found: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(found, wanted);
    let functions = functions();
    for row in &rows {
        let [id, what, state, tests, missing] = row.as_slice() else { panic!("{row:?}") };
        assert!(!what.is_empty(), "{id}");
        let tests = named(tests);
        match state.as_str() {
            "done" => assert!(!tests.is_empty(), "{id} is done, but no test shows it"),
            "part" => assert!(!tests.is_empty() && !missing.is_empty(), "{id} must say what is there and what is not"),
            "outside" | "not yet" => assert!(!missing.is_empty(), "{id} must say who, or what would be built"),
            other => panic!("{id}: {other}"),
        }
        for test in tests {
            assert!(functions.contains(test), "{id} names {test}, which is not there");
        }
    }
}
