//! Ten thousand forgeries made directly in the database, one at a time, each found; a sample of them also by the second
//! verifier, which shares no code with the first (G-08).

use std::{collections::BTreeMap, path::Path, process::Command};

use ledger::{FaultKind, Store, audit_hash, event_hash};
use rusqlite::{Connection, params, types::Value};

use crate::{
    archive::archive,
    audit::{log, records},
    engine::{Place, Sum, TRIGGERS_SQLITE, put, put_secret, sealer},
};

/// Forgeries of each worker; four workers.
const FORGERIES: u64 = 2_600;
/// Each so many are given to the second verifier, too.
const SECOND: u64 = 40;
const TABLES: [&str; 7] = ["event", "stream", "secret", "checkpoint", "audit_entry", "audit_archive", "chain"];
/// Columns of a table that nothing but an index hangs on: the place in the feed. A row's place before a checkpoint is covered.
const UNCOVERED: [(&str, &str); 2] = [("event", "seq"), ("stream", "mac")];
/// What the second verifier leaves to the program: the fold, and what only the key opens.
const PROGRAM_ONLY: [(&str, &str); 4] =
    [("stream", "state"), ("secret", "sealed"), ("secret", "nonce"), ("secret", "key_id")];

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Streams, secrets, audit records (the first three archived) and three checkpoints; after the last one a little more of each.
async fn history(place: &Place) -> Store {
    let store = place.open().await;
    let mut n = 0;
    for round in 0..3_i64 {
        for stream in ["a", "b", "项目:c"] {
            put(&store, stream, &[round, n]).await.unwrap();
            n += 1;
            log(&store, n).await;
        }
        put_secret(&store, &format!("s{round}"), "phone", "138", round.unsigned_abs()).await;
        log(&store, 100 + n).await;
        store.checkpoint(round).await.unwrap();
    }
    put(&store, "b", &[9]).await.unwrap();
    log(&store, 200).await;
    archive(&store, place.folder.path(), 3).await.unwrap();
    store
}

/// A forger with the owner's password, and a copy of everything as it was.
struct Forger {
    db: Connection,
    dice: Dice,
    /// What was done last.
    note: String,
}

/// A forgery: its name for the tally, and whether the second verifier can see it.
type Forged = (&'static str, bool);

impl Forger {
    fn open(place: &Place, seed: u64) -> Self {
        let path = place.folder.path().join("ledger.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(TRIGGERS_SQLITE).unwrap();
        db.execute_batch("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 100000;").unwrap();
        for table in TABLES {
            db.execute_batch(&format!("CREATE TEMP TABLE kept_{table} AS SELECT * FROM main.{table}")).unwrap();
        }
        Self { db, dice: Dice(seed), note: String::new() }
    }

    fn restore(&self) {
        self.db.execute_batch("BEGIN IMMEDIATE").unwrap();
        for table in TABLES {
            let text = format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM temp.kept_{table}");
            self.db.execute_batch(&text).unwrap();
        }
        self.db.execute_batch("COMMIT").unwrap();
    }

    fn columns(&self, table: &str) -> Vec<String> {
        let mut statement = self.db.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn rows(&self, table: &str) -> Vec<BTreeMap<String, Value>> {
        let columns = self.columns(table);
        let mut statement = self.db.prepare(&format!("SELECT * FROM main.{table}")).unwrap();
        let rows = statement.query_map([], |row| {
            columns.iter().enumerate().map(|(place, name)| Ok((name.clone(), row.get(place)?))).collect()
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn key(table: &str) -> &'static [&'static str] {
        match table {
            "event" => &["stream_id", "version"],
            "stream" => &["id"],
            "secret" => &["stream_id", "version", "name"],
            "checkpoint" => &["number"],
            "audit_entry" => &["seq"],
            "audit_archive" => &["number"],
            _ => &["name"],
        }
    }

    /// Takes out the row and puts in what is left of `with`; `false` when the table itself refuses it.
    fn replace(&self, table: &str, row: &BTreeMap<String, Value>, with: &[BTreeMap<String, Value>]) -> bool {
        let key = Self::key(table);
        let clause: Vec<_> = key.iter().enumerate().map(|(n, name)| format!("{name} = ?{}", n + 1)).collect();
        let values: Vec<_> = key.iter().map(|name| row[*name].clone()).collect();
        let delete = format!("DELETE FROM main.{table} WHERE {}", clause.join(" AND "));
        self.db.execute(&delete, rusqlite::params_from_iter(values)).unwrap();
        with.iter().all(|row| self.insert(table, row))
    }

    fn insert(&self, table: &str, row: &BTreeMap<String, Value>) -> bool {
        let names: Vec<_> = row.keys().map(String::as_str).collect();
        let places: Vec<_> = (1..=names.len()).map(|n| format!("?{n}")).collect();
        let text = format!("INSERT INTO main.{table}({}) VALUES({})", names.join(", "), places.join(", "));
        self.db.execute(&text, rusqlite::params_from_iter(row.values().cloned())).is_ok()
    }

    /// Another value of the same type.
    fn other(&mut self, value: &Value) -> Value {
        match value {
            Value::Integer(n) => {
                let by = i64::try_from(self.dice.next() % 1000).unwrap() + 1;
                Value::Integer(if self.dice.below(2) == 0 { n - by } else { n + by })
            }
            Value::Text(text) => {
                let mut letters: Vec<char> = text.chars().collect();
                match self.dice.below(3) {
                    0 if !letters.is_empty() => drop(letters.remove(self.dice.below(letters.len()))),
                    1 if !letters.is_empty() => {
                        let at = self.dice.below(letters.len());
                        letters[at] = if letters[at] == '7' { '3' } else { '7' };
                    }
                    _ => letters.insert(self.dice.below(letters.len() + 1), '1'),
                }
                Value::Text(letters.into_iter().collect())
            }
            Value::Blob(bytes) => {
                let mut bytes = bytes.clone();
                let at = self.dice.below(bytes.len());
                bytes[at] ^= 1 << self.dice.below(8);
                Value::Blob(bytes)
            }
            // A commitment where there was none.
            _ => Value::Blob(vec![7; 32]),
        }
    }

    fn edit(&mut self) -> Option<Forged> {
        let table = *self.dice.of(&TABLES);
        let rows = self.rows(table);
        let mut row = self.dice.of(&rows).clone();
        let columns: Vec<_> = row.keys().filter(|name| !UNCOVERED.contains(&(table, name.as_str()))).cloned().collect();
        let column = self.dice.of(&columns).clone();
        let before = row.clone();
        let other = self.other(&row[&column]);
        self.note = format!(
            "{table}.{column} of {:?}: {:?}",
            Self::key(table).iter().map(|name| &before[*name]).collect::<Vec<_>>(),
            other
        );
        row.insert(column.clone(), other);
        let second = !PROGRAM_ONLY.contains(&(table, column.as_str()));
        self.replace(table, &before, &[row]).then_some(("edit", second))
    }

    fn delete(&mut self) -> Option<Forged> {
        let table = *self.dice.of(&TABLES);
        let rows = self.rows(table);
        let row = self.dice.of(&rows).clone();
        self.note = format!("{table} {row:?}");
        self.replace(table, &row, &[]).then_some(("deletion", true))
    }

    fn add(&mut self) -> Option<Forged> {
        let table = *self.dice.of(&TABLES[..6]);
        let rows = self.rows(table);
        let mut row = self.dice.of(&rows).clone();
        if table == "event" {
            row.remove("seq");
        }
        let by = i64::try_from(self.dice.below(40)).unwrap() - 5;
        match table {
            "event" => drop(row.insert("version".to_owned(), Value::Integer(by))),
            "stream" => drop(row.insert("id".to_owned(), Value::Text(format!("x{by}")))),
            "checkpoint" => drop(row.insert("number".to_owned(), Value::Integer(by))),
            "audit_entry" => drop(row.insert("seq".to_owned(), Value::Integer(by))),
            "audit_archive" => {
                row.insert("number".to_owned(), Value::Integer(by));
                row.insert("last".to_owned(), Value::Integer(by + 10));
            }
            _ => {
                row.insert("version".to_owned(), Value::Integer(by));
                row.insert("nonce".to_owned(), Value::Blob(self.dice.next().to_be_bytes().to_vec()));
            }
        }
        self.note = format!("{table} {row:?}");
        self.insert(table, &row).then_some(("insertion", true))
    }

    /// Two rows change places: each gets the other's key.
    fn swap(&mut self) -> Option<Forged> {
        let table = *self.dice.of(&["event", "checkpoint", "audit_entry"]);
        let rows = self.rows(table);
        let (a, b) = (self.dice.of(&rows).clone(), self.dice.of(&rows).clone());
        let (mut x, mut y) = (a.clone(), b.clone());
        for name in Self::key(table) {
            x.insert((*name).to_owned(), b[*name].clone());
            y.insert((*name).to_owned(), a[*name].clone());
        }
        self.note = format!("{table} {a:?} {b:?}");
        if a == b || !self.replace(table, &a, &[]) {
            return None;
        }
        self.replace(table, &b, &[x, y]).then_some(("swap", true))
    }

    /// Takes away the last records of a chain, with or without making its head fit where a checkpoint covers them.
    fn cut(&mut self) -> Option<Forged> {
        match self.dice.below(3) {
            0 => {
                let from = i64::try_from(self.dice.below(8)).unwrap() + 4;
                self.db.execute("DELETE FROM main.audit_entry WHERE seq > ?1", [from]).unwrap();
                if self.dice.below(2) == 0 {
                    let fit = "UPDATE main.chain SET seq = ?1, head = (SELECT hash FROM main.audit_entry WHERE seq = ?1) WHERE name = 'audit'";
                    self.db.execute(fit, [from]).unwrap();
                }
            }
            1 => {
                let from = i64::try_from(self.dice.below(3)).unwrap();
                self.db.execute("DELETE FROM main.checkpoint WHERE number > ?1", [from]).unwrap();
            }
            _ => {
                let stream = *self.dice.of(&["a", "b", "项目:c"]);
                let to = i64::try_from(self.dice.below(5)).unwrap() + 1;
                self.db
                    .execute("DELETE FROM main.event WHERE stream_id = ?1 AND version > ?2", params![stream, to])
                    .unwrap();
                if self.dice.below(2) == 0 {
                    let fit = "UPDATE main.stream SET version = ?2, head = (SELECT hash FROM main.event WHERE stream_id = ?1 AND version = ?2), \
                               state = (SELECT sum(CAST(data AS INTEGER)) || '' FROM main.event WHERE stream_id = ?1) WHERE id = ?1";
                    self.db.execute(fit, params![stream, to]).unwrap();
                }
            }
        }
        Some(("tail cut", true))
    }

    /// Rewrites the end of a chain so that every hash and every head fits: only the checkpoint disagrees.
    async fn rewrite(&mut self, store: &Store) -> Option<Forged> {
        if self.dice.below(2) == 0 {
            let from = i64::try_from(self.dice.below(9)).unwrap() + 4;
            let mut prev = store.last_archive().await.unwrap().unwrap().mark.head;
            for mut record in records(store).await {
                if record.seq == from {
                    record.entry.actor += "x";
                }
                prev = audit_hash(&prev, record.seq, &record.entry);
                let text = "UPDATE main.audit_entry SET actor = ?1, hash = ?2 WHERE seq = ?3";
                self.db.execute(text, params![record.entry.actor, prev, record.seq]).unwrap();
            }
            self.db.execute("UPDATE main.chain SET head = ?1 WHERE name = 'audit'", [prev]).unwrap();
        } else {
            let stream = *self.dice.of(&["a", "b", "项目:c"]);
            let from = i64::try_from(self.dice.below(6)).unwrap() + 1;
            let (mut prev, mut sum) = (ledger::ZERO, 0);
            for mut event in store.events(stream).await.unwrap() {
                if event.version == from {
                    event.data += "5";
                }
                sum += event.data.parse::<i64>().unwrap();
                prev = event_hash(&prev, &event);
                let text = "UPDATE main.event SET data = ?1, hash = ?2 WHERE stream_id = ?3 AND version = ?4";
                self.db.execute(text, params![event.data, prev, stream, event.version]).unwrap();
            }
            let text = "UPDATE main.stream SET head = ?1, state = ?2 WHERE id = ?3";
            self.db.execute(text, params![prev, sum.to_string(), stream]).unwrap();
        }
        Some(("tail rewrite", true))
    }

    async fn forge(&mut self, store: &Store) -> Option<Forged> {
        match self.dice.below(10) {
            0..=4 => self.edit(),
            5 => self.delete(),
            6 => self.add(),
            7 => self.swap(),
            8 => self.cut(),
            _ => self.rewrite(store).await,
        }
    }
}

/// What both verifiers say of a file: kind, chain or stream, number.
type Findings = Vec<(String, String, i64)>;

/// One worker's forgeries: how many of each kind, and those set aside for the second verifier with the first one's findings.
async fn forge_and_verify(seed: u64) -> (BTreeMap<&'static str, u64>, Vec<Findings>, Place) {
    let place = Place::sqlite();
    let store = history(&place).await;
    assert!(store.verify_all(&Sum, Some(&sealer()), Some(place.folder.path())).await.unwrap().is_sound());
    let mut forger = Forger::open(&place, seed);
    let (mut tally, mut aside, mut made) = (BTreeMap::new(), Vec::new(), 0);
    while made < FORGERIES {
        let Some((kind, second)) = forger.forge(&store).await else {
            forger.restore();
            continue;
        };
        let report = store.verify_all(&Sum, Some(&sealer()), Some(place.folder.path())).await;
        let what = || format!("worker {seed}, forgery {made}, {kind} ({})", forger.note);
        // A value no ledger writes stops the verification with its name: found as well.
        let unsound = report.as_ref().map_or(true, |report| !report.is_sound());
        assert!(unsound, "{} not found", what());
        if second && made % SECOND == 0 {
            let path = place.folder.path().join(format!("{:04}.db", aside.len()));
            forger.db.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
            let faults = report.map(|report| report.faults).unwrap_or_default();
            let theirs = |kind| !matches!(kind, FaultKind::Fold | FaultKind::State | FaultKind::Secret);
            let faults = faults.into_iter().filter(|fault| theirs(fault.kind));
            aside.push(faults.map(|fault| (format!("{:?}", fault.kind), fault.stream, fault.version)).collect());
        }
        *tally.entry(kind).or_default() += 1;
        made += 1;
        forger.restore();
    }
    assert!(store.verify_all(&Sum, Some(&sealer()), Some(place.folder.path())).await.unwrap().is_sound(), "restored");
    forger.db.execute("VACUUM INTO ?1", [place.folder.path().join("sound.db").to_str().unwrap()]).unwrap();
    store.close().await.unwrap();
    (tally, aside, place)
}

/// The second verifier's findings by file; signatures are the business of the rooms above.
#[allow(clippy::disallowed_methods)]
fn second_verifier(folder: &Path) -> BTreeMap<String, Findings> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/verify.py");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "db") && path.file_stem().unwrap() != "ledger");
    let output = Command::new("python3")
        .arg(script)
        .arg("--evidence")
        .arg(folder)
        .args(&files)
        .output()
        .expect("python3 is needed: apt install python3");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut findings: BTreeMap<String, Findings> = BTreeMap::new();
    for line in text.lines() {
        let parts: Vec<_> = line.split('\t').collect();
        let name = Path::new(parts[0]).file_stem().unwrap().to_str().unwrap().to_owned();
        let found = findings.entry(name).or_default();
        if !["sound", "Signature"].contains(&parts[1]) {
            found.push((parts[1].to_owned(), parts[2].to_owned(), parts[3].parse().unwrap()));
        }
    }
    findings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g08_ten_thousand_forgeries_are_found_and_the_second_verifier_agrees() {
    let workers: Vec<_> = (1..=4).map(|seed| tokio::spawn(forge_and_verify(seed))).collect();
    let (mut tally, mut compared) = (BTreeMap::new(), 0);
    for worker in workers {
        let (kinds, aside, place) = worker.await.unwrap();
        for (kind, n) in kinds {
            *tally.entry(kind).or_insert(0) += n;
        }
        let mut second = second_verifier(place.folder.path());
        assert_eq!(second.remove("sound"), Some(vec![]), "the untouched database is sound");
        assert_eq!(second.len(), aside.len());
        for (mut ours, (name, mut theirs)) in aside.into_iter().zip(second) {
            assert!(!theirs.is_empty(), "{name}: the second verifier missed what the first found: {ours:?}");
            // The first stops at a value no ledger writes; otherwise both say the same.
            if !ours.is_empty() {
                ours.sort();
                ours.dedup();
                theirs.sort();
                theirs.dedup();
                assert_eq!(ours, theirs, "{name}");
            }
            compared += 1;
        }
    }
    println!("{tally:?}, {compared} compared with the second verifier");
    assert!(tally.values().sum::<u64>() >= 10_000, "{tally:?}");
    for kind in ["edit", "deletion", "insertion", "swap", "tail cut", "tail rewrite"] {
        assert!(tally.get(kind).is_some_and(|n| *n > 500), "{kind}: {tally:?}");
    }
    assert!(compared > 100);
}

/// One byte of an archive file changed, taken out or put in, or the file cut: found by both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g08_every_forged_archive_file_is_found_by_both_verifiers() {
    let place = Place::sqlite();
    let folder = place.folder.path();
    let store = history(&place).await;
    store.backup(&folder.join("copy.db")).await.unwrap();
    let path = folder.join("audit-until-3.jsonl");
    let sound = std::fs::read(&path).unwrap();
    let mut dice = Dice(7);
    for made in 0..400 {
        let mut forged = sound.clone();
        let at = dice.below(sound.len());
        match dice.below(4) {
            0 => forged[at] ^= 1 << dice.below(8),
            1 => drop(forged.remove(at)),
            2 => forged.insert(at, b'1'),
            _ => forged.truncate(at),
        }
        std::fs::write(&path, &forged).unwrap();
        let report = store.verify_all(&Sum, Some(&sealer()), Some(folder)).await.unwrap();
        let kinds: Vec<_> = report.faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, [FaultKind::Archive], "forgery {made} at byte {at}");
        if made % 20 == 0 {
            let second = second_verifier(folder).remove("copy").unwrap();
            assert_eq!(second, [("Archive".to_owned(), "archive".to_owned(), 1)], "forgery {made} at byte {at}");
        }
    }
    std::fs::write(&path, &sound).unwrap();
    assert_eq!(second_verifier(folder)["copy"], []);
}
