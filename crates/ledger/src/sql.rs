//! The ledger's own statements: static text, the same on both engines but for the transaction column.

use crate::{Backend, migrate::Migration};

/// The ledger's tables. An applied step is never edited: add another one.
pub(crate) static MIGRATIONS: [Migration; 4] = [
    Migration {
        version: 1,
        name: "streams, events, secrets, checkpoints",
        sqlite: include_str!("schema/sqlite.sql"),
        postgres: include_str!("schema/postgres.sql"),
    },
    Migration {
        version: 2,
        name: "the audit chain, and checkpoints over it",
        sqlite: include_str!("schema/2_sqlite.sql"),
        postgres: include_str!("schema/2_postgres.sql"),
    },
    Migration {
        version: 3,
        name: "check values of streams",
        sqlite: include_str!("schema/3.sql"),
        postgres: include_str!("schema/3.sql"),
    },
    Migration {
        version: 4,
        name: "archives of the audit chain",
        sqlite: include_str!("schema/4_sqlite.sql"),
        postgres: include_str!("schema/4_postgres.sql"),
    },
];

pub(crate) const LOAD: &str = "SELECT version, head, state, mac FROM stream WHERE id = $1";
pub(crate) const NEW_STREAM: &str = "INSERT INTO stream(id, version, head, state, mac) VALUES($1, $2, $3, $4, $5)";
pub(crate) const STEP_STREAM: &str =
    "UPDATE stream SET version = $1, head = $2, state = $3, mac = $7 WHERE id = $4 AND version = $5 AND head = $6";
pub(crate) const APPEND: &str = "INSERT INTO event(stream_id, version, kind, data, at, recorded_at, actor, cause, commitment, hash) \
     VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
/// As [`APPEND`], below every transaction PostgreSQL will ever run.
pub(crate) const APPEND_IMPORTED: &str = "INSERT INTO event(stream_id, version, kind, data, at, recorded_at, actor, cause, commitment, hash, tx) \
     VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '0'::xid8)";
pub(crate) const SEAL: &str = "INSERT INTO secret(stream_id, version, name, key_id, nonce, sealed, commitment) VALUES($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const ERASE: &str =
    "UPDATE secret SET sealed = NULL WHERE stream_id = $1 AND version = $2 AND name = $3 AND sealed IS NOT NULL";
pub(crate) const RESEAL: &str = "UPDATE secret SET key_id = $1, nonce = $2, sealed = $3 \
     WHERE stream_id = $4 AND version = $5 AND name = $6 AND nonce = $7 AND sealed IS NOT NULL";
pub(crate) const SECRET: &str = "SELECT stream_id, version, name, key_id, nonce, sealed, commitment FROM secret WHERE stream_id = $1 AND version = $2 AND name = $3";
pub(crate) const SECRETS_BETWEEN: &str = "SELECT stream_id, version, name, key_id, nonce, sealed, commitment FROM secret \
     WHERE (stream_id, version) > ($1, $2) AND (stream_id, version) <= ($3, $4) ORDER BY stream_id, version, name";
pub(crate) const SECRETS_AFTER: &str = "SELECT stream_id, version, name, key_id, nonce, sealed, commitment FROM secret \
     WHERE (stream_id, version) > ($1, $2) ORDER BY stream_id, version, name";
pub(crate) const SECRETS_OF_OTHER_KEYS: &str = "SELECT stream_id, version, name, key_id, nonce, sealed, commitment FROM secret \
     WHERE key_id <> $1 AND sealed IS NOT NULL ORDER BY stream_id, version, name LIMIT $2";
/// Stream rows after `$1`, not before `$2`, before `$3`.
pub(crate) const STREAMS_BETWEEN: &str =
    "SELECT id, version, head, state, mac FROM stream WHERE id > $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4";
pub(crate) const STREAMS_TO_END: &str =
    "SELECT id, version, head, state, mac FROM stream WHERE id > $1 AND id >= $2 ORDER BY id LIMIT $3";
/// Events of streams that have no row.
pub(crate) const STREAMS_GONE: &str = "SELECT DISTINCT stream_id FROM event e WHERE NOT EXISTS(SELECT 1 FROM stream s WHERE s.id = e.stream_id) \
     ORDER BY stream_id LIMIT $1";
/// A stream's row as its events give it, in place of the one that was found.
pub(crate) const MEND_STREAM: &str =
    "UPDATE stream SET version = $2, head = $3, state = $4, mac = $5 WHERE id = $1 AND version = $6 AND mac = $7";
pub(crate) const DROP_STREAM: &str = "DELETE FROM stream WHERE id = $1 AND version = $2 AND mac = $3";
pub(crate) const HEADS_AFTER: &str = "SELECT id, version, head FROM stream WHERE id > $1 ORDER BY id LIMIT $2";
pub(crate) const CHECKPOINT: &str = "INSERT INTO checkpoint(at, root, streams, events, tx, seq, audit_seq, audit_hash, number, hash) \
     VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
pub(crate) const CHECKPOINTS: &str =
    "SELECT at, root, streams, events, tx, seq, audit_seq, audit_hash, number, hash FROM checkpoint ORDER BY number";
pub(crate) const LAST_CHECKPOINTS: &str = "SELECT at, root, streams, events, tx, seq, audit_seq, audit_hash, number, hash FROM checkpoint ORDER BY number DESC LIMIT $1";
pub(crate) const CHECKPOINTS_AFTER: &str = "SELECT at, root, streams, events, tx, seq, audit_seq, audit_hash, number, hash FROM checkpoint \
     WHERE number > $1 ORDER BY number LIMIT $2";
pub(crate) const AUDIT: &str = "INSERT INTO audit_entry(seq, at, request, face, source, session, actor, role, organisation, method, path, \
     object, outcome, reason, before, after, hash) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
pub(crate) const AUDIT_AFTER: &str = "SELECT seq, at, request, face, source, session, actor, role, organisation, method, path, object, \
     outcome, reason, before, after, hash FROM audit_entry WHERE seq > $1 ORDER BY seq LIMIT $2";
pub(crate) const AUDIT_BETWEEN: &str = "SELECT seq, at, request, face, source, session, actor, role, organisation, method, path, object, \
     outcome, reason, before, after, hash FROM audit_entry WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3";
pub(crate) const ARCHIVE: &str = "INSERT INTO audit_archive(number, at, first, last, prev, head, file, digest, key, signature, hash) \
     VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
pub(crate) const ARCHIVES_AFTER: &str = "SELECT number, at, first, last, prev, head, file, digest, key, signature, hash FROM audit_archive \
     WHERE number > $1 ORDER BY number LIMIT $2";
pub(crate) const LAST_ARCHIVE: &str = "SELECT number, at, first, last, prev, head, file, digest, key, signature, hash FROM audit_archive \
     ORDER BY number DESC LIMIT 1";
/// Where a chain stands.
pub(crate) const HEAD: &str = "SELECT seq, head FROM chain WHERE name = $1";
/// The same, held until the transaction ends: whoever comes next waits, so numbers follow the order of the commits.
pub(crate) const HEAD_HELD: &str = "SELECT seq, head FROM chain WHERE name = $1 FOR UPDATE";
pub(crate) const MOVE_HEAD: &str = "UPDATE chain SET seq = $1, head = $2 WHERE name = $3 AND seq = $1 - 1";

/// Statements that differ, and every one that returns events.
pub(crate) struct Texts {
    pub load_many: &'static str,
    pub events: &'static str,
    pub events_of: &'static str,
    /// By stream, for verification.
    pub events_by_stream: &'static str,
    /// `$1, $2` = position, `$3` = limit.
    pub feed: &'static str,
    /// As `feed`, up to and including the position `$4, $5`.
    pub feed_until: &'static str,
    /// The last position nothing can be written before any more.
    pub horizon: &'static str,
    /// The streams that have gone past the position `$1, $2`, and their last event up to it.
    pub late: &'static str,
    pub secrets_of: &'static str,
    /// Takes archived audit records out of their table, up to number `$1`.
    pub prune: &'static str,
}

macro_rules! events {
    ($tx:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $tx,
            ", seq, stream_id, version, kind, data, at, recorded_at, actor, cause, commitment, hash FROM event ",
            $rest
        )
    };
}

pub(crate) const SQLITE: Texts = Texts {
    load_many: "SELECT id, version, head, state, mac FROM stream WHERE id IN (SELECT value FROM json_each($1))",
    events: events!("'0'", "WHERE stream_id = $1 ORDER BY version"),
    events_of: events!("'0'", "WHERE stream_id IN (SELECT value FROM json_each($1)) ORDER BY recorded_at, seq"),
    events_by_stream: events!("'0'", "WHERE (stream_id, version) > ($1, $2) ORDER BY stream_id, version LIMIT $3"),
    // The first comparison is always true: it lets both engines take the same arguments.
    feed: events!("'0'", "WHERE $1 >= '0' AND seq > $2 ORDER BY seq LIMIT $3"),
    feed_until: events!("'0'", "WHERE $1 >= '0' AND seq > $2 AND $4 >= '0' AND seq <= $5 ORDER BY seq LIMIT $3"),
    horizon: "SELECT '0', max(seq) FROM event HAVING max(seq) IS NOT NULL",
    late: "SELECT l.stream_id, l.first - 1, e.hash FROM (SELECT stream_id, min(version) AS first FROM event WHERE $1 >= '0' AND seq > $2 GROUP BY stream_id) l \
           LEFT JOIN event e ON e.stream_id = l.stream_id AND e.version = l.first - 1",
    secrets_of: "SELECT s.stream_id, s.version, s.name, s.key_id, s.nonce, s.sealed, s.commitment \
         FROM json_each($1) p JOIN secret s ON s.stream_id = p.value ->> 0 AND s.version = p.value ->> 1 ORDER BY s.name",
    prune: "DELETE FROM audit_entry WHERE seq <= $1",
};

pub(crate) const POSTGRES: Texts = Texts {
    load_many: "SELECT id, version, head, state, mac FROM stream WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))",
    events: events!("tx::text", "WHERE stream_id = $1 ORDER BY version"),
    events_of: events!(
        "tx::text",
        "WHERE stream_id = ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) ORDER BY recorded_at, event.tx, seq"
    ),
    events_by_stream: events!("tx::text", "WHERE (stream_id, version) > ($1, $2) ORDER BY stream_id, version LIMIT $3"),
    // Only transactions older than every one still running: nothing can appear behind the cursor.
    feed: events!(
        "tx::text",
        "WHERE (event.tx, seq) > ($1::text::xid8, $2) AND event.tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY event.tx, seq LIMIT $3"
    ),
    feed_until: events!(
        "tx::text",
        "WHERE (event.tx, seq) > ($1::text::xid8, $2) AND (event.tx, seq) <= ($4::text::xid8, $5) ORDER BY event.tx, seq LIMIT $3"
    ),
    horizon: "SELECT tx::text, seq FROM event WHERE event.tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY event.tx DESC, seq DESC LIMIT 1",
    late: "SELECT l.stream_id, l.first - 1, e.hash FROM (SELECT stream_id, min(version) AS first FROM event WHERE (tx, seq) > ($1::text::xid8, $2) GROUP BY stream_id) l \
           LEFT JOIN event e ON e.stream_id = l.stream_id AND e.version = l.first - 1",
    secrets_of: "SELECT s.stream_id, s.version, s.name, s.key_id, s.nonce, s.sealed, s.commitment \
         FROM jsonb_array_elements($1::jsonb) p(value) JOIN secret s ON s.stream_id = p.value ->> 0 AND s.version = (p.value ->> 1)::bigint ORDER BY s.name",
    prune: "SELECT audit_prune($1)",
};

pub(crate) fn texts(backend: Backend) -> &'static Texts {
    match backend {
        Backend::Sqlite => &SQLITE,
        Backend::Postgres => &POSTGRES,
    }
}

/// Where transactions that have not begun yet will be, PostgreSQL only.
pub(crate) const SNAPSHOT_END: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text";
/// One row once every transaction before that place has ended, PostgreSQL only.
pub(crate) const SNAPSHOT_PASSED: &str = "SELECT 1 WHERE pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8";
