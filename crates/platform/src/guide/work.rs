//! What the department reads: its list of guides, and one guide with its draft, its versions and its trail.

use super::{GuideVersion, object};
use crate::{
    Action, Actor, Call, Failure, Platform, permission,
    read::{NEVER, day_number, from_day_number},
    stream::stream_id,
    trail::TrailEntry,
};
use domain::{
    case::Application,
    department::Agency,
    guide::{DraftStage, Guide, Score, ServiceGuide, default_weights, score},
    ids::CaseId,
    item::Item,
    region::RegionCode,
};
use jiff::civil::Date;
use ledger::QueryResult;
use std::sync::Arc;

/// One row of the list.
#[derive(Debug, Clone)]
pub struct GuideRow {
    /// Item code.
    pub item: String,
    /// Item name.
    pub name: String,
    /// Whose it is.
    pub agency: Agency,
    /// The version in force, with its first day and its completeness.
    pub in_force: Option<(u32, Date, u8)>,
    /// The version that will come into force.
    pub scheduled: Option<(u32, Date)>,
    /// First day without a guide.
    pub retired: Option<Date>,
    /// Where the draft stands, and its completeness.
    pub draft: Option<(DraftStage, u8)>,
}

impl GuideRow {
    fn read(row: &QueryResult, today: Date) -> Result<Self, Failure> {
        let text = |column: &str| row.try_get::<String>("", column).map_err(Failure::fault);
        let number = |column: &str| row.try_get::<i64>("", column).map_err(Failure::fault);
        let day = |days: i64| if days == NEVER { None } else { from_day_number(days) };
        let region = RegionCode::parse(&text("region")?).ok_or_else(|| Failure::fault("no such region"))?;
        let version = |number: i64| u32::try_from(number).unwrap_or(0);
        let points = |points: i64| u8::try_from(points).unwrap_or(0);
        let now = number("now_version")?;
        let now_from = day(number("now_from")?);
        let last_from = day(number("from_day")?);
        Ok(Self {
            item: text("item")?,
            name: text("name")?,
            agency: Agency::new(text("department")?, region),
            in_force: now_from
                .filter(|_| now > 0)
                .map(|from| (version(now), from, number("now_score").map_or(0, points))),
            scheduled: last_from
                .filter(|from| *from > today)
                .and_then(|from| Some((version(number("version").ok()?), from))),
            retired: day(number("retired_day")?),
            draft: DraftStage::parse(&text("draft")?).map(|stage| (stage, number("draft_score").map_or(0, points))),
        })
    }
}

/// Everything about one guide.
#[derive(Debug, Clone)]
pub struct GuidePage {
    /// The item.
    pub item: &'static Item,
    /// Whose it is.
    pub agency: Agency,
    /// Its state.
    pub guide: Guide,
    /// Today.
    pub today: Date,
    /// 痕迹, oldest first.
    pub trail: Vec<TrailEntry>,
    /// The reader may write in the draft.
    pub may_write: bool,
    /// The reader may review, and wrote nothing in the draft.
    pub may_review: bool,
    /// The reader may publish and retire.
    pub may_publish: bool,
}

impl GuidePage {
    /// What the draft says, with its completeness.
    pub fn draft_score(&self) -> Option<Score> {
        self.guide.draft.as_ref().map(|draft| score(&draft.guide, default_weights()))
    }

    /// A version by its number, or the draft by the word `draft`; its name.
    pub fn find(&self, which: &str) -> Option<(String, &ServiceGuide)> {
        if which == "draft" {
            return self.guide.draft.as_ref().map(|draft| ("修订稿".to_owned(), &*draft.guide));
        }
        let version = self.guide.version(which.parse().ok()?)?;
        Some((format!("第 {} 版", version.number), &version.guide))
    }
}

impl Platform {
    /// The guides the reader may read: of the own department, or of all with a post over the territory. At most as many
    /// as the catalogue has items, so the list has one page.
    pub async fn guides(&self, call: &Call) -> Result<Vec<GuideRow>, Failure> {
        if call.actor == Actor::Public {
            return Err(permission::Denied::NotSignedIn.into());
        }
        let today = self.clock.now().date();
        let rows = self
            .store
            .query(
                "SELECT g.item, g.name, g.department, g.region, g.draft, g.draft_score, g.version, g.from_day, g.retired_day, \
                 COALESCE(v.version, 0) AS now_version, COALESCE(v.from_day, 0) AS now_from, COALESCE(v.score, 0) AS now_score \
                 FROM guides g LEFT JOIN guide_versions v ON v.item = g.item AND v.from_day <= $1 AND v.to_day > $1 ORDER BY g.item",
                [day_number(today).into()],
            )
            .await
            .map_err(Failure::fault)?;
        let rows: Vec<GuideRow> = rows.iter().map(|row| GuideRow::read(row, today)).collect::<Result<_, _>>()?;
        let may_read = |row: &GuideRow| self.may(call, Action::ReadGuide, &row.agency);
        Ok(rows.into_iter().filter(may_read).collect())
    }

    fn may(&self, call: &Call, action: Action, agency: &Agency) -> bool {
        permission::decide(&call.actor, action, object(agency), self.rules.regions).is_ok()
    }

    /// The version of the guide a case stands under, for those who may read the case.
    pub async fn case_guide(&self, call: &Call, id: &CaseId) -> Result<(Arc<Application>, GuideVersion), Failure> {
        let (_, application) = self.load_case(call, Action::ReadCase, id).await?;
        let number = application.guide.ok_or(Failure::NotThere)?;
        let version = self.guide_version(&application.item, number).await?;
        Ok((application, version))
    }

    /// Everything about one guide, for the department.
    pub async fn guide_page(&self, call: &Call, item: &str) -> Result<GuidePage, Failure> {
        let (stream, agency) = self.load_guide(call, Action::ReadGuide, item).await?;
        let guide = stream.state;
        let me = call.actor.tag();
        let wrote = guide.draft.as_ref().is_some_and(|draft| draft.authors.contains(&me));
        Ok(GuidePage {
            item: self.catalogue_item(item)?,
            today: self.clock.now().date(),
            trail: self.stream_trail(&stream_id::<Guide>(item)).await?,
            may_write: self.may(call, Action::WriteGuide, &agency),
            may_review: self.may(call, Action::ReviewGuide, &agency) && !wrote,
            may_publish: self.may(call, Action::PublishGuide, &agency),
            agency,
            guide,
        })
    }
}
