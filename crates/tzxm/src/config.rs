//! 配置文件: one TOML file, few items, each with a safe default. Read once, checked before anything starts.

use crate::{log::OneLine, release::ReleaseSettings, stop::Stop};
use courier::{NotificationSettings, TimeStampSettings};
use forwarder::ForwardSettings;
use identity::IdentitySettings;
use platform::{Settings, audit::EvidenceSettings};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The whole file (`tzxm.example.toml` shows every item).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What the use cases ask for.
    pub platform: Settings,
    /// Where each face listens.
    pub listen: Listen,
    /// Fonts of the papers.
    pub fonts: Fonts,
    /// Keys that seal personal data.
    pub keys: Keys,
    /// The log on standard error.
    pub log: Log,
    /// Channels that messages go out on.
    pub notification: NotificationSettings,
    /// 时间戳机构.
    pub time_stamp: TimeStampSettings,
    /// 统一身份认证.
    pub identity: IdentitySettings,
    /// 可信验证.
    pub release: ReleaseSettings,
    /// 存证 and 审计留存.
    pub evidence: EvidenceSettings,
    /// 审计转发.
    pub forward: ForwardSettings,
}

/// Addresses of the three faces.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// Portal.
    pub portal: SocketAddr,
    /// Office.
    pub office: SocketAddr,
    /// API.
    pub api: SocketAddr,
}

impl Listen {
    /// The three ports on loopback; 0 lets the system choose.
    pub fn local(portal: u16, office: u16, api: u16) -> Self {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self { portal: at(portal), office: at(office), api: at(api) }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self::local(8080, 8081, 8082)
    }
}

/// Font files.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fonts {
    /// Files in order of preference; empty = those of Debian's fonts-noto-cjk.
    pub paths: Vec<PathBuf>,
}

/// Key files: 32 hexadecimal digits each, readable by the owner only.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// Seals what is written from now on.
    pub master: PathBuf,
    /// Still open what was sealed before the master key was changed.
    pub old: Vec<PathBuf>,
    /// Signs papers; empty: papers carry no seal.
    pub seal: PathBuf,
    /// Signs checkpoints, archives and exports of the audit; empty: nothing is signed.
    pub evidence: PathBuf,
    /// Sign the papers of their organs in its place.
    pub seals: Vec<OrganKey>,
}

/// The seal key of one organ.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganKey {
    /// Department and region, such as `water-150402`.
    pub organ: String,
    /// Private key (PKCS#8 PEM), readable by the owner only.
    pub key: PathBuf,
    /// Certificate (PEM) for it; empty: none.
    #[serde(default)]
    pub certificate: PathBuf,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            master: "var/master.key".into(),
            old: Vec::new(),
            seal: PathBuf::new(),
            evidence: PathBuf::new(),
            seals: Vec::new(),
        }
    }
}

/// How the log looks.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// Filter of `tracing-subscriber`, such as `info,sqlx=warn`.
    pub filter: String,
}

/// See [`Log`].
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line, for collectors.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

impl Config {
    /// Reads and checks the file.
    pub fn read(path: &Path) -> Result<Self, Stop> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Stop::because(format!("无法读取配置文件 {}", path.display()), &error))?;
        let config =
            Self::parse(&text).map_err(|error| Stop::new(format!("配置文件 {} 有误：{error}", path.display())))?;
        match config.validate() {
            faults if faults.is_empty() => Ok(config),
            faults => Err(Stop::new(format!("配置文件 {} 有误：\n- {}", path.display(), faults.join("\n- ")))),
        }
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Faults in words an administrator understands; empty when it is safe to start.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = self.platform.validate();
        let known: Vec<&str> = domain::notification::default_rules().channels.iter().map(|c| c.id.as_str()).collect();
        faults.extend(self.notification.validate(&known));
        faults.extend(self.identity.validate());
        faults.extend(self.release.validate());
        faults.extend(self.evidence.validate());
        faults.extend(self.forward.validate());
        faults.extend(self.time_stamp.validate());
        let Listen { portal, office, api } = self.listen;
        let same = |a: SocketAddr, b: SocketAddr| a == b && a.port() != 0;
        if same(portal, office) || same(office, api) || same(portal, api) {
            faults.push("[listen] 三个服务的监听地址不能相同".into());
        }
        let open = [portal, office].iter().any(|address| !address.ip().is_loopback());
        if self.platform.demo && (open || !api.ip().is_loopback()) {
            faults.push("demo = true 只能用于本机试用，监听地址应为 127.0.0.1".into());
        }
        if !self.platform.secure_cookies && open {
            faults.push("secure_cookies = false 只能用于本机试用；对外服务请通过 HTTPS 反向代理并设为 true".into());
        }
        if tracing_subscriber::EnvFilter::try_new(&self.log.filter).is_err() {
            faults.push("[log] filter 的写法不正确，例如 info 或 info,sqlx=warn".into());
        }
        faults
    }

    /// Starts the log on standard error.
    pub fn start_log(&self) -> Result<(), Stop> {
        let filter = tracing_subscriber::EnvFilter::try_new(&self.log.filter)
            .map_err(|error| Stop::because("[log] filter", &error))?;
        let log = tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter).with_writer(OneLine);
        let started = match self.log.format {
            LogFormat::Text => log.compact().try_init(),
            LogFormat::Json => log.json().flatten_event(true).try_init(),
        };
        started.map_err(|error| Stop::new(format!("无法启动日志：{error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_the_default_and_says_everything() {
        let example = Config::parse(include_str!("../../../tzxm.example.toml")).unwrap();
        let default = Config::default();
        assert_eq!(format!("{:?}", example.listen), format!("{:?}", default.listen));
        assert_eq!(format!("{:?}", example.keys), format!("{:?}", default.keys));
        assert_eq!(format!("{:?}", example.log), format!("{:?}", default.log));
        assert_eq!(format!("{:?}", example.notification), format!("{:?}", default.notification));
        assert_eq!(format!("{:?}", example.identity), format!("{:?}", default.identity));
        assert_eq!(format!("{:?}", example.release), format!("{:?}", default.release));
        assert_eq!(format!("{:?}", example.evidence), format!("{:?}", default.evidence));
        assert_eq!(format!("{:?}", example.forward), format!("{:?}", default.forward));
        let sample = Settings {
            portal_url: example.platform.portal_url.clone(),
            office_url: example.platform.office_url.clone(),
            ..Settings::default()
        };
        assert_eq!(format!("{:?}", example.platform), format!("{sample:?}"));
        assert_eq!(example.validate(), Vec::<String>::new());
    }

    #[test]
    fn the_channels_of_the_example_are_good_once_they_are_opened() {
        let example = include_str!("../../../tzxm.example.toml");
        let (_, channels) = example.split_once("[notification]\n").unwrap();
        let opened: String = channels
            .lines()
            .filter_map(|line| line.strip_prefix("#: "))
            .fold(String::new(), |all, line| all + line + "\n");
        let config = Config::parse(&opened).unwrap();
        assert!(config.notification.mail.is_some() && config.notification.gateway.len() == 1);
        assert_eq!(config.validate(), Vec::<String>::new());
    }

    #[test]
    fn unsafe_settings_are_named() {
        let faults = |text: &str| Config::parse(text).unwrap().validate();
        assert!(faults("").is_empty());
        for (text, word) in [
            ("[listen]\nportal = \"127.0.0.1:1\"\noffice = \"127.0.0.1:1\"", "监听地址"),
            ("[listen]\nportal = \"0.0.0.0:80\"\n[platform]\nsecure_cookies = false", "secure_cookies"),
            ("[listen]\napi = \"0.0.0.0:80\"\n[platform]\ndemo = true", "demo"),
            ("[log]\nfilter = \"a=b=c\"", "filter"),
            ("[platform]\nclamd = \"10.20.0.5:3310\"", "clamd"),
            ("[platform]\nclamd = \"scanner.example:3310\"", "clamd"),
            ("[platform]\nportal_url = \"tzxm.example\"", "portal_url"),
            (
                "[identity]\nissuer = \"http://sso.example\"\nname = \"a\"\nclient_id = \"b\"\nclient_secret_file = \"c\"",
                "issuer",
            ),
        ] {
            let found = faults(text);
            assert!(found.len() == 1 && found[0].contains(word), "{text}: {found:?}");
        }
    }

    #[test]
    fn l11_a_retention_below_six_months_does_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tzxm.toml");
        for (days, starts) in [(179, false), (0, false), (180, true), (1095, true)] {
            std::fs::write(&path, format!("[evidence]\naudit_days = {days}")).unwrap();
            let read = Config::read(&path);
            assert_eq!(read.is_ok(), starts, "{days}");
            if let Err(stop) = read {
                let said = stop.to_string();
                assert!(said.contains("不少于六个月") && said.contains("网络安全法"), "{said}");
            }
        }
    }

    #[test]
    fn a_misspelt_item_is_refused() {
        assert!(Config::parse("[platform]\nportal = \"x\"").is_err());
        assert!(Config::parse("[lisen]").is_err());
    }
}
