//! TLS of both sides: the collector shows a certificate, and may want one.

use crate::NotOpened;
use std::{path::Path, sync::Arc};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

/// Files of one side; an empty path is none.
#[derive(Debug, Clone, Copy)]
pub struct TlsFiles<'a> {
    /// PEM of the authority whose certificates the other side must show.
    pub authority: &'a Path,
    /// PEM of the own certificate, with those between it and its authority.
    pub certificate: &'a Path,
    /// PEM of its key.
    pub key: &'a Path,
}

fn because(what: &str, path: &Path, error: impl std::fmt::Display) -> NotOpened {
    NotOpened(format!("{what} {} 不能使用：{error}", path.display()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn roots(path: &Path) -> Result<RootCertStore, NotOpened> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| because("证书文件", path, error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, NotOpened> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| because("证书文件", path, error))?;
    if certificates.is_empty() {
        return Err(because("证书文件", path, "其中没有证书"));
    }
    Ok(certificates)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, NotOpened> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| because("私钥文件", path, error))
}

/// The side of the platform.
pub fn connector(files: TlsFiles<'_>) -> Result<TlsConnector, NotOpened> {
    let versions = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config =
        versions.map_err(|error| NotOpened(error.to_string()))?.with_root_certificates(roots(files.authority)?);
    let config = if files.certificate.as_os_str().is_empty() {
        config.with_no_client_auth()
    } else {
        config
            .with_client_auth_cert(certificates(files.certificate)?, key(files.key)?)
            .map_err(|error| because("证书文件", files.certificate, error))?
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The side of the collector.
pub fn acceptor(files: TlsFiles<'_>) -> Result<TlsAcceptor, NotOpened> {
    let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = versions.map_err(|error| NotOpened(error.to_string()))?;
    let config = if files.authority.as_os_str().is_empty() {
        config.with_no_client_auth()
    } else {
        let roots = Arc::new(roots(files.authority)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
        config.with_client_cert_verifier(verifier.map_err(|error| because("证书文件", files.authority, error))?)
    };
    let config = config
        .with_single_cert(certificates(files.certificate)?, key(files.key)?)
        .map_err(|error| because("证书文件", files.certificate, error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
