//! 门户: project units declare, apply and follow their projects; the public queries.

pub(crate) mod account;
mod application;
mod as_of;
mod clock;
mod declare;
mod group;
mod guide;
mod help;
mod home;
mod message;
mod notification;
mod paper;
mod path;
pub(crate) mod personal;
mod project;
mod query;

use crate::{App, Face, PortalContext, Route, door, route};
use axum::Router;

/// Every route of the portal.
pub fn routes() -> Vec<Route> {
    [
        home::routes(),
        account::routes(),
        crate::account::routes::<PortalContext>(),
        declare::routes(),
        project::routes(),
        application::routes(),
        as_of::routes(),
        group::routes(),
        path::routes(),
        personal::routes(),
        paper::routes(),
        message::routes(),
        notification::routes(),
        query::routes(),
        guide::routes(),
        clock::routes(),
        help::routes(),
    ]
    .concat()
}

/// The portal, ready to serve.
pub fn service(app: App) -> Router {
    let router = route::router(routes(), Face::Portal, &app);
    door::protect(router, Face::Portal, door::Limits::default(), Some(app))
}
