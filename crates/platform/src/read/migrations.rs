//! Steps of the read tables. Plain SQL, understood by both engines; a step is never changed once it is applied.

use ledger::Migration;

/// All steps, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "main job",
        sqlite: concat!(
            include_str!("migrations/0001_main.sql"),
            "CREATE VIRTUAL TABLE project_search USING fts5(id UNINDEXED, words);"
        ),
        postgres: concat!(
            include_str!("migrations/0001_main.sql"),
            "CREATE TABLE project_search(id TEXT PRIMARY KEY, words TSVECTOR NOT NULL); \
             CREATE INDEX project_search_words ON project_search USING gin(words);"
        ),
    },
    Migration {
        version: 2,
        name: "case processing",
        sqlite: include_str!("migrations/0002_case_processing.sql"),
        postgres: include_str!("migrations/0002_case_processing.sql"),
    },
];
