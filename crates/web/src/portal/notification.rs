//! 通知设置 in the frame of the portal.

use crate::{
    Page, PortalContext, Route, WebError,
    html::ErrorSummary,
    notification::{PreferencesFace, PreferencesForm, routes_of_preferences},
};
use askama::Template;

/// Every route of this page.
pub fn routes() -> Vec<Route> {
    routes_of_preferences::<PortalContext>()
}

#[derive(Template)]
#[template(path = "portal/notification.html")]
struct Preferences {
    page: Page,
    summary: ErrorSummary,
    form: PreferencesForm,
}

impl PreferencesFace for PortalContext {
    async fn preferences_frame(&self) -> Result<Page, WebError> {
        Ok(self.page("", "通知设置").await?.crumb("首页", "/").crumb("消息中心", "/messages"))
    }

    fn preferences_page(page: Page, summary: ErrorSummary, form: PreferencesForm) -> Result<String, askama::Error> {
        Preferences { page, summary, form }.render()
    }
}
