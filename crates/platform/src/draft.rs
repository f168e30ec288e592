//! 申报草稿: what a person typed, kept as it was typed. Drafts are notes, not facts: they may be changed and thrown away
//! (decision 0004), and a classified project's draft is never kept at all (K-01). They name people, so they lie sealed (S-27).

use crate::{Action, Actor, Call, Failure, Object, Platform, failure::again, permission, project::marked_answers};
use domain::{
    Moment, Refusal,
    declaration::Answers,
    ids::DraftId,
    marking::{self, Gate},
};
use ledger::{QueryResult, Row};

/// Most drafts one unit keeps.
const MOST: i64 = 50;
/// Longest draft, in bytes of JSON.
const LARGEST: usize = 128 * 1024;

/// A draft.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// Version of the form it was begun with.
    pub form: String,
    /// What was typed.
    pub answers: Answers,
    /// Grows with every save; an older page cannot overwrite a newer one.
    pub revision: i64,
    /// Last save.
    pub updated_at: Moment,
}

impl Draft {
    /// The project name typed so far.
    pub fn name(&self) -> &str {
        self.answers.get("project_name").map_or("", String::as_str)
    }
}

/// Name under which a draft is sealed.
const SEALED_NAME: &str = "answers";

fn stream(id: &DraftId) -> String {
    format!("draft:{id}")
}

impl Platform {
    /// Seals what was typed at this revision; a ciphertext moved to another draft or revision does not open.
    fn seal_draft(&self, id: &DraftId, revision: i64, json: String) -> Result<String, Failure> {
        self.seal_column(&stream(id), revision, SEALED_NAME, json)
    }

    fn open_draft(&self, id: &DraftId, revision: i64, column: &str) -> Result<Answers, Failure> {
        let json = self.open_column(&stream(id), revision, SEALED_NAME, column)?;
        serde_json::from_slice(&json).map_err(Failure::fault)
    }

    fn read_draft(&self, row: &QueryResult) -> Result<Draft, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let (id, revision) = (DraftId(text("id")?), number("revision")?);
        Ok(Draft {
            answers: self.open_draft(&id, revision, &text("sealed")?)?,
            id,
            form: text("form")?,
            revision,
            updated_at: Moment(number("updated_at")?),
        })
    }

    fn drafter<'a>(&self, call: &'a Call) -> Result<(&'a str, &'a str), Failure> {
        let _permit = permission::decide(&call.actor, Action::DeclareProject, Object::default(), self.rules.regions)?;
        match &call.actor {
            Actor::Unit { unit, account, .. } => Ok((unit.as_str(), account.as_str())),
            _ => Err(Failure::NotThere),
        }
    }

    /// Begins a draft with what is known of the unit already filled in.
    pub async fn begin_draft(&self, call: &Call, answers: Answers) -> Result<DraftId, Failure> {
        let (unit, account) = self.drafter(call)?;
        self.once(call, DraftId::parse, self.insert_draft(call, unit, account, answers)).await
    }

    async fn insert_draft(&self, call: &Call, unit: &str, account: &str, answers: Answers) -> Result<DraftId, Failure> {
        let rows = self
            .store
            .query("SELECT COUNT(*) AS n FROM drafts WHERE unit_id = $1", [unit.into()])
            .await
            .map_err(Failure::fault)?;
        let n: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "n")).map_err(Failure::fault)?;
        if n >= MOST {
            return Err(Refusal::new("draft.too_many", format!("草稿已有 {MOST} 份，请先删除不再需要的草稿。")).into());
        }
        let id = DraftId::from_random(self.chance.id());
        let json = self.draft_json(&answers)?;
        let sealed = self.seal_draft(&id, 1, json)?;
        let mut change = self.change(call);
        change.row(Row::new(
            "INSERT INTO drafts(id, unit_id, account_id, form, sealed, revision, created_at, updated_at) VALUES($1, $2, $3, $4, $5, 1, $6, $6)",
            [
                id.as_str().into(),
                unit.into(),
                account.into(),
                self.rules.form.version.clone().into(),
                sealed.into(),
                self.clock.now().0.into(),
            ],
        ));
        change.commit(id.as_str()).await?;
        Ok(id)
    }

    /// Refuses what must never be stored: classified matters (K-01, K-03, K-04) and absurd sizes.
    fn draft_json(&self, answers: &Answers) -> Result<String, Failure> {
        let gate = answers.get("touches_secrets").map(|answer| marking::gate(answer));
        if let Some(Ok(Gate::Closed(notice))) = gate {
            return Err(Refusal::new("marking.gate", notice.paragraphs[0]).article(notice.article).into());
        }
        let marked = marked_answers(self.rules.form, answers);
        if !marked.is_empty() {
            return Err(marked.into());
        }
        let json = serde_json::to_string(answers).map_err(Failure::fault)?;
        if json.len() > LARGEST {
            return Err(Refusal::new("draft.too_large", "填写的内容过长，请精简后再保存。").into());
        }
        Ok(json)
    }

    /// Saves what was typed on one page over the draft. `revision` is the one the page was made from; `None` saves over any.
    pub async fn save_draft(
        &self,
        call: &Call,
        id: &DraftId,
        typed: Answers,
        revision: Option<i64>,
    ) -> Result<Draft, Failure> {
        again(|| self.save_once(call, id, &typed, revision)).await
    }

    async fn save_once(
        &self,
        call: &Call,
        id: &DraftId,
        typed: &Answers,
        revision: Option<i64>,
    ) -> Result<Draft, Failure> {
        let (unit, _) = self.drafter(call)?;
        let mut draft = self.draft(call, id).await?;
        if revision.is_some_and(|r| r < draft.revision) {
            let message = "这份草稿已在别处修改并保存。请刷新页面查看最新内容，再补上您的修改。";
            return Err(Refusal::new("draft.stale", message).into());
        }
        draft.answers.extend(typed.clone());
        let json = self.draft_json(&draft.answers)?;
        let (before, now) = (draft.revision, self.clock.now());
        draft.revision += 1;
        draft.updated_at = now;
        let sealed = self.seal_draft(id, draft.revision, json)?;
        let mut change = self.change(call);
        change.exactly_one(Row::new(
            "UPDATE drafts SET sealed = $3, revision = $4, updated_at = $5 WHERE id = $1 AND unit_id = $2 AND revision = $6",
            [id.as_str().into(), unit.into(), sealed.into(), draft.revision.into(), now.0.into(), before.into()],
        ));
        change.commit(id.as_str()).await?;
        Ok(draft)
    }

    /// A draft of the signed-in unit.
    pub async fn draft(&self, call: &Call, id: &DraftId) -> Result<Draft, Failure> {
        let (unit, _) = self.drafter(call)?;
        let rows = self
            .store
            .query(
                "SELECT id, form, sealed, revision, updated_at FROM drafts WHERE id = $1 AND unit_id = $2",
                [id.as_str().into(), unit.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.first().map(|row| self.read_draft(row)).ok_or(Failure::NotThere)?
    }

    /// Drafts of the signed-in unit, newest first.
    pub async fn drafts(&self, call: &Call) -> Result<Vec<Draft>, Failure> {
        let (unit, _) = self.drafter(call)?;
        let rows = self
            .store
            .query(
                "SELECT id, form, sealed, revision, updated_at FROM drafts WHERE unit_id = $1 ORDER BY updated_at DESC, id LIMIT 50",
                [unit.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(|row| self.read_draft(row)).collect()
    }

    /// Throws a draft away.
    pub async fn delete_draft(&self, call: &Call, id: &DraftId) -> Result<(), Failure> {
        let (unit, _) = self.drafter(call)?;
        let _ = self.draft(call, id).await?;
        let mut change = self.change(call);
        change.row(Row::new("DELETE FROM drafts WHERE id = $1 AND unit_id = $2", [id.as_str().into(), unit.into()]));
        change.commit(id.as_str()).await
    }
}
