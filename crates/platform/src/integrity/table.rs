//! Which rows carry a check value, and how each is read, found page by page, and taken away (S-25).

use crate::Failure;
use ledger::{QueryResult, Value};

/// Type of a column the check value covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    /// A number or nothing.
    Maybe,
}

use Kind::{Maybe, Number, Text};

/// A table whose rows carry check values.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name in the check value.
    pub guard: &'static str,
    /// What people call a row of it.
    pub words: &'static str,
    /// How many of the columns name the row.
    key: usize,
    /// What the check value covers, in its order.
    columns: &'static [(&'static str, Kind)],
    /// One row by its key; `mac` is the check value.
    pub one: &'static str,
    /// Rows in order, with `after_id` to go on from.
    pub page: &'static str,
    /// Takes the row away.
    pub delete: &'static str,
    /// How statements begin that write it.
    pub writes: [&'static str; 2],
    /// The name people know a row by, from its key; empty: the key itself.
    pub name: &'static str,
    /// Writes a row anew from its sealed copy; empty where rows follow from events.
    pub again: &'static str,
    /// Holds such a row as it stands, its check value last; empty where rows follow from events.
    pub hold: &'static str,
}

/// A row as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stands {
    pub values: Vec<Value>,
    pub mac: String,
}

impl Stands {
    /// The stream of that kind the row is named after.
    pub fn streams(&self, kind: &str) -> Vec<String> {
        vec![format!("{kind}:{}", in_words(self.values.get(..1).unwrap_or_default()))]
    }

    /// A column as text; empty when it is none.
    pub fn text(&self, at: usize) -> String {
        in_words(self.values.get(at..=at).unwrap_or_default())
    }
}

impl Table {
    /// Reads a row of `one` or `page`.
    pub fn read(&self, row: &QueryResult) -> Result<Stands, Failure> {
        let values = self.columns.iter().map(|(column, kind)| match kind {
            Text => row.try_get::<String>("", column).map(Value::from),
            Number => row.try_get::<i64>("", column).map(Value::from),
            Maybe => row.try_get::<Option<i64>>("", column).map(Value::BigInt),
        });
        let values = values.collect::<ledger::Result<_>>().map_err(Failure::fault)?;
        Ok(Stands { values, mac: row.try_get("", "mac").map_err(Failure::fault)? })
    }

    /// The values that name the row.
    pub fn key_of<'a>(&self, values: &'a [Value]) -> &'a [Value] {
        values.get(..self.key).unwrap_or_default()
    }

    /// Whether its rows follow from events; others have a sealed copy.
    pub fn follows_from_events(&self) -> bool {
        self.again.is_empty()
    }

    /// Whether a statement writes rows of this table.
    pub fn is_written_by(&self, sql: &str) -> bool {
        self.writes.iter().any(|begin| sql.starts_with(begin))
    }
}

/// A key as text.
pub(crate) fn in_words(key: &[Value]) -> String {
    let words = key.iter().map(|value| match value {
        Value::String(Some(text)) => text.to_string(),
        Value::BigInt(Some(number)) => number.to_string(),
        _ => String::new(),
    });
    words.collect::<Vec<_>>().join("/")
}

/// The table a check value names.
pub(crate) fn table(guard: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.guard == guard)
}

/// Names of files, wherever they belong.
pub(super) const FILE_NAME: &str =
    "SELECT name FROM attachments WHERE id = $1 UNION ALL SELECT name FROM guide_files WHERE id = $1";

/// Every such table but posts, which have a check of their own (`account/post_check.rs`).
pub(crate) static TABLES: [Table; 9] = [
    Table {
        guard: "accounts",
        words: "账号",
        key: 1,
        columns: &[("id", Text), ("face", Text), ("login", Text), ("unit_id", Text), ("disabled", Number)],
        one: "SELECT id, face, login, unit_id, disabled, mac FROM accounts WHERE id = $1",
        page: "SELECT id AS after_id, id, face, login, unit_id, disabled, mac FROM accounts WHERE id > $1 ORDER BY id LIMIT $2",
        delete: "DELETE FROM accounts WHERE id = $1",
        writes: ["INSERT INTO accounts(", "UPDATE accounts SET"],
        name: "SELECT login AS name FROM accounts WHERE id = $1",
        again: "",
        hold: "",
    },
    Table {
        guard: "delegations",
        words: "岗位委托",
        key: 2,
        columns: &[
            ("account_id", Text),
            ("at", Number),
            ("department", Text),
            ("region", Text),
            ("role", Text),
            ("from_day", Number),
            ("to_day", Maybe),
            ("by_account", Text),
        ],
        one: "SELECT account_id, at, department, region, role, from_day, to_day, by_account, mac FROM delegations \
              WHERE account_id = $1 AND at = $2",
        page: "SELECT account_id || '/' || at AS after_id, account_id, at, department, region, role, from_day, to_day, by_account, mac \
               FROM delegations WHERE account_id || '/' || at > $1 ORDER BY 1 LIMIT $2",
        delete: "DELETE FROM delegations WHERE account_id = $1 AND at = $2",
        writes: ["INSERT INTO delegations(", "UPDATE delegations SET"],
        name: "",
        again: "",
        hold: "",
    },
    Table {
        guard: "projects",
        words: "项目及代码",
        key: 1,
        columns: &[
            ("id", Text),
            ("code", Text),
            ("name", Text),
            ("regime", Text),
            ("state", Text),
            ("region", Text),
            ("unit_id", Text),
            ("unit_name", Text),
            ("total_fen", Number),
        ],
        one: "SELECT id, code, name, regime, state, region, unit_id, unit_name, total_fen, mac FROM projects WHERE id = $1",
        page: "SELECT id AS after_id, id, code, name, regime, state, region, unit_id, unit_name, total_fen, mac FROM projects \
               WHERE id > $1 ORDER BY id LIMIT $2",
        delete: "DELETE FROM projects WHERE id = $1",
        writes: ["INSERT INTO projects(", "UPDATE projects SET"],
        name: "SELECT code AS name FROM projects WHERE id = $1",
        again: "",
        hold: "",
    },
    Table {
        guard: "cases",
        words: "办件及决定",
        key: 1,
        columns: &[
            ("id", Text),
            ("project_id", Text),
            ("project_code", Text),
            ("unit_id", Text),
            ("item", Text),
            ("department", Text),
            ("region", Text),
            ("stage", Text),
            ("outcome", Text),
            ("document_number", Text),
            ("document_title", Text),
            ("decided_day", Number),
        ],
        one: "SELECT id, project_id, project_code, unit_id, item, department, region, stage, outcome, document_number, document_title, \
              decided_day, mac FROM cases WHERE id = $1",
        page: "SELECT id AS after_id, id, project_id, project_code, unit_id, item, department, region, stage, outcome, document_number, \
               document_title, decided_day, mac FROM cases WHERE id > $1 ORDER BY id LIMIT $2",
        delete: "DELETE FROM cases WHERE id = $1",
        writes: ["INSERT INTO cases(", "UPDATE cases SET"],
        name: "",
        again: "",
        hold: "",
    },
    Table {
        guard: "documents",
        words: "文书",
        key: 1,
        columns: &[
            ("number", Text),
            ("kind", Text),
            ("project_id", Text),
            ("case_id", Text),
            ("unit_id", Text),
            ("issued_at", Number),
            ("data", Text),
        ],
        one: "SELECT number, kind, project_id, case_id, unit_id, issued_at, data, mac FROM documents WHERE number = $1",
        page: "SELECT number AS after_id, number, kind, project_id, case_id, unit_id, issued_at, data, mac FROM documents \
               WHERE number > $1 ORDER BY number LIMIT $2",
        delete: "DELETE FROM documents WHERE number = $1",
        writes: ["INSERT INTO documents(", "UPDATE documents SET kind"],
        name: "",
        again: "",
        hold: "",
    },
    Table {
        guard: "document_seals",
        words: "文书的签章",
        key: 1,
        columns: &[("number", Text), ("seal_key", Text), ("signature", Text), ("sealed_at", Number)],
        one: "SELECT number, seal_key, signature, sealed_at, seal_mac AS mac FROM documents WHERE number = $1 AND (seal_key <> '' OR seal_mac <> '')",
        page: "SELECT number AS after_id, number, seal_key, signature, sealed_at, seal_mac AS mac FROM documents \
               WHERE number > $1 AND (seal_key <> '' OR seal_mac <> '' OR signature <> '') ORDER BY number LIMIT $2",
        delete: "UPDATE documents SET seal_key = '', signature = '', sealed_at = 0, seal_mac = '' WHERE number = $1",
        writes: ["UPDATE documents SET seal_key", "UPDATE documents SET seal_key"],
        name: "",
        again: "",
        hold: "",
    },
    Table {
        guard: "seal_keys",
        words: "签章公钥",
        key: 1,
        columns: &[("id", Text), ("pem", Text), ("organ", Text), ("certificate", Text)],
        one: "SELECT id, pem, organ, certificate, mac FROM seal_keys WHERE id = $1",
        page: "SELECT id AS after_id, id, pem, organ, certificate, mac FROM seal_keys WHERE id > $1 ORDER BY id LIMIT $2",
        delete: "DELETE FROM seal_keys WHERE id = $1",
        writes: ["INSERT INTO seal_keys(", "UPDATE seal_keys SET"],
        name: "",
        again: "",
        hold: "",
    },
    Table {
        guard: "credentials",
        words: "登录凭据",
        key: 1,
        columns: &[("account_id", Text), ("phc", Text), ("changed_at", Number)],
        one: "SELECT account_id, phc, changed_at, mac FROM credentials WHERE account_id = $1",
        page: "SELECT account_id AS after_id, account_id, phc, changed_at, mac FROM credentials WHERE account_id > $1 ORDER BY account_id LIMIT $2",
        delete: "DELETE FROM credentials WHERE account_id = $1",
        writes: ["INSERT INTO credentials(", "UPDATE credentials SET"],
        name: "SELECT login AS name FROM accounts WHERE id = $1",
        again: "INSERT INTO credentials(account_id, phc, changed_at, mac) VALUES($1, $2, $3, $4) \
                ON CONFLICT(account_id) DO UPDATE SET phc = excluded.phc, changed_at = excluded.changed_at, mac = excluded.mac",
        hold: "UPDATE credentials SET mac = mac WHERE account_id = $1 AND mac = $2",
    },
    Table {
        guard: "object_keys",
        words: "文件的密钥",
        key: 1,
        columns: &[
            ("id", Text),
            ("place", Text),
            ("sealed", Text),
            ("sm3", Text),
            ("preview_sm3", Text),
            ("at", Number),
        ],
        one: "SELECT id, place, sealed, sm3, preview_sm3, at, mac FROM object_keys WHERE id = $1",
        page: "SELECT id AS after_id, id, place, sealed, sm3, preview_sm3, at, mac FROM object_keys WHERE id > $1 ORDER BY id LIMIT $2",
        delete: "DELETE FROM object_keys WHERE id = $1",
        writes: ["INSERT INTO object_keys(", "UPDATE object_keys SET"],
        name: FILE_NAME,
        again: "INSERT INTO object_keys(id, place, sealed, sm3, preview_sm3, at, mac) VALUES($1, $2, $3, $4, $5, $6, $7) \
                ON CONFLICT(id) DO UPDATE SET place = excluded.place, sealed = excluded.sealed, sm3 = excluded.sm3, \
                preview_sm3 = excluded.preview_sm3, at = excluded.at, mac = excluded.mac",
        hold: "UPDATE object_keys SET mac = mac WHERE id = $1 AND mac = $2",
    },
];
