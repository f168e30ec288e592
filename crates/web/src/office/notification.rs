//! 通知设置 in the frame of the office.

use crate::{
    OfficeContext, Page, Route, WebError,
    html::ErrorSummary,
    notification::{PreferencesFace, PreferencesForm, routes_of_preferences},
};
use askama::Template;

/// Every route of this page.
pub fn routes() -> Vec<Route> {
    routes_of_preferences::<OfficeContext>()
}

#[derive(Template)]
#[template(path = "office/notification.html")]
struct Preferences {
    page: Page,
    summary: ErrorSummary,
    form: PreferencesForm,
}

impl PreferencesFace for OfficeContext {
    async fn preferences_frame(&self) -> Result<Page, WebError> {
        super::frame(self, "prompts", "通知设置").await
    }

    fn preferences_page(page: Page, summary: ErrorSummary, form: PreferencesForm) -> Result<String, askama::Error> {
        Preferences { page, summary, form }.render()
    }
}
