//! 办事指南 (办法第八条): written by the department, reviewed by somebody else of it, in force from a day on.
//!
//! One guide for each item of the catalogue, one stream for each guide. Its first version comes from the catalogue;
//! each later one is a draft, then reviewed (four eyes), then published with its first day. A case keeps the version
//! under which it was received.

mod commands;
mod compare;
mod content;
mod score;
#[cfg(test)]
mod tests;

pub use commands::{
    Page, add_sample, approve, begin, drop_draft, load, publish, remove_sample, retire, revise, send_back, submit,
    unschedule,
};
pub use compare::{Comparison, Fate, Line, compare};
pub use content::{Contact, Element, Faq, GuideMaterial, Sample, ServiceGuide};
pub use score::{Score, Weights, default_weights, is_complete, score};

use crate::{Aggregate, Meta, Moment, case::Point, department::Agency, ids::AttachmentId, item::Catalogue};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Facts about a guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum GuideEvent {
    /// The catalogue was loaded: the first version is in force.
    GuideLoaded {
        /// What it says.
        guide: Box<ServiceGuide>,
        /// Whose guide it is.
        agency: Agency,
        /// First day.
        from: Date,
        /// Version of the catalogue.
        rulebook: String,
    },
    /// A draft was begun from a version.
    GuideDraftBegun {
        /// Its number.
        base: u32,
    },
    /// A part of the draft was written anew.
    GuideRevised {
        /// What it says now.
        page: Page,
    },
    /// A sample file was added to the draft.
    GuideSampleAdded {
        /// The file.
        sample: Sample,
    },
    /// A sample file was taken out of the draft.
    GuideSampleRemoved {
        /// The file.
        id: AttachmentId,
    },
    /// The draft was given up.
    GuideDraftDropped,
    /// The draft was handed to review.
    GuideSubmitted {
        /// What was changed and why.
        note: String,
    },
    /// The review sent it back.
    GuideReturned {
        /// Why.
        reason: String,
    },
    /// The review agreed.
    GuideApproved {
        /// In words.
        opinion: String,
    },
    /// It was published.
    GuidePublished {
        /// Number of the new version.
        version: u32,
        /// First day.
        from: Date,
    },
    /// A published version was taken back before its first day.
    GuideUnscheduled {
        /// Its number.
        version: u32,
        /// Why.
        reason: String,
    },
    /// The guide was retired.
    GuideRetired {
        /// First day without it.
        on: Date,
        /// Why.
        reason: String,
    },
}

/// Where a draft stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftStage {
    /// Being written.
    #[default]
    Writing,
    /// Under review.
    InReview,
    /// Sent back by the review.
    Returned,
    /// Agreed, not published yet.
    Approved,
}

impl DraftStage {
    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Writing => "编写中",
            Self::InReview => "待审核",
            Self::Returned => "审核退回",
            Self::Approved => "审核通过，待发布",
        }
    }

    /// Machine name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::InReview => "in_review",
            Self::Returned => "returned",
            Self::Approved => "approved",
        }
    }

    /// Reads the machine name.
    pub fn parse(slug: &str) -> Option<Self> {
        [Self::Writing, Self::InReview, Self::Returned, Self::Approved].into_iter().find(|s| s.slug() == slug)
    }

    /// Whether it may be written in.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Writing | Self::Returned)
    }
}

/// A version that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What it says.
    pub guide: Box<ServiceGuide>,
    /// Number of the version it began from.
    pub base: u32,
    /// Where it stands.
    pub stage: DraftStage,
    /// How often it was changed: whoever saves says which state was seen.
    pub revision: u32,
    /// Accounts that wrote in it: none of them may review it.
    pub authors: Vec<String>,
    /// What was changed and why, as handed to review.
    pub note: String,
    /// What the review said last.
    pub opinion: String,
}

/// A published version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force; `None` while nothing ends it.
    pub until: Option<Date>,
    /// First day without a guide, when it was retired.
    pub retired: Option<Date>,
    /// When it was published.
    pub published_at: Moment,
    /// What was changed and why.
    pub note: String,
    /// Who published it.
    pub by: String,
    /// What it says.
    pub guide: Box<ServiceGuide>,
}

impl Version {
    /// Whether it is in force on that day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// 办事指南 of one item, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    /// Whose it is; `None` before `GuideLoaded`.
    pub agency: Option<Agency>,
    /// Every published version, in order of their numbers and first days.
    pub versions: Vec<Version>,
    /// The version that is being made.
    pub draft: Option<Draft>,
    /// The highest number ever given.
    pub last_number: u32,
}

impl Guide {
    /// The version in force on a day; never more than one.
    pub fn in_force(&self, day: Date) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.is_in_force(day))
    }

    /// The version that will come into force after that day.
    pub fn scheduled(&self, day: Date) -> Option<&Version> {
        self.versions.last().filter(|version| version.from > day)
    }

    /// First day without a guide, when it was retired and nothing followed.
    pub fn retired_on(&self) -> Option<Date> {
        self.versions.last().and_then(|version| version.retired)
    }

    /// The version of a number.
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    fn publish(&mut self, version: Version) {
        if let Some(before) = self.versions.last_mut() {
            before.until = Some(before.until.map_or(version.from, |until| until.min(version.from)));
        }
        self.last_number = version.number;
        self.versions.push(version);
    }

    fn write(&mut self, actor: &str, write: impl FnOnce(&mut ServiceGuide)) {
        let Some(draft) = &mut self.draft else { return };
        write(&mut draft.guide);
        draft.stage = DraftStage::Writing;
        draft.revision += 1;
        if !draft.authors.iter().any(|author| author == actor) {
            draft.authors.push(actor.to_owned());
        }
    }
}

impl Aggregate for Guide {
    const KIND: &'static str = "guide";
    type Event = GuideEvent;

    fn is_platform_act(event: &GuideEvent) -> bool {
        matches!(event, GuideEvent::GuideLoaded { .. })
    }

    fn apply(&mut self, event: &GuideEvent, meta: &Meta) {
        let published = |number, from, note: &str, guide: &ServiceGuide| Version {
            number,
            from,
            until: None,
            retired: None,
            published_at: meta.at,
            note: note.to_owned(),
            by: meta.actor.clone(),
            guide: Box::new(guide.clone()),
        };
        match event {
            GuideEvent::GuideLoaded { guide, agency, from, .. } => {
                self.agency = Some(agency.clone());
                self.publish(published(1, *from, "按事项目录生成", guide));
            }
            GuideEvent::GuideDraftBegun { base } => {
                self.draft = self.version(*base).map(|version| Draft {
                    guide: version.guide.clone(),
                    base: *base,
                    stage: DraftStage::Writing,
                    revision: 0,
                    authors: Vec::new(),
                    note: String::new(),
                    opinion: String::new(),
                });
            }
            GuideEvent::GuideRevised { page } => self.write(&meta.actor, |guide| page.clone().write_into(guide)),
            GuideEvent::GuideSampleAdded { sample } => {
                self.write(&meta.actor, |guide| guide.samples.push(sample.clone()));
            }
            GuideEvent::GuideSampleRemoved { id } => {
                self.write(&meta.actor, |guide| guide.samples.retain(|sample| sample.id != *id));
            }
            GuideEvent::GuideDraftDropped => self.draft = None,
            GuideEvent::GuideSubmitted { note } => {
                self.write(&meta.actor, |_| {});
                if let Some(draft) = &mut self.draft {
                    draft.stage = DraftStage::InReview;
                    draft.note = note.clone();
                }
            }
            GuideEvent::GuideReturned { reason } => self.judged(DraftStage::Returned, reason),
            GuideEvent::GuideApproved { opinion } => self.judged(DraftStage::Approved, opinion),
            GuideEvent::GuidePublished { version, from } => {
                if let Some(mut draft) = self.draft.take() {
                    draft.guide.vouch();
                    self.publish(published(*version, *from, &draft.note, &draft.guide));
                }
            }
            GuideEvent::GuideUnscheduled { version, .. } => self.unschedule(*version, &meta.actor),
            GuideEvent::GuideRetired { on, .. } => {
                if let Some(last) = self.versions.last_mut() {
                    last.until = Some(*on);
                    last.retired = Some(*on);
                }
            }
        }
    }
}

impl Guide {
    fn judged(&mut self, stage: DraftStage, opinion: &str) {
        if let Some(draft) = &mut self.draft {
            draft.stage = stage;
            draft.opinion = opinion.to_owned();
        }
    }

    /// What the version said is a draft again; the one before it goes on.
    fn unschedule(&mut self, number: u32, actor: &str) {
        let Some(at) = self.versions.iter().position(|version| version.number == number) else { return };
        let version = self.versions.remove(at);
        if let Some(before) = self.versions.last_mut() {
            before.until = before.retired;
        }
        if self.draft.is_none() {
            self.draft = Some(Draft {
                guide: version.guide,
                base: self.versions.last().map_or(number, |before| before.number),
                stage: DraftStage::Writing,
                revision: 0,
                authors: vec![version.by, actor.to_owned()],
                note: version.note,
                opinion: String::new(),
            });
        }
    }
}

/// A demand of a correction notice that the guide does not make (发改投资〔2019〕268号; 办法第八条).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// Position of the point in the notice.
    pub point: usize,
    /// Name of the material.
    pub material: String,
}

/// What a correction notice demands beyond the version of the guide the case was received under: points about a
/// material the version does not list, and points whose words name such a material of the unified list.
pub fn demands_outside(version: &ServiceGuide, catalogue: &Catalogue, points: &[Point]) -> Vec<Outside> {
    points.iter().enumerate().filter_map(|(at, point)| demand_outside(version, catalogue, at, point)).collect()
}

fn demand_outside(guide: &ServiceGuide, catalogue: &Catalogue, at: usize, point: &Point) -> Option<Outside> {
    let outside = |material: String| Some(Outside { point: at, material });
    if let Some(id) = point.material.as_deref().filter(|id| !guide.lists(id)) {
        return outside(catalogue.material(id).map_or_else(|| id.to_owned(), |m| m.name.clone()));
    }
    // What the guide demands is taken out of the text first, so that 规划许可证 within 建设工程规划许可证 is no demand of its own.
    let mut listed: Vec<&str> = guide.materials.iter().map(|m| m.name.as_str()).collect();
    listed.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    let text = listed.into_iter().fold(point.text.clone(), |text, name| text.replace(name, "\n"));
    let others = catalogue.all_materials().iter().filter(|m| !guide.lists(&m.id));
    let named = others.filter(|m| text.contains(&m.name)).max_by_key(|m| m.name.chars().count())?;
    outside(named.name.clone())
}
