//! 统一身份认证: one provider of OpenID Connect, by the authorization code flow with PKCE. Answers the port
//! [`platform::ports::IdentityProvider`]; only `tzxm` depends on it. Nothing but the configured host is called: no redirect is
//! followed, no proxy of the environment is used. Secrets, codes and tokens are never logged.

mod settings;

pub use settings::IdentitySettings;

use domain::hidden::Hidden;
use openidconnect::{
    AsyncHttpClient, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    core::{CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType},
};
use platform::ports::{Arrival, Clock, Departure, IdentityProvider, NotVouched, OutsideIdentity};
use reqwest::{Client, Url, redirect::Policy};
use settings::is_safe;
use std::{pin::Pin, sync::Arc, time::Duration};

/// Most bytes read of an answer.
const ANSWER: usize = 256 * 1024;
/// How old an identity token may be when it comes, in seconds, and how far the provider's clock may be ahead.
const OLDEST: i64 = 600;
const AHEAD: i64 = 60;
/// Signatures that are taken: made with a private key of the provider. Neither `none` nor what our own secret could sign.
const SIGNATURES: [CoreJwsSigningAlgorithm; 5] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why the provider could not be set up; the words are for an administrator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotOpened(pub String);

/// Why a call was not made or not answered.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the address is not the configured host")]
    Elsewhere,
    #[error("the answer is too long")]
    TooLong,
    #[error("the provider does not answer")]
    Transport(#[from] reqwest::Error),
    #[error("no proper answer")]
    Answer(#[from] openidconnect::http::Error),
}

/// The one host that is called.
struct Home {
    issuer: Url,
    client: Client,
}

impl<'c> AsyncHttpClient<'c> for Home {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}

impl Home {
    /// Whether an address is the configured host.
    fn is_home(&self, url: &Url) -> bool {
        is_safe(url) && url.origin() == self.issuer.origin()
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| CallError::Elsewhere)?;
        if !self.is_home(&url) {
            return Err(CallError::Elsewhere);
        }
        let sent = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let mut answer = sent.send().await?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER {
                return Err(CallError::TooLong);
            }
        }
        Ok(response.body(bytes)?)
    }
}

/// The configured provider.
pub struct Provider {
    settings: IdentitySettings,
    secret: Hidden<String>,
    home: Home,
    clock: Arc<dyn Clock>,
}

impl Provider {
    /// From the settings; nothing is called yet. `None`: unified identity is off.
    pub fn open(settings: &IdentitySettings, clock: Arc<dyn Clock>) -> Result<Option<Self>, NotOpened> {
        if !settings.is_on() {
            return Ok(None);
        }
        let fault = |what: &str, why: &dyn std::fmt::Display| NotOpened(format!("[identity] {what}：{why}"));
        let issuer = Url::parse(&settings.issuer).map_err(|e| fault("issuer 不正确", &e))?;
        let text = std::fs::read_to_string(&settings.client_secret_file);
        let text = Hidden::new(text.map_err(|e| fault("client_secret_file 不能读取", &e))?);
        let secret = Hidden::from(text.trim());
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| fault("TLS", &e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let timeout = if settings.timeout == 0 { 10 } else { settings.timeout };
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(timeout))
            .build()
            .map_err(|e| fault("不能使用", &e))?;
        let home = Home { issuer, client };
        Ok(Some(Self { settings: settings.clone(), secret, home, clock }))
    }

    /// What the provider says about itself now, keys included; asked each time, so that new keys count at once.
    async fn metadata(&self) -> Result<CoreProviderMetadata, NotVouched> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(unreachable)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.home).await.map_err(unreachable)?;
        if !self.home.is_home(metadata.authorization_endpoint().url()) {
            return Err(unreachable(CallError::Elsewhere));
        }
        Ok(metadata)
    }

    fn says_second_factor(&self, acr: Option<&str>, amr: &[&str]) -> bool {
        acr.is_some_and(|acr| self.settings.second_factor_acr.iter().any(|one| one == acr))
            || amr.iter().any(|amr| self.settings.second_factor_amr.iter().any(|one| one == amr))
    }
}

/// The whole chain of causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

fn unreachable(error: impl std::error::Error) -> NotVouched {
    tracing::warn!(reason = %chain(&error), "unified identity cannot be used");
    NotVouched::Unavailable
}

fn refused(error: impl std::error::Error) -> NotVouched {
    tracing::warn!(reason = %chain(&error), "unified identity vouches for nobody");
    NotVouched::Refused
}

#[async_trait::async_trait]
impl IdentityProvider for Provider {
    fn name(&self) -> &str {
        &self.settings.name
    }

    async fn departure(&self, leave: &Departure) -> Result<String, NotVouched> {
        let metadata = self.metadata().await?;
        let redirect = RedirectUrl::new(leave.redirect.clone()).map_err(unreachable)?;
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), None)
            .set_redirect_uri(redirect);
        let verifier = PkceCodeVerifier::new(leave.verifier.clone());
        let (state, nonce) = (leave.state.clone(), leave.nonce.clone());
        let (url, ..) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    async fn arrival(&self, arrival: &Arrival) -> Result<OutsideIdentity, NotVouched> {
        // RFC 9207: an answer of somebody else is not even looked at.
        if arrival.issuer.as_ref().is_some_and(|issuer| *issuer != self.settings.issuer) {
            return Err(NotVouched::Refused);
        }
        let metadata = self.metadata().await?;
        let redirect = RedirectUrl::new(arrival.leave.redirect.clone()).map_err(unreachable)?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.settings.client_id.clone()),
            Some(ClientSecret::new((*self.secret).clone())),
        )
        .set_redirect_uri(redirect);
        let answer = client
            .exchange_code(AuthorizationCode::new(arrival.code.clone()))
            .map_err(unreachable)?
            .set_pkce_verifier(PkceCodeVerifier::new(arrival.leave.verifier.clone()))
            .request_async(&self.home)
            .await
            .map_err(refused)?;
        let token = answer.extra_fields().id_token().ok_or(NotVouched::Refused)?;
        let now = self.clock.now().0 / 1000;
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(SIGNATURES)
            .set_time_fn(move || chrono::DateTime::from_timestamp(now, 0).unwrap_or_default())
            .set_issue_time_verifier_fn(move |issued| {
                let issued = issued.timestamp();
                let fits = (now - OLDEST..=now + AHEAD).contains(&issued);
                if fits { Ok(()) } else { Err("not issued just now".to_owned()) }
            });
        let claims = token.claims(&verifier, &Nonce::new(arrival.leave.nonce.clone())).map_err(refused)?;
        let amr: Vec<&str> = claims.auth_method_refs().into_iter().flatten().map(|one| one.as_str()).collect();
        let name = claims.preferred_username().map(|name| name.as_str().to_owned());
        Ok(OutsideIdentity {
            issuer: claims.issuer().as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
            name: name.unwrap_or_else(|| claims.subject().as_str().to_owned()),
            second_factor: self.says_second_factor(claims.auth_context_ref().map(|acr| acr.as_str()), &amr),
        })
    }
}
