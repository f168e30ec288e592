//! Rows of guides: the row of the list, and one for each published version with the days it is in force.

use super::{NEVER, Projected, day_number};
use crate::Rulebook;
use domain::{
    Meta,
    guide::{Guide, GuideEvent, Version, default_weights, score},
};
use ledger::{Row, Value};

impl Projected for Guide {
    fn rows(
        stream: &str,
        _: i64,
        before: &Self,
        event: &GuideEvent,
        meta: &Meta,
        after: &Self,
        _: &Rulebook,
    ) -> Vec<Row> {
        let item = stream.strip_prefix("guide:").unwrap_or_default();
        let mut rows = vec![match event {
            GuideEvent::GuideLoaded { guide, agency, .. } => {
                insert(item, &guide.name, (&agency.department, agency.region.as_str()), after, meta)
            }
            _ => update(item, after, meta),
        }];
        let of = |versions: &[Version], number| versions.iter().any(|version| version.number == number);
        for version in &after.versions {
            match before.version(version.number) {
                None => rows.push(insert_version(item, version)),
                Some(was) if was.until != version.until => rows.push(end_version(item, version)),
                Some(_) => {}
            }
        }
        let gone = before.versions.iter().filter(|version| !of(&after.versions, version.number));
        rows.extend(gone.map(|version| {
            Row::new(
                "DELETE FROM guide_versions WHERE item = $1 AND version = $2",
                [item.into(), i64::from(version.number).into()],
            )
        }));
        rows
    }
}

/// Columns that change with each event, in the order of `$1…$7`.
fn moving(item: &str, guide: &Guide, meta: &Meta) -> [Value; 7] {
    let draft = guide.draft.as_ref();
    let last = guide.versions.last();
    [
        item.into(),
        draft.map_or("", |d| d.stage.slug()).into(),
        draft.map_or(0, |d| i64::from(score(&d.guide, default_weights()).points)).into(),
        last.map_or(0, |v| i64::from(v.number)).into(),
        last.map_or(NEVER, |v| day_number(v.from)).into(),
        guide.retired_on().map_or(NEVER, day_number).into(),
        meta.at.0.into(),
    ]
}

fn insert(item: &str, name: &str, (department, region): (&str, &str), guide: &Guide, meta: &Meta) -> Row {
    Row::new(
        "INSERT INTO guides(item, draft, draft_score, version, from_day, retired_day, updated_at, name, department, region) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        moving(item, guide, meta).into_iter().chain([name.into(), department.into(), region.into()]),
    )
}

fn update(item: &str, guide: &Guide, meta: &Meta) -> Row {
    Row::new(
        "UPDATE guides SET draft = $2, draft_score = $3, version = $4, from_day = $5, retired_day = $6, updated_at = $7 WHERE item = $1",
        moving(item, guide, meta),
    )
}

fn until(version: &Version) -> i64 {
    version.until.map_or(NEVER, day_number)
}

fn insert_version(item: &str, version: &Version) -> Row {
    Row::new(
        "INSERT INTO guide_versions(item, version, from_day, to_day, score, published_at, note, words, effective, data) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            item.into(),
            i64::from(version.number).into(),
            day_number(version.from).into(),
            until(version).into(),
            i64::from(score(&version.guide, default_weights()).points).into(),
            version.published_at.0.into(),
            version.note.clone().into(),
            version.guide.words().into(),
            serde_json::to_string(version.guide.effective_limit()).unwrap_or_default().into(),
            serde_json::to_string(&version.guide).unwrap_or_default().into(),
        ],
    )
}

fn end_version(item: &str, version: &Version) -> Row {
    Row::new(
        "UPDATE guide_versions SET to_day = $3 WHERE item = $1 AND version = $2",
        [item.into(), i64::from(version.number).into(), until(version).into()],
    )
}
