//! 交换接口: other systems verify codes and read public views.

use crate::{App, Face, Route, audit, route, security_headers};
use axum::{Router, middleware::from_fn_with_state};

/// Every route of the api.
pub fn routes() -> Vec<Route> {
    [Vec::new()].concat()
}

/// The api, ready to serve.
pub fn service(app: App) -> Router {
    let router = route::router(routes()).with_state(app.clone());
    let audited = router.layer(from_fn_with_state((app, Face::Api), audit::around));
    security_headers::protect(audited, Face::Api, security_headers::Limits::default())
}
