//! Rules over events: a follower of the ledger's feed. Cards and cursor are one commit; of two nodes one wins the cursor
//! and the other goes on from there.

use crate::{
    Call, Failure, Platform,
    failure::again,
    stream::{Change, join, stream_id},
};
use domain::{
    Aggregate, Meta, Moment,
    case::{Application, Case, CaseEvent},
    ids::ProjectId,
    project::Project,
    supervision::{self, Card, Consumer, Earlier, Happening, Rule, consumer},
};
use ledger::{Event, Position, Row};
use std::collections::{BTreeMap, BTreeSet};

/// Events of one batch.
const BATCH: u64 = 200;
/// How long an entry is remembered; longer than any burst.
const REMEMBERED: i64 = 24 * 60 * 60 * 1000;
/// Events that take a project's code out of force.
const OUT_OF_FORCE: [&str; 2] = ["CodeVoided", "ProjectWithdrawn"];
/// The rule that counts a person's entries, whose events are remembered.
const BURST: &str = "burst";

/// One person's entry: in which stream, as which event, by whom, when.
type Entry = (String, i64, String, Moment);

/// What was read for one batch, and what has been found so far.
struct Batch<'a> {
    change: Change<'a>,
    opened: BTreeSet<String>,
    histories: BTreeMap<String, Vec<Event>>,
    entries: Vec<Entry>,
    count: u64,
}

/// A case just before and after one of its events.
struct Turn {
    before: Case,
    after: Case,
    earlier: Vec<Earlier>,
}

/// Id and name of a material.
type Named = (String, String);

impl Platform {
    /// Evaluates the rules over every event recorded since the last time. How many cards were opened.
    pub(super) async fn watch_ledger(&self, call: &Call) -> Result<u64, Failure> {
        let mut opened = 0;
        while let Some(count) = again(|| self.watch_batch(call)).await? {
            opened += count;
        }
        Ok(opened)
    }

    /// Whether something was recorded that the follower has not seen (on PostgreSQL it waits for open transactions).
    pub async fn supervision_is_behind(&self) -> Result<bool, Failure> {
        let row = self.store.query_one("SELECT COALESCE(MAX(seq), 0) AS seq FROM event", []).await;
        let row = row.map_err(Failure::fault)?.ok_or(Failure::NotThere)?;
        let newest: i64 = row.try_get("", "seq").map_err(Failure::fault)?;
        Ok(newest > self.cursor().await?.seq)
    }

    async fn cursor(&self) -> Result<Position, Failure> {
        let row = self.store.query_one("SELECT tx, seq FROM followers WHERE name = 'supervision'", []).await;
        let row = row.map_err(Failure::fault)?.ok_or(Failure::NotThere)?;
        let tx: String = row.try_get("", "tx").map_err(Failure::fault)?;
        Ok(Position { tx: tx.parse().map_err(Failure::fault)?, seq: row.try_get("", "seq").map_err(Failure::fault)? })
    }

    /// One batch: `None` when there was nothing to see.
    async fn watch_batch(&self, call: &Call) -> Result<Option<u64>, Failure> {
        let from = self.cursor().await?;
        let events = self.store.feed(from, BATCH).await.map_err(Failure::fault)?;
        let Some(last) = events.last().map(|event| event.position) else { return Ok(None) };
        let mut batch = Batch {
            change: self.change(call),
            opened: BTreeSet::new(),
            histories: BTreeMap::new(),
            entries: Vec::new(),
            count: 0,
        };
        for event in events.iter().filter(|event| event.stream.starts_with("case:")) {
            self.watch_event(&mut batch, event).await?;
        }
        let mut change = batch.change;
        change
            .row(Row::new("DELETE FROM supervision_entries WHERE at < $1", [(self.clock.now().0 - REMEMBERED).into()]));
        change.exactly_one(Row::new(
            "UPDATE followers SET tx = $3, seq = $4 WHERE name = 'supervision' AND tx = $1 AND seq = $2",
            [from.tx.to_string().into(), from.seq.into(), last.tx.to_string().into(), last.seq.into()],
        ));
        change.commit("supervision").await?;
        Ok(Some(batch.count))
    }

    async fn watch_event(&self, batch: &mut Batch<'_>, event: &Event) -> Result<(), Failure> {
        let rules: Vec<&Rule> = self.rules.supervision.about(&event.kind).collect();
        let warned = self.lapsing_cards(event.stream.trim_start_matches("case:"), Moment(event.recorded_at)).await?;
        if rules.is_empty() && warned.is_empty() {
            return Ok(());
        }
        let turn = self.turn(batch, event).await?;
        let Some(application) = turn.after.application.as_deref().cloned() else { return Ok(()) };
        let period = |case: &Case| domain::case::owed_clock(case).map(|clock| clock.kind.id);
        if period(&turn.before) != period(&turn.after) {
            self.lapse_cards(batch, warned).await?;
        }
        if rules.is_empty() {
            return Ok(());
        }
        let entries = self.entries(batch, event, &rules).await?;
        let names = self.actor_names(std::slice::from_ref(event)).await?;
        let (listed, known) = self.materials_of(&application).await?;
        let happening = Happening {
            kind: &event.kind,
            data: &serde_json::from_str(&event.data).map_err(Failure::fault)?,
            version: event.version,
            meta: &meta(event),
            person: names.get(&event.actor).map_or("", String::as_str),
            before: &turn.before,
            earlier: &turn.earlier,
            calendar: self.rules.calendar,
            listed: &listed,
            known: &known,
            code_in_force: self.code_in_force(batch, &application.project, event).await?,
            entries: &entries,
        };
        for rule in rules {
            let Some(Consumer::Event(look)) = consumer(&rule.code) else { continue };
            if let Some(hit) = look(rule, &happening) {
                let Batch { change, opened, .. } = batch;
                batch.count += self.open_card(change, opened, rule, hit, &application).await?;
            }
        }
        Ok(())
    }

    /// All events of a stream, read once in a batch.
    async fn history<'b>(&self, batch: &'b mut Batch<'_>, stream: &str) -> Result<&'b [Event], Failure> {
        if !batch.histories.contains_key(stream) {
            let events = self.store.events(stream).await.map_err(Failure::fault)?;
            batch.histories.insert(stream.to_owned(), events);
        }
        Ok(batch.histories.get(stream).map_or(&[], Vec::as_slice))
    }

    async fn turn(&self, batch: &mut Batch<'_>, event: &Event) -> Result<Turn, Failure> {
        let mut case = Case::default();
        let mut earlier = Vec::new();
        for one in self.history(batch, &event.stream).await? {
            let parsed = join::<CaseEvent>(&one.kind, &one.data).map_err(Failure::fault)?;
            if one.version == event.version {
                let mut after = case.clone();
                after.apply(&parsed, &meta(one));
                return Ok(Turn { before: case, after, earlier });
            }
            case.apply(&parsed, &meta(one));
            earlier.push(Earlier { kind: one.kind.clone(), at: Moment(one.at), actor: one.actor.clone() });
        }
        Err(Failure::NotThere)
    }

    /// The code was in force when the event was recorded.
    async fn code_in_force(&self, batch: &mut Batch<'_>, project: &ProjectId, event: &Event) -> Result<bool, Failure> {
        let history = self.history(batch, &stream_id::<Project>(project.as_str())).await?;
        Ok(!history.iter().any(|e| OUT_OF_FORCE.contains(&e.kind.as_str()) && e.position < event.position))
    }

    /// Materials of the guide the case is handled under, and every material there is.
    async fn materials_of(&self, application: &Application) -> Result<(Vec<Named>, Vec<Named>), Failure> {
        let pair = |m: &domain::item::Material| (m.id.clone(), m.name.clone());
        let known: Vec<_> = self.rules.catalogue.all_materials().iter().map(pair).collect();
        let wanted: Vec<String> = match application.guide {
            Some(number) => {
                let version = self.guide_version(&application.item, number).await?;
                version.guide.materials.into_iter().map(|material| material.id).collect()
            }
            // Applied for before there were guides.
            None => self.rules.catalogue.item(&application.item).map(|item| item.materials.clone()).unwrap_or_default(),
        };
        let listed = known.iter().filter(|(id, _)| wanted.contains(id)).cloned();
        Ok((listed.collect(), known))
    }

    /// Moments of the person's last entries with this one, which is remembered with the batch.
    async fn entries(&self, batch: &mut Batch<'_>, event: &Event, rules: &[&Rule]) -> Result<Vec<Moment>, Failure> {
        if event.actor == "system" || !rules.iter().any(|rule| rule.code == BURST) {
            return Ok(Vec::new());
        }
        batch.entries.push((event.stream.clone(), event.version, event.actor.clone(), Moment(event.recorded_at)));
        batch.change.row(Row::new(
            "INSERT INTO supervision_entries(stream, version, actor, at) VALUES($1, $2, $3, $4) ON CONFLICT(stream, version) DO NOTHING",
            [event.stream.clone().into(), event.version.into(), event.actor.clone().into(), event.recorded_at.into()],
        ));
        let rows = self
            .store
            .query(
                "SELECT stream, version, at FROM supervision_entries WHERE actor = $1 AND at > $2 AND at <= $3 ORDER BY at LIMIT 1000",
                [event.actor.clone().into(), (event.recorded_at - REMEMBERED).into(), event.recorded_at.into()],
            )
            .await
            .map_err(Failure::fault)?;
        // An event that is seen again, after a restart from the beginning, is still one entry.
        let mut entries = BTreeMap::new();
        for row in rows {
            let stream: String = row.try_get("", "stream").map_err(Failure::fault)?;
            let version: i64 = row.try_get("", "version").map_err(Failure::fault)?;
            entries.insert((stream, version), Moment(row.try_get("", "at").map_err(Failure::fault)?));
        }
        let mine = batch.entries.iter().filter(|(.., actor, _)| *actor == event.actor);
        entries.extend(mine.map(|(stream, version, _, at)| ((stream.clone(), *version), *at)));
        Ok(entries.into_values().collect())
    }

    /// Open cards of a case that only warned, opened by then: an older event that is seen late ends no newer period.
    pub(super) async fn lapsing_cards(&self, case: &str, by: Moment) -> Result<Vec<String>, Failure> {
        let rows = self
            .store
            .query(
                "SELECT id, rule FROM supervision_cards WHERE case_id = $1 AND state <> 'closed' AND opened_at <= $2 LIMIT 100",
                [case.into(), by.0.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let mut cards = Vec::new();
        for row in rows {
            let rule: String = row.try_get("", "rule").map_err(Failure::fault)?;
            if self.rules.supervision.get(&rule).is_some_and(|rule| rule.lapses) {
                cards.push(row.try_get("", "id").map_err(Failure::fault)?);
            }
        }
        Ok(cards)
    }

    async fn lapse_cards(&self, batch: &mut Batch<'_>, cards: Vec<String>) -> Result<(), Failure> {
        for id in cards {
            // One card is closed once in a batch, whatever else the case goes through in it.
            if batch.opened.insert(id.clone()) {
                self.lapse_card(&mut batch.change, &id, "提示的事项已经办理，平台自动销号。").await?;
            }
        }
        Ok(())
    }

    /// Closes a card that only warned, if it is still open.
    pub(super) async fn lapse_card(&self, change: &mut Change<'_>, id: &str, why: &str) -> Result<(), Failure> {
        let stream = self.load::<Card>(id).await?;
        let events = supervision::lapse(&stream.state, why);
        if !events.is_empty() {
            change.append(stream, &events)?;
        }
        Ok(())
    }
}

fn meta(event: &Event) -> Meta {
    Meta { at: Moment(event.at), recorded_at: Moment(event.recorded_at), actor: event.actor.clone() }
}
