//! 审批监管系统: officers receive, check, accept and decide; supervisors watch.

use crate::{App, Face, Route, audit, route, security_headers};
use axum::{Router, middleware::from_fn_with_state};

/// Every route of the office.
pub fn routes() -> Vec<Route> {
    [Vec::new()].concat()
}

/// The office, ready to serve.
pub fn service(app: App) -> Router {
    let router = route::router(routes()).with_state(app.clone());
    let audited = router.layer(from_fn_with_state((app, Face::Office), audit::around));
    security_headers::protect(audited, Face::Office, security_headers::Limits::default())
}
