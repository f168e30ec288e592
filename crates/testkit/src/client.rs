//! A browser without a socket: cookies, tokens and forms over the router of one face.

use crate::{PASSWORD, Person, World};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use platform::{Platform, account};
use std::net::{IpAddr, SocketAddr};
use tower::ServiceExt;
use web::{App, Face, cookie, csrf};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }
}

/// One browser on one face.
#[derive(Clone)]
pub struct Client {
    router: Router,
    face: Face,
    secure: bool,
    token: String,
    source: Option<SocketAddr>,
}

impl Client {
    /// A browser at the portal.
    pub fn portal(world: &World) -> Self {
        Self::new(world, Face::Portal)
    }

    /// A browser in the office.
    pub fn office(world: &World) -> Self {
        Self::new(world, Face::Office)
    }

    /// A system at the interface.
    pub fn api(world: &World) -> Self {
        Self::new(world, Face::Api)
    }

    /// On any face.
    pub fn new(world: &World, face: Face) -> Self {
        Self::of(&world.platform, face)
    }

    /// On any face of that platform.
    pub fn of(platform: &Platform, face: Face) -> Self {
        let app = App { platform: platform.clone() };
        let router = match face {
            Face::Portal => web::portal::service(app),
            Face::Office => web::office::service(app),
            Face::Api => web::api::service(app),
        };
        Self { router, face, secure: platform.settings.secure_cookies, token: String::new(), source: None }
    }

    /// The same browser with a live session of that person, who must belong on this face.
    ///
    /// # Panics
    /// When the person cannot sign in here.
    pub async fn signed_in(mut self, world: &World, person: &Person) -> Self {
        let face = match self.face {
            Face::Portal => account::Face::Portal,
            Face::Office => account::Face::Office,
            Face::Api => panic!("nobody signs in on the interface"),
        };
        let call = world.public();
        let session = world.platform.sign_in(&call, face, &person.login, PASSWORD, "test").await.unwrap();
        self.token = session.token;
        self
    }

    /// The secret of its cookie; empty without a session.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The same browser with somebody's cookie.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = token.to_owned();
        self
    }

    /// The same browser in that network.
    #[must_use]
    pub fn at(mut self, address: IpAddr) -> Self {
        self.source = Some(SocketAddr::new(address, 50_000));
        self
    }

    /// The token a form of this session carries; empty without one.
    pub fn csrf(&self) -> String {
        if self.token.is_empty() { String::new() } else { csrf::csrf_token(&self.token) }
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    /// Sends a form from a page of ours: origin and token are right.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf();
        let mut fields = fields.to_vec();
        if !token.is_empty() {
            fields.push((csrf::FIELD, &token));
        }
        let body = serde_urlencoded::to_string(&fields).unwrap();
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &headers, Body::from(body)).await
    }

    /// Sends a form with files: `(field, file name, content)`.
    pub async fn post_files(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Answer {
        const BOUNDARY: &str = "----testkit-boundary";
        let token = self.csrf();
        let mut fields = fields.to_vec();
        if !token.is_empty() {
            fields.insert(0, (csrf::FIELD, &token));
        }
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        for (name, file, content) in files {
            let head =
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\n");
            body.extend(head.bytes());
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers =
            [("sec-fetch-site", "same-origin"), ("content-type", kind.as_str()), (csrf::HEADER, token.as_str())];
        self.send(Method::POST, path, &headers, Body::from(body)).await
    }

    /// Sends anything, with nothing added but the session's cookie and the host.
    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "tzxm.example");
        if !self.token.is_empty() {
            request = request.header(header::COOKIE, self.cookie());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(source) = self.source {
            request = request.extension(ConnectInfo(source));
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        self.keep_cookie(&parts.headers);
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The cookie a browser would send.
    fn cookie(&self) -> String {
        let set = cookie::write(self.face, self.secure, &self.token);
        let (pair, _) = set.to_str().unwrap().split_once(';').unwrap();
        pair.to_owned()
    }

    fn keep_cookie(&mut self, headers: &HeaderMap) {
        let empty = cookie::write(self.face, self.secure, "");
        let (name, _) = empty.to_str().unwrap().split_once('=').unwrap();
        for set in headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            if let Some((key, rest)) = set.split_once('=')
                && key == name
            {
                self.token = rest.split(';').next().unwrap_or_default().to_owned();
            }
        }
    }
}
