//! What everybody reads of guides: the version in force, the others, and which says which words.

use crate::{Call, Failure, Platform, read::NEVER, read::from_day_number};
use domain::{
    Moment,
    guide::ServiceGuide,
    item::{Item, Limit},
};
use jiff::civil::Date;
use ledger::QueryResult;
use std::collections::BTreeMap;

/// A published version without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its number.
    pub number: u32,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force; `None` while nothing ends it.
    pub until: Option<Date>,
    /// Completeness.
    pub score: u8,
    /// When it was published.
    pub published_at: Moment,
    /// What was changed and why.
    pub note: String,
}

impl VersionRow {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let to = number("to_day")?;
        Ok(Self {
            number: u32::try_from(number("version")?).unwrap_or(0),
            from: from_day_number(number("from_day")?).ok_or_else(|| Failure::fault("no such day"))?,
            until: if to == NEVER { None } else { from_day_number(to) },
            score: u8::try_from(number("score")?).unwrap_or(0),
            published_at: Moment(number("published_at")?),
            note: row.try_get("", "note").map_err(Failure::fault)?,
        })
    }

    /// Whether it is in force on that day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// A published version with what it says.
#[derive(Debug, Clone)]
pub struct GuideVersion {
    /// Number and days.
    pub row: VersionRow,
    /// What it says.
    pub guide: ServiceGuide,
}

impl GuideVersion {
    fn read(row: &QueryResult) -> Result<Self, Failure> {
        let data: String = row.try_get("", "data").map_err(Failure::fault)?;
        Ok(Self { row: VersionRow::read(row)?, guide: serde_json::from_str(&data).map_err(Failure::fault)? })
    }
}

/// Everything the public page of a guide needs.
#[derive(Debug, Clone)]
pub struct PublicGuide {
    /// The version to show.
    pub shown: GuideVersion,
    /// Every published version, newest first.
    pub history: Vec<VersionRow>,
    /// Today.
    pub today: Date,
}

impl PublicGuide {
    /// The version in force today; `None` when the guide was retired.
    pub fn in_force(&self) -> Option<&VersionRow> {
        self.history.iter().find(|version| version.is_in_force(self.today))
    }

    /// The version that will come into force.
    pub fn scheduled(&self) -> Option<&VersionRow> {
        self.history.iter().find(|version| version.from > self.today)
    }
}

/// Of each guide in force: what can be searched in it, and the limit the clock runs by.
#[derive(Debug, Clone, Default)]
pub struct GuidesInForce(BTreeMap<String, (String, Limit)>);

impl GuidesInForce {
    /// What the guide of an item says, lower case; empty when none is in force.
    pub fn words(&self, item: &str) -> &str {
        self.0.get(item).map_or("", |(words, _)| words)
    }

    /// The limit an application of today is decided in.
    pub fn limit<'a>(&'a self, item: &'a Item) -> &'a Limit {
        self.0.get(&item.code).map_or(item.effective_limit(), |(_, limit)| limit)
    }
}

impl Platform {
    /// The version of an item's guide in force today.
    pub(crate) async fn guide_in_force(&self, item: &str) -> Result<Option<GuideVersion>, Failure> {
        let today = crate::read::day_number(self.clock.now().date());
        let row = self
            .store
            .query_one(
                "SELECT version, from_day, to_day, score, published_at, note, data FROM guide_versions \
                 WHERE item = $1 AND from_day <= $2 AND to_day > $2",
                [item.into(), today.into()],
            )
            .await
            .map_err(Failure::fault)?;
        row.as_ref().map(GuideVersion::read).transpose()
    }

    /// One published version.
    pub(crate) async fn guide_version(&self, item: &str, number: u32) -> Result<GuideVersion, Failure> {
        let row = self
            .store
            .query_one(
                "SELECT version, from_day, to_day, score, published_at, note, data FROM guide_versions WHERE item = $1 AND version = $2",
                [item.into(), i64::from(number).into()],
            )
            .await
            .map_err(Failure::fault)?;
        row.as_ref().map(GuideVersion::read).ok_or(Failure::NotThere)?
    }

    /// The guide of an item (办法第八条): the version in force, or when it was retired the last one that was; with a
    /// number that version.
    pub async fn public_guide(&self, call: &Call, item: &str, number: Option<u32>) -> Result<PublicGuide, Failure> {
        self.public(call)?;
        let rows = self
            .store
            .query(
                "SELECT version, from_day, to_day, score, published_at, note FROM guide_versions WHERE item = $1 ORDER BY version DESC",
                [item.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let history: Vec<VersionRow> = rows.iter().map(VersionRow::read).collect::<Result<_, _>>()?;
        let today = self.clock.now().date();
        let begun = || history.iter().find(|version| version.from <= today);
        let now = history.iter().find(|version| version.is_in_force(today)).or_else(begun);
        let number = number.or_else(|| now.map(|version| version.number)).ok_or(Failure::NotThere)?;
        Ok(PublicGuide { shown: self.guide_version(item, number).await?, history, today })
    }

    /// What lists need of the guides in force today.
    pub async fn guides_in_force(&self, call: &Call) -> Result<GuidesInForce, Failure> {
        self.public(call)?;
        let today = crate::read::day_number(self.clock.now().date());
        let rows = self
            .store
            .query(
                "SELECT item, words, effective FROM guide_versions WHERE from_day <= $1 AND to_day > $1",
                [today.into()],
            )
            .await
            .map_err(Failure::fault)?;
        let read = |row: &QueryResult| {
            let text = |column| row.try_get::<String>("", column).map_err(Failure::fault);
            let limit = serde_json::from_str(&text("effective")?).map_err(Failure::fault)?;
            Ok((text("item")?, (text("words")?, limit)))
        };
        Ok(GuidesInForce(rows.iter().map(read).collect::<Result<_, Failure>>()?))
    }
}
