//! 门户: project units declare, apply and follow their projects; the public queries.

mod application;
mod declare;
mod paper;
mod project;

use crate::{App, Face, Route, audit, route, security_headers};
use axum::{Router, middleware::from_fn_with_state};

/// Every route of the portal.
pub fn routes() -> Vec<Route> {
    [declare::routes(), project::routes(), application::routes(), paper::routes()].concat()
}

/// The portal, ready to serve.
pub fn service(app: App) -> Router {
    let router = route::router(routes()).with_state(app.clone());
    let audited = router.layer(from_fn_with_state((app, Face::Portal), audit::around));
    security_headers::protect(audited, Face::Portal, security_headers::Limits::default())
}
