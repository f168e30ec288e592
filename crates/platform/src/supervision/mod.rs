//! 电子监察 (办法第十五、十七条): what follows the ledger and the days, the cards it opens, expediting orders, the
//! supervisor's home.
//!
//! `watch` evaluates the rules over events (a follower of the feed), `sweep` those over time (the due columns of the read
//! table). Both only ever open a card whose id follows from rule and occurrence, so that several nodes, a restart or a
//! second run open nothing twice.

mod card;
mod file;
mod home;
mod list;
mod order;
mod sweep;
mod watch;

pub use card::{CardLine, CardPage};
pub use home::{Home, Lights, Rank, RankBy, SortBy, Tile};
pub use list::{CardFilter, CardRow, Cards, Mine, OrderRow, Orders, Owing};
pub use order::OrderPage;

use crate::{Action, Call, Failure, Object, Platform, permission, stream::Change};
use domain::{
    account::Role,
    case::Application,
    region::RegionCode,
    supervision::{self, Card, CardEvent, Hit, Rule},
};
use std::collections::BTreeSet;

impl Platform {
    /// Looks through what was recorded since the last time and through what is due today. How many cards were opened.
    pub async fn supervise(&self, call: &Call) -> Result<u64, Failure> {
        Ok(self.supervise_records(call).await? + self.supervise_days(call).await?)
    }

    /// Only what was recorded since the last time.
    pub async fn supervise_records(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::RunSupervision, Object::default(), self.rules.regions)?;
        self.watch_ledger(call).await
    }

    /// Only what is due today.
    pub async fn supervise_days(&self, call: &Call) -> Result<u64, Failure> {
        let _permit = permission::decide(&call.actor, Action::RunSupervision, Object::default(), self.rules.regions)?;
        self.sweep_days(call).await
    }

    /// Opens the card of a hit in this change; nothing when it is open already or was.
    async fn open_card(
        &self,
        change: &mut Change<'_>,
        opened_now: &mut BTreeSet<String>,
        rule: &Rule,
        hit: Hit,
        about: &Application,
    ) -> Result<u64, Failure> {
        let opened = supervision::open(rule, hit, about, self.clock.now().date(), self.rules.calendar);
        let stream = self.load::<Card>(opened.id.as_str()).await?;
        if stream.exists() || !opened_now.insert(opened.id.to_string()) {
            return Ok(0);
        }
        change.append(stream, &[CardEvent::CardOpened(Box::new(opened))])?;
        Ok(1)
    }

    /// A region with all below.
    fn with_below(&self, region: RegionCode) -> impl Iterator<Item = RegionCode> {
        std::iter::once(region).chain(self.rules.regions.below(region).map(|r| r.code))
    }

    /// Regions the caller supervises; empty for everybody else.
    pub fn supervised(&self, call: &Call) -> BTreeSet<RegionCode> {
        let posts = call.actor.posts().iter().filter(|p| p.role == Role::Supervisor);
        posts.flat_map(|p| self.with_below(p.region)).collect()
    }

    /// The highest region the caller supervises.
    pub fn supervised_root(&self, call: &Call) -> Option<RegionCode> {
        let mut roots: Vec<_> =
            call.actor.posts().iter().filter(|p| p.role == Role::Supervisor).map(|p| p.region).collect();
        roots.sort_unstable_by_key(|region| (self.rules.regions.level(*region), *region));
        roots.first().copied()
    }
}

/// Roles that do a department's case work: its cards are shown to them.
fn does_case_work(role: Role) -> bool {
    !role.is_administrator() && !role.is_territorial()
}
