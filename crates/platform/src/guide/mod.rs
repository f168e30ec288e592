//! Use cases of guides (办法第八条): written and reviewed by the department that owns the item, read by everybody.
//!
//! Items have one name and one list of materials in the whole autonomous region (发改投资〔2019〕268号), so each has one
//! guide, kept by the department at the level of the region.

mod public;
mod sample;
mod work;

pub use public::{GuideVersion, GuidesInForce, PublicGuide, VersionRow};
pub use sample::SAMPLE_MB;
pub use work::{GuidePage, GuideRow};

use crate::{Action, Call, Failure, Object, Platform, failure::again, permission, stream::Stream};
use domain::{
    department::Agency,
    guide::{self, Guide, GuideEvent, Page},
    ids::AttachmentId,
    item::Item,
    region::INNER_MONGOLIA,
};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Whose guide it is, for permission.
fn object(agency: &Agency) -> Object<'_> {
    Object { unit: None, department: Some(&agency.department), region: Some(agency.region) }
}

impl Platform {
    /// Makes a first version of each item's guide from the catalogue. Idempotent; run at start, after `migrate`.
    pub async fn load_guides(&self) -> Result<(), Failure> {
        let call = Call::system("catalogue");
        again(|| async {
            let today = self.clock.now().date();
            let known = self.known_guides().await?;
            let mut change = self.change(&call);
            let mut fresh = 0;
            for item in self.rules.catalogue.items().iter().filter(|item| !known.contains(&item.code)) {
                let stream = self.load::<Guide>(&item.code).await?;
                let Some(first) = self.rules.catalogue.guide(&item.code) else { continue };
                let agency = Agency::new(item.department.clone(), INNER_MONGOLIA);
                let events = guide::load(&stream.state, first, agency, today, self.rules.version());
                if !events.is_empty() {
                    change.append(stream, &events)?;
                    fresh += 1;
                }
            }
            match fresh {
                0 => Ok(()),
                _ => change.commit_or("", crate::project::taken_is_conflict).await,
            }
        })
        .await
    }

    /// Items that have a guide.
    async fn known_guides(&self) -> Result<BTreeSet<String>, Failure> {
        let rows = self.store.query("SELECT item FROM guides", []).await.map_err(Failure::fault)?;
        rows.iter().map(|row| row.try_get("", "item").map_err(Failure::fault)).collect()
    }

    async fn load_guide(&self, call: &Call, action: Action, item: &str) -> Result<(Stream<Guide>, Agency), Failure> {
        let stream = self.load::<Guide>(item).await?;
        let Some(agency) = stream.state.agency.clone() else { return Err(Failure::NotThere) };
        let _permit = permission::decide(&call.actor, action, object(&agency), self.rules.regions)?;
        Ok((stream, agency))
    }

    /// One act on one guide: load, decide, append, commit; decided again when somebody was faster.
    async fn guide_act(
        &self,
        call: &Call,
        action: Action,
        item: &str,
        decide: impl Fn(&Guide) -> Result<Vec<GuideEvent>, Failure>,
    ) -> Result<(), Failure> {
        let act = again(|| async {
            let (stream, _) = self.load_guide(call, action, item).await?;
            let events = decide(&stream.state)?;
            if events.is_empty() {
                return Ok(());
            }
            let mut change = self.change(call);
            change.append(stream, &events)?;
            change.commit_or(item, crate::project::taken_is_conflict).await
        });
        self.once(call, |_| Some(()), act).await
    }

    fn today(&self) -> Date {
        self.clock.now().date()
    }

    fn catalogue_item(&self, item: &str) -> Result<&'static Item, Failure> {
        self.rules.catalogue.item(item).ok_or(Failure::NotThere)
    }

    /// Begins a draft from the newest version; one that is open already goes on.
    pub async fn begin_guide(&self, call: &Call, item: &str) -> Result<(), Failure> {
        self.guide_act(call, Action::WriteGuide, item, |guide| Ok(guide::begin(guide)?)).await
    }

    /// Writes one page of the draft; `seen` is the revision the writer began from.
    pub async fn revise_guide(&self, call: &Call, item: &str, page: Page, seen: u32) -> Result<(), Failure> {
        let unified = self.rules.catalogue.guide_materials(self.catalogue_item(item)?);
        self.guide_act(call, Action::WriteGuide, item, |guide| Ok(guide::revise(guide, page.clone(), seen, &unified)?))
            .await
    }

    /// Gives the draft up.
    pub async fn drop_guide_draft(&self, call: &Call, item: &str) -> Result<(), Failure> {
        self.guide_act(call, Action::WriteGuide, item, |guide| Ok(guide::drop_draft(guide)?)).await
    }

    /// Hands the draft to review.
    pub async fn submit_guide(&self, call: &Call, item: &str, note: &str) -> Result<(), Failure> {
        self.guide_act(call, Action::WriteGuide, item, |guide| Ok(guide::submit(guide, note)?)).await
    }

    /// Agrees to the draft, as somebody who did not write in it.
    pub async fn approve_guide(&self, call: &Call, item: &str, opinion: &str) -> Result<(), Failure> {
        let reviewer = call.actor.tag();
        self.guide_act(call, Action::ReviewGuide, item, |guide| Ok(guide::approve(guide, &reviewer, opinion)?)).await
    }

    /// Sends the draft back.
    pub async fn return_guide(&self, call: &Call, item: &str, reason: &str) -> Result<(), Failure> {
        let reviewer = call.actor.tag();
        self.guide_act(call, Action::ReviewGuide, item, |guide| Ok(guide::send_back(guide, &reviewer, reason)?)).await
    }

    /// Publishes the reviewed draft, in force from that day on.
    pub async fn publish_guide(&self, call: &Call, item: &str, from: Date) -> Result<(), Failure> {
        self.guide_act(call, Action::PublishGuide, item, |guide| Ok(guide::publish(guide, from, self.today())?)).await
    }

    /// Takes a published version back before its first day.
    pub async fn unschedule_guide(&self, call: &Call, item: &str, reason: &str) -> Result<(), Failure> {
        self.guide_act(call, Action::PublishGuide, item, |guide| Ok(guide::unschedule(guide, reason, self.today())?))
            .await
    }

    /// Retires the guide from that day on.
    pub async fn retire_guide(&self, call: &Call, item: &str, on: Date, reason: &str) -> Result<(), Failure> {
        self.guide_act(call, Action::PublishGuide, item, |guide| Ok(guide::retire(guide, on, reason, self.today())?))
            .await
    }

    /// Takes a sample file out of the draft.
    pub async fn remove_guide_sample(&self, call: &Call, item: &str, id: &AttachmentId) -> Result<(), Failure> {
        self.guide_act(call, Action::WriteGuide, item, |guide| Ok(guide::remove_sample(guide, id)?)).await
    }
}
