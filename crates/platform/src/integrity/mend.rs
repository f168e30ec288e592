//! Streams and the rows that follow from them: compared with their events, and written anew where they differ.

use super::{
    Checked, Found, TABLES, in_words,
    table::{Stands, Table, table},
};
use crate::{
    Failure, Platform,
    read::{Replayed, replayed},
    stream::refused,
};
use domain::{Aggregate, seal::PaperSeal};
use ledger::{Event, Loaded, Row, Unit, Value, ZERO, event_hash};

/// Streams and rows looked at together.
const PAGE: u64 = 200;
/// How often a stream that moves on meanwhile is looked at again.
const TRIES: usize = 5;
/// What a stream's own row is called.
const STREAM: &str = "现状";
/// What the events of a stream are called.
const EVENTS: &str = "台账";

/// Whether events follow one another from the first one on.
fn is_whole(events: &[Event]) -> bool {
    let mut head = ZERO;
    events.iter().zip(1..).all(|(event, version)| {
        let follows = event.version == version && event_hash(&head, event) == event.hash;
        head = event.hash;
        follows
    })
}

/// The last row of each key that carries a check value, with its table.
fn expected(rows: &[Row]) -> Vec<(&'static Table, &Row)> {
    let mut last: Vec<(&'static Table, &Row)> = Vec::new();
    for row in rows {
        let Some(table) = row.guard.and_then(|(guard, _)| table(guard)) else { continue };
        let same = |(known, earlier): &&mut (&'static Table, &Row)| {
            known.guard == table.guard && table.key_of(&earlier.values) == table.key_of(&row.values)
        };
        match last.iter_mut().find(same) {
            Some(known) => known.1 = row,
            None => last.push((table, row)),
        }
    }
    last
}

/// The statements that write a row anew.
fn writing(table: &Table, right: &Row, rows: &[Row], stands: Option<&Stands>) -> Vec<Row> {
    let key = table.key_of(&right.values);
    if stands.is_some() && !right.sql.starts_with("INSERT") {
        return vec![right.clone()];
    }
    let mine = |row: &&Row| {
        let values =
            if row.guard.is_some() { table.key_of(&row.values) } else { row.values.get(..1).unwrap_or_default() };
        table.is_written_by(row.sql) && key.starts_with(values)
    };
    let gone = stands.map(|_| Row::new(table.delete, key.iter().cloned()));
    gone.into_iter().chain(rows.iter().filter(mine).cloned()).collect()
}

impl Platform {
    /// A stream as it was loaded, if it is as the platform wrote it; else as its events give it, which is written down and reported.
    pub(crate) async fn proved_stream(&self, loaded: Loaded) -> Result<Loaded, Failure> {
        if loaded.is_proved(&self.sealer) {
            return Ok(loaded);
        }
        self.mend_stream(&loaded.stream).await?;
        let again = self.store.load(&loaded.stream).await.map_err(Failure::fault)?;
        if again.is_proved(&self.sealer) {
            Ok(again)
        } else {
            Err(Failure::fault(format!("{} was changed", again.stream)))
        }
    }

    /// Every stream, and what follows from it.
    pub(super) async fn check_streams(&self) -> Result<Checked, Failure> {
        let (mut all, mut after) = (Checked::default(), String::new());
        loop {
            let page = self.store.streams_after(&after, PAGE).await.map_err(Failure::fault)?;
            let Some(last) = page.last() else { break };
            after = last.stream.clone();
            for loaded in &page {
                all.add(self.mend_stream(&loaded.stream).await?);
            }
        }
        for stream in self.store.streams_gone(1000).await.map_err(Failure::fault)? {
            all.add(self.mend_stream(&stream).await?);
        }
        Ok(all)
    }

    /// Compares a stream and the rows that follow from it with its events; writes anew and reports what differs.
    pub(crate) async fn mend_stream(&self, stream: &str) -> Result<Checked, Failure> {
        for _ in 0..TRIES {
            match self.mend_once(stream, true).await {
                // Somebody wrote meanwhile, or a row that was put in stands in the way.
                Err(Failure::Conflict) => {}
                other => return other,
            }
        }
        // What is in the way is found among the rows without a check value; the next round goes on from there.
        Ok(Checked { mended: 0, lost: 1 })
    }

    async fn mend_once(&self, stream: &str, reporting: bool) -> Result<Checked, Failure> {
        let found = self.store.load(stream).await.map_err(Failure::fault)?;
        let events = self.store.events(stream).await.map_err(Failure::fault)?;
        if events.is_empty() && found.state.is_none() {
            return Ok(Checked::default());
        }
        let said = |place, what, mended| Found { place, what, key: stream.to_owned(), name: String::new(), mended };
        if !is_whole(&events) {
            self.report_lost(said(EVENTS, "events", false)).await?;
            return Ok(Checked { mended: 0, lost: 1 });
        }
        let rules = self.rules.now();
        let replayed = if events.is_empty() { None } else { Some(replayed(&rules, &events).map_err(Failure::fault)?) };
        let right = replayed.as_ref().zip(events.last()).map(|(replayed, last)| {
            let state = Some(replayed.state.clone());
            Loaded { version: last.version, head: last.hash, state, ..Loaded::none(stream) }.keyed(&self.sealer)
        });
        let mut unit = Unit::new();
        let mut reports = Vec::new();
        let stands_right = right.as_ref().is_some_and(|right| {
            (found.version, found.head, &found.state) == (right.version, right.head, &right.state)
        });
        if stands_right && found.is_proved(&self.sealer) {
            // Nobody may go on from here while rows are written as of here.
            unit.exactly_one(Row::new(
                "UPDATE stream SET version = version WHERE id = $1 AND version = $2",
                [stream.into(), found.version.into()],
            ));
        } else {
            unit.mend_stream(&found, right.as_ref());
            let what = match (&right, &found.state) {
                (None, _) => "orphan",
                (_, None) => "missing",
                _ if stands_right || !found.is_proved(&self.sealer) => "forged",
                _ => "differs",
            };
            reports.push(said(STREAM, what, true));
        }
        if let Some(replayed) = &replayed {
            reports.extend(self.mend_rows(&mut unit, replayed).await?);
        }
        let count = reports.len() as u64;
        if count == 0 {
            return Ok(Checked::default());
        }
        if reporting {
            for report in reports {
                self.report(&mut unit, report).await?;
            }
        }
        self.store.commit(unit).await.map_err(|reason| match reason {
            ledger::Refused::Taken(_) => Failure::Conflict,
            other => refused(other),
        })?;
        Ok(Checked { mended: count, lost: 0 })
    }

    /// Adds what writes the rows of a stream anew where they are not as it says.
    async fn mend_rows(&self, unit: &mut Unit, replayed: &Replayed) -> Result<Vec<Found<'static>>, Failure> {
        let mut reports = Vec::new();
        for (table, right) in expected(&replayed.rows) {
            let key = table.key_of(&right.values);
            let row = self.store.query_one(table.one, key.iter().cloned()).await.map_err(Failure::fault)?;
            let stands = row.map(|row| table.read(&row)).transpose()?;
            let covered = right.guard.map_or(0, |(_, covered)| covered);
            let what = match &stands {
                Some(stands) if !self.sealer.made(table.guard, &stands.values, &stands.mac) => "forged",
                Some(stands) if right.values.get(..covered) != Some(stands.values.as_slice()) => "differs",
                Some(_) => continue,
                None if table.guard == "document_seals" && !self.has_document(key).await? => continue,
                None => "missing",
            };
            for row in writing(table, right, &replayed.rows, stands.as_ref()) {
                unit.row(row.keyed(&self.sealer));
            }
            if table.guard == "documents" {
                for row in self.seal_rows(key).await? {
                    unit.row(row.keyed(&self.sealer));
                }
            }
            let name = self.name_of_row(table.name, key).await?;
            reports.push(Found { place: table.words, what, key: in_words(key), name, mended: true });
        }
        Ok(reports)
    }

    async fn has_document(&self, key: &[Value]) -> Result<bool, Failure> {
        let sql = "SELECT 1 AS one FROM documents WHERE number = $1";
        Ok(self.store.query_one(sql, key.iter().cloned()).await.map_err(Failure::fault)?.is_some())
    }

    /// The seal of a paper whose row is written anew: it follows from a stream of its own.
    async fn seal_rows(&self, key: &[Value]) -> Result<Vec<Row>, Failure> {
        let events =
            self.store.events(&format!("{}:{}", PaperSeal::KIND, in_words(key))).await.map_err(Failure::fault)?;
        if events.is_empty() || !is_whole(&events) {
            return Ok(vec![]);
        }
        Ok(replayed(&self.rules.now(), &events).map_err(Failure::fault)?.rows)
    }

    /// Every row that carries no check value of ours once the streams have written theirs: nobody's, or restored from its copy.
    pub(super) async fn check_rows(&self) -> Result<Checked, Failure> {
        let mut all = Checked::default();
        for table in &TABLES {
            let mut after = String::new();
            loop {
                let values = [after.clone().into(), i64::try_from(PAGE).unwrap_or(200).into()];
                let page = self.store.query(table.page, values).await.map_err(Failure::fault)?;
                let Some(last) = page.last() else { break };
                after = last.try_get("", "after_id").map_err(Failure::fault)?;
                for row in &page {
                    let stands = table.read(row)?;
                    if !table.follows_from_events() || !self.sealer.made(table.guard, &stands.values, &stands.mac) {
                        all.add(self.mend_row(table, table.key_of(&stands.values)).await?);
                    }
                }
            }
        }
        all.add(self.check_copies().await?);
        Ok(all)
    }

    async fn mend_row(&self, table: &'static Table, key: &[Value]) -> Result<Checked, Failure> {
        if !table.follows_from_events() {
            return self.mend_kept(table, key).await;
        }
        // Looked at once more: it may have been written rightly in the meantime.
        let row = self.store.query_one(table.one, key.iter().cloned()).await.map_err(Failure::fault)?;
        let Some(stands) = row.map(|row| table.read(&row)).transpose()? else { return Ok(Checked::default()) };
        if self.sealer.made(table.guard, &stands.values, &stands.mac) {
            return Ok(Checked::default());
        }
        let mut unit = Unit::new();
        unit.row(Row::new(table.delete, key.iter().cloned()));
        let name = self.name_of_row(table.name, key).await?;
        self.report(&mut unit, Found { place: table.words, what: "orphan", key: in_words(key), name, mended: true })
            .await?;
        self.store.commit(unit).await.map_err(refused)?;
        Ok(Checked { mended: 1, lost: 0 })
    }

    /// Gives every stream, and the rows that follow from it, check values as its events say.
    pub(super) async fn begin_streams(&self) -> Result<(), Failure> {
        let mut after = String::new();
        loop {
            let page = self.store.streams_after(&after, PAGE).await.map_err(Failure::fault)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.stream.clone();
            for loaded in &page {
                match self.mend_once(&loaded.stream, false).await {
                    Err(Failure::Conflict) => {}
                    other => other.map(drop)?,
                }
            }
        }
    }

    /// The row a public answer stands on, as the platform wrote it.
    pub(crate) async fn proved_row(
        &self,
        guard: &'static str,
        sql: &'static str,
        value: &str,
        stream: impl Fn(&Stands) -> Vec<String>,
    ) -> Result<Option<Stands>, Failure> {
        let Some(table) = table(guard) else { return Ok(None) };
        for _ in 0..2 {
            let row = self.store.query_one(sql, [value.into()]).await.map_err(Failure::fault)?;
            let Some(stands) = row.map(|row| table.read(&row)).transpose()? else { return Ok(None) };
            if self.sealer.made(guard, &stands.values, &stands.mac) {
                return Ok(Some(stands));
            }
            for stream in stream(&stands) {
                self.mend_stream(&stream).await?;
            }
        }
        Err(Failure::fault(format!("a row of {guard} was changed and could not be restored")))
    }

    /// Looks at rows a public answer stands on; what does not fit is mended by the stream it belongs to. Whether anything was.
    pub(crate) async fn prove_rows(
        &self,
        guard: &'static str,
        sql: &'static str,
        value: &str,
        stream: impl Fn(&Stands) -> Vec<String>,
    ) -> Result<bool, Failure> {
        let Some(table) = table(guard) else { return Ok(false) };
        let mut mended = false;
        for row in &self.store.query_few(sql, [value.into()]).await.map_err(Failure::fault)? {
            let stands = table.read(row)?;
            if !self.sealer.made(guard, &stands.values, &stands.mac) {
                for stream in stream(&stands) {
                    mended |= self.mend_stream(&stream).await?.mended > 0;
                }
            }
        }
        Ok(mended)
    }
}
