//! Where records go.

use serde::Deserialize;
use std::path::PathBuf;

/// 审计转发.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForwardSettings {
    /// `host:port` of the collector; empty: nothing is forwarded.
    pub address: String,
    /// Name in the collector's certificate; empty: the host of `address`.
    pub name: String,
    /// PEM of the authority that signed the collector's certificate.
    pub authority_file: PathBuf,
    /// PEM of our own certificate, when the collector wants one.
    pub certificate_file: PathBuf,
    /// Its key.
    pub key_file: PathBuf,
}

impl ForwardSettings {
    /// Whether anything is forwarded.
    pub fn is_on(&self) -> bool {
        !self.address.is_empty()
    }

    /// The name the certificate must carry.
    pub fn server_name(&self) -> &str {
        if self.name.is_empty() { self.address.rsplit_once(':').map_or("", |(host, _)| host) } else { &self.name }
    }

    /// Faults, in words an administrator understands; empty when good.
    pub fn validate(&self) -> Vec<String> {
        if !self.is_on() {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let port = self.address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() || self.server_name().is_empty() {
            faults.push("[forward] address 应为“主机:端口”".to_owned());
        }
        if self.authority_file.as_os_str().is_empty() {
            faults.push("[forward] authority_file 不能为空：收集端的证书由它签发".to_owned());
        }
        if self.certificate_file.as_os_str().is_empty() != self.key_file.as_os_str().is_empty() {
            faults.push("[forward] certificate_file 和 key_file 应当同时填写".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s40_settings_that_cannot_work_are_named() {
        let good = ForwardSettings {
            address: "log.example:6514".into(),
            authority_file: "ca.pem".into(),
            ..Default::default()
        };
        assert_eq!((good.validate(), good.server_name()), (Vec::new(), "log.example"));
        assert!(ForwardSettings::default().validate().is_empty() && !ForwardSettings::default().is_on());
        for (wrong, word) in [
            (ForwardSettings { address: "log.example".into(), ..good.clone() }, "address"),
            (ForwardSettings { address: ":6514".into(), ..good.clone() }, "address"),
            (ForwardSettings { authority_file: PathBuf::new(), ..good.clone() }, "authority_file"),
            (ForwardSettings { key_file: "k.pem".into(), ..good.clone() }, "certificate_file"),
        ] {
            let faults = wrong.validate();
            assert!(faults.len() == 1 && faults[0].contains(word), "{faults:?}");
        }
    }
}
