//! 账号: a person who signs in, for a project unit or for government departments, and the posts the person holds.

mod delegation;
pub mod factor;
mod post;
#[cfg(test)]
mod post_tests;
mod reset;

pub use delegation::{DELEGATED, Delegating, Delegation, LONGEST, delegate, end_delegation};
pub use post::{
    By, POST_PROPOSAL_DAYS, PostKey, PostLimits, PostProposal, PostWish, ProposalState, Proposed, check_person_name,
    confirm_post, end_post, propose_post, reject_post, rename, separation, withdraw_post,
};
pub use reset::{PROPOSAL_DAYS, ResetProposal, confirm_reset, enable, propose_reset, reject_reset};

use crate::{
    Aggregate, Meta,
    department::Agency,
    ids::{AccountId, UnitId},
    region::RegionCode,
};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

/// 岗位角色. The last three are never in one hand, nor with any other (三权分立).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 收件岗: receives, asks for corrections, accepts or not.
    Receptionist,
    /// 经办岗: undertakes the processing.
    Undertaker,
    /// 审核岗.
    Reviewer,
    /// 审批岗: decides.
    Approver,
    /// 部门负责人.
    DepartmentManager,
    /// 综合管理 (办法第七条).
    GeneralAdministration,
    /// 电子监察.
    Supervisor,
    /// 系统管理员.
    SystemAdministrator,
    /// 安全管理员.
    SecurityAdministrator,
    /// 审计管理员.
    AuditAdministrator,
}

impl Role {
    /// All roles, in a fixed order (the permission matrix prints in it).
    pub const ALL: [Self; 10] = [
        Self::Receptionist,
        Self::Undertaker,
        Self::Reviewer,
        Self::Approver,
        Self::DepartmentManager,
        Self::GeneralAdministration,
        Self::Supervisor,
        Self::SystemAdministrator,
        Self::SecurityAdministrator,
        Self::AuditAdministrator,
    ];

    /// Chinese name of the post.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receptionist => "收件岗",
            Self::Undertaker => "经办岗",
            Self::Reviewer => "审核岗",
            Self::Approver => "审批岗",
            Self::DepartmentManager => "部门负责人",
            Self::GeneralAdministration => "综合管理岗",
            Self::Supervisor => "电子监察岗",
            Self::SystemAdministrator => "系统管理员",
            Self::SecurityAdministrator => "安全管理员",
            Self::AuditAdministrator => "审计管理员",
        }
    }

    /// One of the three administrators that S-08 keeps apart.
    pub fn is_administrator(self) -> bool {
        matches!(self, Self::SystemAdministrator | Self::SecurityAdministrator | Self::AuditAdministrator)
    }

    /// Watches over every department of its territory.
    pub fn is_territorial(self) -> bool {
        matches!(self, Self::GeneralAdministration | Self::Supervisor)
    }

    /// Reads the machine name, such as `approver`.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
    }
}

/// 岗位: department × region × role, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Department code of `data/departments.tsv`.
    pub department: String,
    /// Region of the government the department belongs to.
    pub region: RegionCode,
    /// What the person may do there.
    pub role: Role,
    /// First day.
    pub from: Date,
    /// Last day; `None` while open.
    pub to: Option<Date>,
}

impl Post {
    /// Whether the post is held on that day.
    pub fn held_on(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// For whom the person acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// An agent of a project unit.
    Unit(UnitId),
    /// An officer; what the person may do follows from posts.
    Officer,
}

/// Facts about an account. Passwords never enter the ledger, not even as hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum AccountEvent {
    /// Opened for a person.
    AccountOpened {
        /// Its id.
        id: AccountId,
        /// Sign-in name, unique per face.
        login: String,
        /// Name shown to others: the officer's name, or 经办人 of a unit.
        name: String,
        /// For whom the person acts.
        holder: Holder,
        /// The organ an officer works at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agency: Option<Agency>,
    },
    /// A post was given by the platform itself: command line, demonstration.
    PostGranted {
        /// The post.
        post: Post,
        /// Why (appointment paper, order number).
        reason: String,
    },
    /// One security administrator proposed a post; it gives no right yet.
    PostProposed {
        /// What, by whom, why.
        proposal: Box<Proposed>,
    },
    /// A second person confirmed it: the post is held.
    PostConfirmed {
        /// Which of the account's proposals, from 0.
        at: usize,
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
    },
    /// A second person refused it.
    PostRejected {
        /// Which of the account's proposals, from 0.
        at: usize,
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
        /// Why.
        reason: String,
    },
    /// Whoever proposed it took it back.
    PostWithdrawn {
        /// Which of the account's proposals, from 0.
        at: usize,
    },
    /// A post was ended before its last day.
    PostEnded {
        /// The organ.
        agency: Agency,
        /// The role.
        role: Role,
        /// The post's first day.
        from: Date,
        /// From this day on it is not held.
        on: Date,
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
        /// Why.
        reason: String,
    },
    /// The person has another name.
    AccountRenamed {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A post was handed over for a time by whoever holds it.
    PostDelegated {
        /// Which, until when, by whom.
        delegation: Box<Delegation>,
    },
    /// It was taken back before its last day.
    DelegationEnded {
        /// Which of the account's, from 0.
        at: usize,
        /// From this day on.
        on: Date,
    },
    /// The account can no longer sign in.
    AccountDisabled {
        /// Why.
        reason: String,
    },
    /// It can sign in again.
    AccountEnabled {
        /// Why.
        reason: String,
    },
    /// An administrator proposed to take the second factor away.
    FactorResetProposed {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
        /// How the person was identified, and why.
        reason: String,
    },
    /// Another administrator confirmed it: the person enrols a second factor anew.
    FactorReset {
        /// Who.
        by: AccountId,
        /// The name on that day.
        by_name: String,
    },
    /// Another administrator refused it.
    FactorResetRejected {
        /// Who.
        by: AccountId,
    },
}

/// 账号, as its events leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Sign-in name.
    pub login: String,
    /// Name shown to others.
    pub name: String,
    /// For whom the person acts; `None` before `AccountOpened`.
    pub holder: Option<Holder>,
    /// Posts ever given, delegated ones included.
    pub posts: Vec<Post>,
    /// Which of them were handed over by whom.
    #[serde(default)]
    pub delegations: Vec<Delegation>,
    /// Posts ever proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<PostProposal>,
    /// The organ an officer works at, as the account was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Agency>,
    /// No longer signs in.
    pub disabled: bool,
    /// A proposal to take the second factor away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<ResetProposal>,
}

impl Aggregate for Account {
    const KIND: &'static str = "account";
    type Event = AccountEvent;

    fn apply(&mut self, event: &AccountEvent, meta: &Meta) {
        match event {
            AccountEvent::AccountOpened { id, login, name, holder, agency } => {
                self.agency = agency.clone();
                self.id = id.clone();
                self.login = login.clone();
                self.name = name.clone();
                self.holder = Some(holder.clone());
            }
            AccountEvent::PostGranted { post, .. } => self.posts.push(post.clone()),
            AccountEvent::PostProposed { proposal } => self.proposals.push(PostProposal {
                proposed: (**proposal).clone(),
                at: meta.at,
                state: ProposalState::Open,
            }),
            AccountEvent::PostConfirmed { at, .. } => {
                self.answer(*at, ProposalState::Confirmed);
                if let Some(proposal) = self.proposals.get(*at) {
                    self.posts.push(proposal.proposed.post.clone());
                }
            }
            AccountEvent::PostRejected { at, .. } => self.answer(*at, ProposalState::Rejected),
            AccountEvent::PostWithdrawn { at } => self.answer(*at, ProposalState::Withdrawn),
            AccountEvent::PostEnded { agency, role, from, on, .. } => {
                self.end(&PostKey { agency: agency.clone(), role: *role, from: *from }, *on);
            }
            AccountEvent::AccountRenamed { name, .. } => self.name.clone_from(name),
            AccountEvent::PostDelegated { delegation } => {
                self.posts.push(delegation.post.clone());
                self.delegations.push((**delegation).clone());
            }
            AccountEvent::DelegationEnded { at, on } => {
                if let Some(delegation) = self.delegations.get_mut(*at) {
                    let held = self.posts.iter_mut().find(|post| **post == delegation.post);
                    // The day before is the last one; a delegation that has not begun never does.
                    delegation.post.to = Some(on.saturating_sub(1.day()));
                    if let Some(post) = held {
                        post.to = delegation.post.to;
                    }
                }
            }
            AccountEvent::AccountDisabled { .. } => self.disabled = true,
            AccountEvent::AccountEnabled { .. } => self.disabled = false,
            AccountEvent::FactorResetProposed { by, by_name, reason } => {
                let (by, by_name, reason) = (by.clone(), by_name.clone(), reason.clone());
                self.reset = Some(ResetProposal { by, by_name, reason, at: meta.at });
            }
            AccountEvent::FactorReset { .. } | AccountEvent::FactorResetRejected { .. } => self.reset = None,
        }
    }
}

impl Account {
    fn answer(&mut self, at: usize, state: ProposalState) {
        if let Some(proposal) = self.proposals.get_mut(at) {
            proposal.state = state;
        }
    }
}

/// Whether one person may hold both roles (S-08: an administrator role stands alone).
pub fn compatible(a: Role, b: Role) -> bool {
    a == b || !(a.is_administrator() || b.is_administrator())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s08_an_administrator_role_stands_alone() {
        for a in Role::ALL {
            for b in Role::ALL {
                let expected = a == b || (!a.is_administrator() && !b.is_administrator());
                assert_eq!(compatible(a, b), expected, "{a:?} {b:?}");
                assert_eq!(compatible(a, b), compatible(b, a));
            }
        }
    }

    #[test]
    fn role_names_are_read_back() {
        for role in Role::ALL {
            let text = serde_json::to_string(&role).unwrap();
            assert_eq!(Role::parse(text.trim_matches('"')), Some(role));
        }
        assert_eq!(Role::parse("king"), None);
    }
}
