//! 账号: passwords, sign-in, sessions, and the opening of officers' accounts.
//!
//! Passwords and sessions are credentials, not facts: they live in tables of their own, never in the ledger (decision 0004).

mod address;
mod centre;
mod certificate;
mod challenge;
mod delegation;
mod factor;
mod key;
mod officer;
mod organ;
mod outside;
mod passkey;
mod password;
mod person;
mod post;
mod post_check;
mod reset;
mod session;
mod sign_in;
mod throttle;
mod totp;

pub use address::{Chosen, PendingView, Proving};
pub use centre::{AccountPage, Attempted};
pub(crate) use certificate::certified_key;
pub use certificate::{PublicSm2, read_public_key};
pub use challenge::Challenge;
pub use delegation::{Delegable, DelegationRow};
pub use factor::{Confirmed, Enrolling, FactorPage, RECOVERY_CODES};
pub use key::{Key, NewSm2, Ways};
pub use officer::{OpenAccount, OpenOfficer};
pub use organ::{OpenProposal, OrganCount, OrganPage, PeopleFilter, PersonRow, PostNotices, PostRow};
pub use outside::{Arrived, Brought, Journey, OutsideBinding, RETURN};
pub use password::{check_login, check_password};
pub use person::{PersonEntry, PersonPage};
pub use post_check::PostFault;
pub use reset::{AccountRow, FoundAccounts, OpenReset, SHOWN};
pub use session::{Face, Owed, Session, SessionRow, SignedIn};
pub use throttle::Outcome;
