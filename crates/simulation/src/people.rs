//! Officers of the agencies that are needed, opened when the first case reaches them.

use crate::{SimulationError, kinds::Kinds};
use domain::{
    account::{Post, Role},
    department::Agency,
    ids::AccountId,
};
use jiff::civil::Date;
use platform::{Actor, Call, Platform, account::OpenOfficer, ports::Chance};
use std::collections::BTreeMap;

/// Officers of one agency: who receives, accepts, proposes and answers the supervisor, who reviews, who decides.
#[derive(Clone)]
pub(crate) struct Desk {
    pub window: Actor,
    pub reviewer: Actor,
    pub approver: Actor,
}

/// Desks by agency.
#[derive(Default)]
pub(crate) struct Desks(BTreeMap<Agency, Desk>);

impl Desks {
    /// The desk of an agency, opened at need.
    pub async fn of(
        &mut self,
        platform: &Platform,
        chance: &dyn Chance,
        kinds: &Kinds,
        agency: &Agency,
    ) -> Result<Desk, SimulationError> {
        if let Some(desk) = self.0.get(agency) {
            return Ok(desk.clone());
        }
        let slug = agency.to_string().replace('_', "");
        let window = open(
            platform,
            &format!("{slug}-s"),
            &kinds.person(chance),
            agency,
            &[Role::Receptionist, Role::Undertaker],
        )
        .await?;
        let approver = open(platform, &format!("{slug}-p"), &kinds.person(chance), agency, &[Role::Approver]).await?;
        let reviewer = open(platform, &format!("{slug}-h"), &kinds.person(chance), agency, &[Role::Reviewer]).await?;
        let desk = Desk {
            window: actor(platform, &window).await?,
            reviewer: actor(platform, &reviewer).await?,
            approver: actor(platform, &approver).await?,
        };
        self.0.insert(agency.clone(), desk.clone());
        Ok(desk)
    }
}

async fn actor(platform: &Platform, id: &AccountId) -> Result<Actor, SimulationError> {
    let at = platform.clock.now();
    platform.actor(id).await.map_err(|source| SimulationError::Act {
        act: "read an account".into(),
        at,
        source: Box::new(source),
    })
}

async fn open(
    platform: &Platform,
    login: &str,
    name: &str,
    agency: &Agency,
    roles: &[Role],
) -> Result<AccountId, SimulationError> {
    let posts = roles.iter().map(|role| post(agency, *role, platform.clock.now().date())).collect();
    let officer = DemoOfficer { login: login.to_owned(), name: name.to_owned(), posts, password: None };
    open_demo_officer(platform, &officer).await
}

fn post(agency: &Agency, role: Role, from: Date) -> Post {
    Post { department: agency.department.clone(), region: agency.region, role, from, to: None }
}

/// An officer to be opened by the platform itself.
#[derive(Debug, Clone)]
pub struct DemoOfficer {
    /// Sign-in name.
    pub login: String,
    /// Name.
    pub name: String,
    /// Posts.
    pub posts: Vec<Post>,
    /// Password; `None` when nobody will sign in.
    pub password: Option<String>,
}

/// Opens an officer's account for a demonstration or a simulation.
pub async fn open_demo_officer(platform: &Platform, officer: &DemoOfficer) -> Result<AccountId, SimulationError> {
    let at = platform.clock.now();
    let form = OpenOfficer {
        login: officer.login.clone(),
        name: officer.name.clone(),
        posts: officer.posts.clone(),
        reason: "演示数据：模拟任命".to_owned(),
        password: officer.password.as_deref().map(Into::into),
    };
    let opened = platform.open_officer(&Call::system(format!("simulation:{}", officer.login)), &form).await;
    opened.map(|(id, _)| id).map_err(|source| SimulationError::Act {
        act: format!("open officer {}", officer.login),
        at,
        source: Box::new(source),
    })
}
