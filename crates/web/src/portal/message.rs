//! 消息中心: what the platform told this unit.

use super::query::Cursor;
use crate::{
    Access, Page, PortalContext, Posted, Route, WebError,
    html::{Empty, Pager, Tabs, Tone},
    notification::Deliveries,
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{Html, Redirect},
};
use platform::message::Message;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Every route of these pages.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(Access::SignedIn, "/messages", list),
        Route::post(Access::SignedIn, "/messages/read", read_all),
        Route::post(Access::Owner, "/messages/{id}", open),
    ]
}

/// Messages on one page.
const PAGE: usize = 20;

#[derive(Template)]
#[template(path = "portal/message.html")]
struct Messages {
    page: Page,
    once: String,
    tabs: Tabs,
    messages: Vec<Message>,
    deliveries: BTreeMap<String, Deliveries>,
    empty: Empty,
    pager: Pager,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    show: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    done: String,
}

async fn list(ctx: PortalContext, Query(place): Query<Place>) -> Result<Html<String>, WebError> {
    let (before, limit) = (Cursor::parse(&place.before), PAGE as u64 + 1);
    let unread = place.show == "unread";
    let list = if unread { "/messages?show=unread" } else { "/messages?show=all" };
    let mut messages = if unread {
        ctx.platform.messages_not_read(&ctx.call, before, limit).await?
    } else {
        ctx.platform.messages(&ctx.call, before, limit).await?
    };
    let more = messages.len() > PAGE;
    messages.truncate(PAGE);
    let next =
        messages.last().filter(|_| more).map(|m| format!("{list}&before={}", Cursor::write(m.at, m.id.as_str())));
    let results = ctx.platform.deliveries_of_messages(&ctx.call, &messages).await?;
    let deliveries = results.into_iter().map(|(id, results)| (id, Deliveries::new(&results, false))).collect();
    let mut page = ctx.page("", "消息中心").await?.crumb("首页", "/");
    if place.done == "read" {
        page = page.flash(Tone::Green, "全部消息已标为已读。");
    }
    let view = Messages {
        once: ctx.once(),
        tabs: Tabs::new("筛选消息").plain("全部", "/messages", !unread).tab(
            "未读",
            page.unread,
            "/messages?show=unread",
            unread,
        ),
        empty: if unread {
            Empty::new("check", "没有未读消息", "新的办理情况会及时在这里通知您。").link("查看全部消息", "/messages")
        } else {
            Empty::new("message", "还没有消息", "收件、受理、补正、办结等每一步都会在这里通知您。")
                .link("去我的项目", "/projects")
        },
        pager: Pager::new(format!("本页 {} 条", messages.len()))
            .first((!place.before.is_empty()).then_some(list))
            .next(next),
        deliveries,
        page,
        messages,
    };
    Ok(Html(view.render()?))
}

async fn open(Path(id): Path<String>, Posted { ctx, .. }: Posted<PortalContext>) -> Result<Redirect, WebError> {
    let link = ctx.platform.open_message(&ctx.call, &id).await?;
    Ok(Redirect::to(if link.is_empty() { "/messages" } else { &link }))
}

async fn read_all(Posted { ctx, .. }: Posted<PortalContext>) -> Result<Redirect, WebError> {
    ctx.platform.read_all_messages(&ctx.call).await?;
    Ok(Redirect::to("/messages?done=read"))
}
