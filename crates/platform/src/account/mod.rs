//! 账号: passwords, sign-in, sessions, and the opening of officers' accounts.
//!
//! Passwords and sessions are credentials, not facts: they live in tables of their own, never in the ledger (decision 0004).

mod delegation;
mod officer;
mod password;
mod session;

pub use delegation::{Delegable, DelegationRow};
pub use officer::OpenOfficer;
pub use password::{check_login, check_password};
pub use session::{Face, Session, SignedIn};
