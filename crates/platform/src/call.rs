//! A call: who wants something, on which face, in which request.

use crate::{audit::Attempt, guess::Shown};
use domain::{
    account::Post,
    ids::{AccountId, UnitId},
};
use std::{net::IpAddr, sync::Arc};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Anybody: not signed in.
    Public,
    /// An agent of a project unit.
    Unit {
        /// The account.
        account: AccountId,
        /// The unit it acts for.
        unit: UnitId,
        /// The person's sign-in name.
        login: String,
        /// The unit's name.
        unit_name: String,
    },
    /// An officer with the posts held today.
    Officer {
        /// The account.
        account: AccountId,
        /// The officer's name.
        name: String,
        /// Posts held today.
        posts: Vec<Post>,
    },
    /// The platform itself (deadlines, completion): system acts carry their own actor.
    System,
}

impl Actor {
    /// The person's account.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Unit { account, .. } | Self::Officer { account, .. } => Some(account),
            Self::Public | Self::System => None,
        }
    }

    /// Posts held today; none for anybody but an officer.
    pub fn posts(&self) -> &[Post] {
        match self {
            Self::Officer { posts, .. } => posts,
            _ => &[],
        }
    }

    /// As written into events and audit records.
    pub fn tag(&self) -> String {
        match self {
            Self::Public => "public".into(),
            Self::Unit { account, .. } | Self::Officer { account, .. } => account.to_string(),
            Self::System => "system".into(),
        }
    }
}

/// One request to the platform.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub actor: Actor,
    /// Request id: written into events as their cause, and into the audit record.
    pub cause: String,
    /// Idempotency key of the form, if it carries one: the same key never acts twice.
    pub once: Option<String>,
    /// The audit record to be written around this request.
    pub attempt: Option<Arc<Attempt>>,
    /// Where it comes from, when it comes over a network.
    pub source: Option<IpAddr>,
    /// What was shown beside a question of the public.
    pub shown: Arc<Shown>,
}

impl Call {
    /// A call without HTTP around it: command line, simulation, tests.
    pub fn new(actor: Actor, cause: impl Into<String>) -> Self {
        Self { actor, cause: cause.into(), once: None, attempt: None, source: None, shown: Arc::default() }
    }

    /// The platform acts by itself.
    pub fn system(cause: impl Into<String>) -> Self {
        Self::new(Actor::System, cause)
    }
}
