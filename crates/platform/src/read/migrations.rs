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
    same(2, "case processing", include_str!("migrations/0002_case_processing.sql")),
    same(3, "deadlines", include_str!("migrations/0003_deadlines.sql")),
    same(4, "guides", include_str!("migrations/0004_guides.sql")),
    same(5, "supervision", include_str!("migrations/0005_supervision.sql")),
    same(6, "parallel groups", include_str!("migrations/0006_groups.sql")),
    same(7, "notifications", include_str!("migrations/0007_notifications.sql")),
    same(8, "consultations", include_str!("migrations/0008_consultations.sql")),
    same(10, "delegations", include_str!("migrations/0010_delegations.sql")),
    same(11, "commitments", include_str!("migrations/0011_commitments.sql")),
    same(12, "audit", include_str!("migrations/0012_audit.sql")),
    same(13, "sign-in", include_str!("migrations/0013_sign_in.sql")),
    same(14, "seals", include_str!("migrations/0014_seals.sql")),
    same(15, "query misses", include_str!("migrations/0015_query_misses.sql")),
    same(16, "sign-in keys", include_str!("migrations/0016_sign_in_keys.sql")),
    same(17, "files", include_str!("migrations/0017_files.sql")),
    Migration {
        version: 18,
        name: "posts",
        sqlite: concat!(
            include_str!("migrations/0018_posts.sql"),
            include_str!("migrations/0018_separation_sqlite.sql")
        ),
        postgres: concat!(
            include_str!("migrations/0018_posts.sql"),
            include_str!("migrations/0018_separation_postgres.sql")
        ),
    },
    same(19, "alarms", include_str!("migrations/0019_alarms.sql")),
    same(21, "evidence", include_str!("migrations/0021_evidence.sql")),
    same(24, "integrity", include_str!("migrations/0024_integrity.sql")),
    same(25, "limits", include_str!("migrations/0025_limits.sql")),
    same(26, "files that wait for a check", include_str!("migrations/0026_content.sql")),
];

/// A step whose text is the same on both engines.
const fn same(version: i64, name: &'static str, text: &'static str) -> Migration {
    Migration { version, name, sqlite: text, postgres: text }
}
