//! 消息中心: what the platform told a project unit.

use crate::{Action, Actor, Call, Failure, Object, Platform, permission};
use domain::{Moment, ids::MessageId};
use ledger::{QueryResult, Row};

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// When.
    pub at: Moment,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Page it is about.
    pub link: String,
    /// Whether somebody of the unit has read it.
    pub read: bool,
}

impl Message {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        Ok(Self {
            id: MessageId(text("id")?),
            at: Moment(number("at")?),
            title: text("title")?,
            body: text("body")?,
            link: text("link")?,
            read: number("read_at")? != 0,
        })
    }
}

impl Platform {
    fn reader<'a>(&self, call: &'a Call) -> Result<&'a str, Failure> {
        let _permit = permission::decide(&call.actor, Action::ReadMessages, Object::default(), self.rules.regions)?;
        match &call.actor {
            Actor::Unit { unit, .. } => Ok(unit.as_str()),
            _ => Err(Failure::NotThere),
        }
    }

    /// Messages of the signed-in unit, newest first; `before` is the last row of the page before.
    pub async fn messages(
        &self,
        call: &Call,
        before: Option<(i64, String)>,
        limit: u64,
    ) -> Result<Vec<Message>, Failure> {
        self.messages_read_until(call, i64::MAX, before, limit).await
    }

    /// The same, only those nobody of the unit has read.
    pub async fn messages_not_read(
        &self,
        call: &Call,
        before: Option<(i64, String)>,
        limit: u64,
    ) -> Result<Vec<Message>, Failure> {
        self.messages_read_until(call, 0, before, limit).await
    }

    /// `read_at` is 0 until a message is read.
    async fn messages_read_until(
        &self,
        call: &Call,
        read_until: i64,
        before: Option<(i64, String)>,
        limit: u64,
    ) -> Result<Vec<Message>, Failure> {
        let unit = self.reader(call)?;
        let (at, id) = before.unwrap_or((i64::MAX, String::new()));
        let rows = self
            .store
            .query(
                "SELECT id, at, title, body, link, read_at FROM messages WHERE unit_id = $1 AND (at < $2 OR (at = $2 AND id < $3)) \
                 AND read_at <= $5 ORDER BY at DESC, id DESC LIMIT $4",
                [unit.into(), at.into(), id.into(), i64::try_from(limit).unwrap_or(50).into(), read_until.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.iter().map(Message::read).collect()
    }

    /// How many are unread, counted up to 100.
    pub async fn unread_messages(&self, call: &Call) -> Result<i64, Failure> {
        let unit = self.reader(call)?;
        let rows = self
            .store
            .query(
                "SELECT COUNT(*) AS n FROM (SELECT 1 FROM messages WHERE unit_id = $1 AND read_at = 0 LIMIT 100) AS unread",
                [unit.into()],
            )
            .await
            .map_err(Failure::fault)?;
        rows.first().map_or(Ok(0), |row| row.try_get("", "n")).map_err(Failure::fault)
    }

    /// Opens a message: gives its link and marks it read.
    pub async fn open_message(&self, call: &Call, id: &str) -> Result<String, Failure> {
        let unit = self.reader(call)?;
        let rows = self
            .store
            .query("SELECT link FROM messages WHERE id = $1 AND unit_id = $2", [id.into(), unit.into()])
            .await
            .map_err(Failure::fault)?;
        let link: String = rows.first().ok_or(Failure::NotThere)?.try_get("", "link").map_err(Failure::fault)?;
        let mut change = self.change(call);
        change.row(Row::new(
            "UPDATE messages SET read_at = $3 WHERE id = $1 AND unit_id = $2 AND read_at = 0",
            [id.into(), unit.into(), self.clock.now().0.into()],
        ));
        change.commit(id).await?;
        Ok(link)
    }

    /// Marks everything read.
    pub async fn read_all_messages(&self, call: &Call) -> Result<(), Failure> {
        let unit = self.reader(call)?;
        let mut change = self.change(call);
        change.row(Row::new(
            "UPDATE messages SET read_at = $2 WHERE unit_id = $1 AND read_at = 0",
            [unit.into(), self.clock.now().0.into()],
        ));
        change.commit("messages").await
    }
}
