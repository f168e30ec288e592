//! Context extractors, one per face: who is calling, with which rights, in which request. A handler has nothing else to
//! work with, so it cannot forget to ask who is there.

use crate::{App, Face, Page, WebError, cookie, csrf, page::Who, request::RequestId};
use axum::{
    extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};
use domain::hidden::Hidden;
use platform::{
    Actor, Call, Platform,
    account::{self, Owed},
    audit::Attempt,
};
use std::{convert::Infallible, net::SocketAddr, sync::Arc};

/// What the three contexts share.
#[derive(Clone)]
pub struct Context {
    /// The use cases.
    pub platform: Platform,
    /// Who calls, in which request.
    pub call: Call,
    /// Token of the session's cookie; empty without one.
    pub token: Hidden<String>,
    /// What is still owed before the session opens anything else; its person counts as nobody until then (S-04).
    pub owed: Owed,
    /// The cookie's token when its session is over.
    pub ended: Hidden<String>,
    face: Face,
}

impl Context {
    async fn read(parts: &mut Parts, app: &App, face: Face) -> Result<Self, WebError> {
        let platform = app.platform.clone();
        let request = parts.extensions.get::<RequestId>().cloned().unwrap_or_default();
        let attempt = parts.extensions.get::<Arc<Attempt>>().cloned();
        let token = cookie::read(face, platform.settings.secure_cookies, &parts.headers);
        let token = Hidden::new(token.unwrap_or_default());
        let account_face = match face {
            Face::Portal => Some(account::Face::Portal),
            Face::Office => Some(account::Face::Office),
            Face::Api => None,
        };
        let source = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let session = match account_face {
            Some(face) if !token.is_empty() => platform.session_from(face, &token, source).await?,
            _ => None,
        };
        let owed = session.as_ref().map_or(Owed::Nothing, |session| session.owed);
        let (token, ended) = if session.is_some() { (token, Hidden::default()) } else { (Hidden::default(), token) };
        let actor = session.filter(|_| owed == Owed::Nothing).map_or(Actor::Public, |session| session.actor);
        if let Some(seen) = parts.extensions.get::<crate::audit::Seen>() {
            seen.set(actor.clone());
        }
        if !platform.settings.may_work_from(actor.posts(), source) {
            return Err(WebError::NotFound);
        }
        let cause = request.as_str().to_owned();
        if let Some(account) = actor.account()
            && let Some(flooded) = platform.let_account(account, face.slug(), source).await?
        {
            return Err(WebError::Flooded(flooded));
        }
        let call = Call { actor, cause, once: None, attempt, source, shown: Arc::default() };
        Ok(Self { platform, call, token, owed, ended, face })
    }

    /// Whether somebody is signed in.
    pub fn is_signed_in(&self) -> bool {
        self.call.actor != Actor::Public
    }

    /// Where the request comes from.
    pub fn source(&self) -> String {
        self.call.attempt.as_ref().map(|attempt| attempt.source.clone()).unwrap_or_default()
    }

    /// Whether there is a session, be it only half a one.
    pub fn has_session(&self) -> bool {
        !self.token.is_empty()
    }

    /// The token forms of this session carry; empty without a session (then the origin check alone protects).
    pub fn csrf(&self) -> String {
        if self.token.is_empty() { String::new() } else { csrf::csrf_token(&self.token) }
    }

    /// A fresh idempotency key for a form: sent twice, it acts once.
    pub fn once(&self) -> String {
        hex::encode(self.platform.chance.id())
    }

    /// The frame of a page for whoever is signed in.
    pub async fn page(&self, nav: &'static str, title: impl Into<String>) -> Result<Page, WebError> {
        let mut page = Page::new(self.face, nav, title);
        page.simulated = self.platform.settings.demo;
        page.csrf = self.csrf();
        match &self.call.actor {
            Actor::Unit { login, unit_name, .. } => {
                page.unread = u32::try_from(self.platform.unread_messages(&self.call).await?).unwrap_or(0);
                page = page
                    .signed_in(Who { name: login.clone(), org: unit_name.clone(), post: String::new() }, self.csrf());
            }
            Actor::Officer { name, posts, .. } => {
                let org = posts.first().map(|p| domain::department::Agency::new(p.department.clone(), p.region).name());
                let mut roles: Vec<_> = posts.iter().map(|p| p.role.name()).collect();
                roles.dedup();
                let who = Who { name: name.clone(), org: org.unwrap_or_default(), post: roles.join("、") };
                page = page.signed_in(who, self.csrf());
            }
            Actor::Public | Actor::System => {}
        }
        Ok(page)
    }
}

macro_rules! faces {
    ($($(#[$doc:meta])* $name:ident, $face:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub Context);

        impl std::ops::Deref for $name {
            type Target = Context;
            fn deref(&self) -> &Context {
                &self.0
            }
        }

        impl FromRequestParts<App> for $name {
            type Rejection = WebError;
            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
                Context::read(parts, app, $face).await.map(Self)
            }
        }

        impl OptionalFromRequestParts<App> for $name {
            type Rejection = Infallible;
            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Infallible> {
                Ok(Context::read(parts, app, $face).await.ok().map(Self))
            }
        }

        impl crate::posted::FaceContext for $name {
            fn context(&self) -> &Context {
                &self.0
            }
            fn context_mut(&mut self) -> &mut Context {
                &mut self.0
            }
        }
    )*};
}

faces! {
    /// Context of the portal.
    PortalContext, Face::Portal;
    /// Context of the office.
    OfficeContext, Face::Office;
    /// Context of the API.
    ApiContext, Face::Api;
}
