//! Routes as data: each names its method, its path and who may come in. A route without that row cannot be registered,
//! and the sweep test calls each one as nobody and as the wrong person (S-05, A-23).

use crate::{App, Face, audit};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::Method,
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter},
};

/// Who may come in. The use case behind the route asks `platform::permission` once more, with the object at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Only somebody signed in on this face.
    SignedIn,
    /// The step a half session owes: the code of the second factor.
    Code,
    /// Somebody signed in, or who owes the enrolment of a second factor.
    Enrolment,
    /// Somebody signed in, or who owes a new password.
    Password,
    /// Only the unit (or the officers) the thing in the path belongs to; for others it does not exist or is forbidden.
    Owner,
}

/// One route.
#[derive(Clone)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path, with `{names}`.
    pub path: &'static str,
    /// Who may come in.
    pub access: Access,
    /// Whether it shows sealed or personal data: each request then leaves one audit record (S-12). Routes that change
    /// something always do.
    pub audited: bool,
    handler: MethodRouter<App>,
}

impl Route {
    /// A route that reads.
    pub fn get<H, T>(access: Access, path: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self {
            method: Method::GET,
            path,
            access,
            audited: false,
            handler: axum::routing::on(MethodFilter::GET, handler),
        }
    }

    /// A route that changes something.
    pub fn post<H, T>(access: Access, path: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self {
            method: Method::POST,
            path,
            access,
            audited: true,
            handler: axum::routing::on(MethodFilter::POST, handler),
        }
    }

    /// A route that shows sealed or personal data, or files that may hold them.
    #[must_use]
    pub fn audited(mut self) -> Self {
        self.audited = true;
        self
    }

    /// A route that takes a large body (uploads), in bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.handler = self.handler.layer(DefaultBodyLimit::max(bytes));
        self
    }
}

/// Builds the router of a face from its table and nothing else.
pub fn router(routes: Vec<Route>, face: Face, app: &App) -> Router {
    let layer = || from_fn_with_state((app.clone(), face), audit::read);
    let add = |router: Router<App>, Route { method, path, audited, handler, .. }: Route| {
        // What changes something has its record from the door already.
        let handler = if audited && method.is_safe() { handler.layer(layer()) } else { handler };
        router.route(path, handler)
    };
    routes.into_iter().fold(Router::new(), add).with_state(app.clone())
}
