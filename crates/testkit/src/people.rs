//! Named people.

use crate::World;
use domain::{
    account::{Post, Role},
    credit_code::CreditCode,
    ids::{AccountId, UnitId},
    region::RegionCode,
};
use jiff::civil::date;
use platform::{Actor, Call, account::OpenOfficer, unit::RegisterUnit};

/// Everybody's password.
pub const PASSWORD: &str = "Steppe Wind 9!";

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// Sign-in name; the password is [`PASSWORD`].
    pub login: String,
    /// As the platform sees them.
    pub actor: Actor,
}

impl Person {
    /// They ask for something.
    pub fn call(&self) -> Call {
        Call::new(self.actor.clone(), "test")
    }

    /// They send the form with this idempotency key.
    pub fn once(&self, key: &str) -> Call {
        Call { once: Some(key.to_owned()), ..self.call() }
    }

    /// Their account.
    ///
    /// # Panics
    /// Never: people of a [`World`] have accounts.
    pub fn account(&self) -> &AccountId {
        match &self.actor {
            Actor::Unit { account, .. } | Actor::Officer { account, .. } => account,
            Actor::Public | Actor::System => unreachable!("people have accounts"),
        }
    }

    /// The unit they act for.
    ///
    /// # Panics
    /// For an officer.
    pub fn unit(&self) -> &UnitId {
        match &self.actor {
            Actor::Unit { unit, .. } => unit,
            _ => panic!("{} acts for no unit", self.login),
        }
    }
}

impl World {
    /// A unit with its agent. The sign-in name is free of the unit's name.
    pub async fn unit(&self, name: &str) -> Person {
        let n = self.next();
        let region = RegionCode::parse("150402").unwrap();
        let form = RegisterUnit {
            name: name.to_owned(),
            credit_code: CreditCode::simulated(region, n).as_str().to_owned(),
            region: "150402".to_owned(),
            nature: "private".to_owned(),
            contact_name: crate::answers::CONTACT_NAME.to_owned(),
            contact_phone: crate::answers::CONTACT_MOBILE.to_owned(),
            login: format!("agent.{n}"),
            password: Some(PASSWORD.into()),
            privacy_agreed: true,
        };
        let call = Call::new(Actor::Public, "register");
        let (_, account) = self.platform.register_unit(&call, &form).await.unwrap();
        Person { login: form.login, actor: self.platform.actor(&account).await.unwrap() }
    }

    /// An officer with posts in one department and region, held since 2026.
    pub async fn officer(&self, department: &str, region: &str, roles: &[Role]) -> Person {
        let n = self.next();
        let post = |role: &Role| Post {
            department: department.to_owned(),
            region: RegionCode::parse(region).unwrap(),
            role: *role,
            from: date(2026, 1, 1),
            to: None,
        };
        let form = OpenOfficer {
            login: format!("officer.{n}"),
            name: format!("公务员{n}"),
            posts: roles.iter().map(post).collect(),
            reason: "任命文件".to_owned(),
            password: Some(PASSWORD.into()),
        };
        let (account, _) = self.platform.open_officer(&Call::system("appoint"), &form).await.unwrap();
        Person { login: form.login, actor: self.platform.actor(&account).await.unwrap() }
    }
}
