//! 交换接口: other systems verify codes and read public views. Reads only, open to everybody, no cookie, no CORS.
//!
//! [`routes`] is the table the sweep test walks; [`docs::document`] describes the same routes, and a test compares the two.

mod code;
pub mod docs;
mod health;
mod item;
mod problem;
mod project;

use crate::{Access::Public, App, Face, Route, door, route};
use axum::Router;

/// Every route of the api.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Public, "/api/v1/codes/{code}", code::verify_code),
        Route::get(Public, "/api/v1/projects/{code}", project::read_project),
        Route::get(Public, "/api/v1/items", item::list_items),
        Route::get(Public, "/api/v1/items/{code}", item::read_item),
        Route::get(Public, docs::ADDRESS, docs::read_document),
        Route::get(Public, "/health/live", health::check_live),
        Route::get(Public, "/health/ready", health::check_ready),
        Route::get(Public, "/", docs::page),
        Route::get(Public, "/docs", docs::page),
    ]
}

/// The api, ready to serve.
pub fn service(app: App) -> Router {
    let router = route::router(routes(), Face::Api, &app);
    door::protect(router, Face::Api, door::Limits::default(), Some(app))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_describes_every_route_but_its_own_page() {
        let page = ["/", "/docs"];
        let table: BTreeSet<_> = routes()
            .iter()
            .filter(|route| !page.contains(&route.path))
            .map(|route| (route.method.to_string().to_lowercase(), route.path.to_owned()))
            .collect();
        let document = serde_json::to_value(docs::document()).unwrap();
        let described: BTreeSet<_> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())))
            .collect();
        assert_eq!(table, described);
    }
}
