//! Loading and changing streams: the one path from a decision of `domain` to the ledger.

use crate::{Actor, Call, Failure, Platform, read::Projected};
use domain::{Aggregate, Meta, Moment, Refusal};
use ledger::{AuditEntry, Fact, Loaded, Refused, Row, Secret, Unit};

/// A stream as it was read: its state, and where it stood.
pub(crate) struct Stream<A> {
    pub id: String,
    pub state: A,
    loaded: Loaded,
}

impl<A: Aggregate> Stream<A> {
    /// What the store loaded, with its state read.
    pub fn read(loaded: Loaded) -> Result<Self, Failure> {
        let state = match &loaded.state {
            Some(json) => serde_json::from_str(json).map_err(Failure::fault)?,
            None => A::default(),
        };
        Ok(Self { id: loaded.stream.clone(), state, loaded })
    }
}

impl<A> Stream<A> {
    /// Whether anything was ever recorded in it.
    pub fn exists(&self) -> bool {
        self.loaded.version > 0
    }

    /// Number of events.
    pub fn version(&self) -> i64 {
        self.loaded.version
    }
}

/// `case:c01…`.
pub(crate) fn stream_id<A: Aggregate>(id: &str) -> String {
    format!("{}:{id}", A::KIND)
}

/// What the store's refusal means to a use case.
pub(crate) fn refused(refused: Refused) -> Failure {
    match refused {
        Refused::Conflict => Failure::Conflict,
        Refused::Taken(what) if what.as_deref().is_some_and(|w| w.contains("once")) => {
            Refusal::new("request.repeated", "这次提交已经处理过，请刷新页面查看结果。").into()
        }
        Refused::Taken(what) => Failure::fault(format!("unexpected duplicate: {}", what.unwrap_or_default())),
        Refused::Busy => Failure::Busy,
        Refused::Full => Failure::AuditFull,
        Refused::Failed(error) => Failure::fault(error),
    }
}

impl Platform {
    /// Reads a stream's working state: one row, however old it is.
    pub(crate) async fn load<A: Aggregate>(&self, id: &str) -> Result<Stream<A>, Failure> {
        let id = stream_id::<A>(id);
        let loaded = self.store.load(&id).await.map_err(Failure::fault)?;
        Stream::read(self.proved_stream(loaded).await?)
    }

    /// A value with salt and nonce of its own, ready to be sealed.
    pub(crate) fn secret(&self, name: String, value: String) -> Secret {
        let mut salt = [0; 16];
        let mut nonce = [0; 12];
        self.chance.fill(&mut salt);
        self.chance.fill(&mut nonce);
        Secret { name, value: value.into_bytes(), salt, nonce }
    }

    /// Begins a change on behalf of a call.
    pub(crate) fn change<'a>(&'a self, call: &'a Call) -> Change<'a> {
        Change {
            platform: self,
            call,
            unit: Unit::new(),
            object: String::new(),
            before: String::new(),
            after: String::new(),
            reason: String::new(),
            happened: None,
        }
    }
}

/// Everything one use case changes: events, read rows, messages, its idempotency key, its audit record. One commit.
pub(crate) struct Change<'a> {
    platform: &'a Platform,
    call: &'a Call,
    unit: Unit,
    object: String,
    /// Where the object's stream stood before and stands after the change: they bind the audit record to its events.
    before: String,
    after: String,
    /// Why, where the audit record must say it.
    reason: String,
    happened: Option<Moment>,
}

impl Change<'_> {
    /// What is appended from here on happened at that moment (as somebody outside says), and is only learnt now.
    pub fn happened(&mut self, at: Moment) {
        self.happened = Some(at);
    }

    /// What the audit record says was changed, where no stream is appended to.
    pub fn about(&mut self, object: impl Into<String>) {
        self.object = object.into();
    }

    /// Why, for the audit record.
    pub fn because(&mut self, reason: impl Into<String>) {
        self.reason = reason.into();
    }

    /// Appends events to a stream, with the read rows that follow from them.
    pub fn append<A: Projected>(&mut self, stream: Stream<A>, events: &[A::Event]) -> Result<Stream<A>, Failure> {
        self.append_sealed(stream, events, Vec::new())
    }

    /// The same, with personal values sealed beside the first event.
    pub fn append_sealed<A: Projected>(
        &mut self,
        stream: Stream<A>,
        events: &[A::Event],
        personal: Vec<(String, String)>,
    ) -> Result<Stream<A>, Failure> {
        let now = self.platform.clock.now();
        let at = self.happened.map_or(now, |happened| happened.min(now));
        let Stream { id, mut state, loaded } = stream;
        let mut sealed = Some(personal);
        let mut facts = Vec::with_capacity(events.len());
        for (event, version) in events.iter().zip(loaded.version + 1..) {
            let actor = if A::is_platform_act(event) { &Actor::System } else { &self.call.actor };
            let meta = Meta { at, recorded_at: now, actor: actor.tag() };
            for file in A::hands_in(event) {
                self.unit.exactly_one(Row::new(
                    "UPDATE attachments SET taken = 1 WHERE id = $1 AND state <> 'removed'",
                    [file.id.as_str().into()],
                ));
            }
            let before = state.clone();
            state.apply(event, &meta);
            for row in A::rows(&id, version, &before, event, &meta, &state, &self.platform.rules) {
                self.unit.row(row.keyed(&self.platform.sealer));
            }
            let (kind, data) = split(event)?;
            facts.push(Fact {
                kind,
                data,
                at: meta.at.0,
                recorded_at: meta.recorded_at.0,
                actor: meta.actor,
                cause: self.call.cause.clone(),
                sealed: sealed
                    .take()
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(n, v)| self.platform.secret(n, v))
                    .collect(),
            });
        }
        let json = serde_json::to_string(&state).map_err(Failure::fault)?;
        let before = hex::encode(loaded.head);
        let loaded = self.unit.append(&loaded, facts, json, &self.platform.sealer).map_err(Failure::fault)?;
        if self.object.is_empty() {
            (self.object, self.before) = (id.clone(), before);
        }
        if self.object == id {
            self.after = hex::encode(loaded.head);
        }
        Ok(Stream { id, state, loaded })
    }

    /// One more row in the same commit.
    pub fn row(&mut self, row: Row) {
        self.unit.row(row.keyed(&self.platform.sealer));
    }

    /// A row that must change exactly one row, else the whole change is decided again.
    pub fn exactly_one(&mut self, row: Row) {
        self.unit.exactly_one(row);
    }

    /// Commits. `result` is what a repetition with the same idempotency key is answered with.
    pub async fn commit(self, result: &str) -> Result<(), Failure> {
        self.commit_or(result, refused).await
    }

    /// Commits; the caller says what a taken unique value means.
    pub async fn commit_or(mut self, result: &str, on_refused: impl FnOnce(Refused) -> Failure) -> Result<(), Failure> {
        if let Some(key) = &self.call.once {
            let now = self.platform.clock.now();
            self.unit.row(Row::new(
                "INSERT INTO once(id, actor, result, at) VALUES($1, $2, $3, $4)",
                [key.clone().into(), self.call.actor.tag().into(), result.into(), now.0.into()],
            ));
        }
        if let Some(attempt) = &self.call.attempt {
            // What has no stream (a session, a draft) is named by what a repetition would be answered with.
            let object = if self.object.is_empty() { result.to_owned() } else { self.object };
            let entry = attempt.entry(&self.call.actor, "done", &self.reason);
            let entry = AuditEntry { object, before: self.before, after: self.after, ..entry };
            attempt.write(&mut self.unit, entry);
        }
        self.platform.store.commit(self.unit).await.map_err(on_refused)?;
        if let Some(attempt) = &self.call.attempt {
            attempt.mark_written();
        }
        Ok(())
    }
}

impl Platform {
    /// Acts once per idempotency key: a repetition, also one that runs at the same time, is answered with the first one's result.
    pub(crate) async fn once<T>(
        &self,
        call: &Call,
        read: impl Fn(&str) -> Option<T>,
        act: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        if let Some(done) = self.done_before(call).await? {
            return read(&done).ok_or(Failure::NotThere);
        }
        match act.await {
            Err(failure) => match self.done_before(call).await? {
                Some(done) => read(&done).ok_or(Failure::NotThere),
                None => Err(failure),
            },
            done => done,
        }
    }

    /// The result a call with this idempotency key already had, if it did act.
    async fn done_before(&self, call: &Call) -> Result<Option<String>, Failure> {
        let Some(key) = &call.once else { return Ok(None) };
        let row = self
            .store
            .query_one(
                "SELECT result FROM once WHERE id = $1 AND actor = $2",
                [key.clone().into(), call.actor.tag().into()],
            )
            .await
            .map_err(Failure::fault)?;
        row.map(|row| row.try_get("", "result")).transpose().map_err(Failure::fault)
    }
}

/// Splits an adjacently tagged event into kind and data; the data's bytes stay as serde wrote them, for they are hashed.
fn split<E: serde::Serialize>(event: &E) -> Result<(String, String), Failure> {
    #[derive(serde::Deserialize)]
    struct Tagged<'a> {
        kind: String,
        #[serde(borrow)]
        data: Option<&'a serde_json::value::RawValue>,
    }
    let json = serde_json::to_string(event).map_err(Failure::fault)?;
    let tagged: Tagged<'_> = serde_json::from_str(&json).map_err(Failure::fault)?;
    Ok((tagged.kind, tagged.data.map_or("null", |data| data.get()).to_owned()))
}

/// Puts kind and data together again.
pub(crate) fn join<E: serde::de::DeserializeOwned>(kind: &str, data: &str) -> Result<E, serde_json::Error> {
    let kind = serde_json::to_string(kind)?;
    serde_json::from_str(&format!("{{\"kind\":{kind},\"data\":{data}}}"))
}
