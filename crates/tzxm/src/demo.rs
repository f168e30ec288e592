//! `tzxm demo`: the whole platform on this machine with simulated data, for looking around and for the browser tests.
//!
//! The data is made once, through the same use cases as people use, in a file of its own that takes its place when it is
//! complete: a start that is interrupted leaves nothing half done.

mod guides;
mod people;
mod plan;
mod scenario;

use crate::{
    config::{Config, Keys, Listen},
    key,
    lines::GOOD,
    serve::{Doors, Face},
    stop::Stop,
    world,
};
use courier::{MailSettings, Security};
use domain::publication::ReviewedKind;
use identity::IdentitySettings;
use ledger::{Durability, Store};
use people::{Account, PASSWORD};
use platform::{
    Settings,
    audit::EvidenceSettings,
    flood::FloodLimits,
    ports::{Clock, SystemClock},
    settings::{Scans, SignInRules},
};
use serde_json::json;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Cheaper than in production, so that a demonstration starts quickly; it listens on loopback only.
const PASSWORD_COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// A demonstration writes little; it also runs on a nearly full disk.
const DEMO_FREE_BYTES: u64 = 16 * 1024 * 1024;

/// Arguments of `tzxm demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, help = "删除上次的演示数据，重新生成")]
    fresh: bool,
    #[arg(long, default_value = "var/demo", env = "TZXM_DEMO_DATA", help = "演示数据目录")]
    data: PathBuf,
    #[arg(long, default_value_t = 8080, env = "TZXM_PORTAL_PORT", help = "门户端口，0 由系统分配")]
    portal_port: u16,
    #[arg(long, default_value_t = 8081, env = "TZXM_OFFICE_PORT", help = "审批监管系统端口，0 由系统分配")]
    office_port: u16,
    #[arg(long, default_value_t = 8082, env = "TZXM_API_PORT", help = "数据交换接口端口，0 由系统分配")]
    api_port: u16,
    #[arg(long, env = "TZXM_DEMO_MAIL", help = "把消息发到本机这个端口的邮件服务；不写则邮件渠道未开通")]
    mail_port: Option<u16>,
    #[arg(long, env = "TZXM_DEMO_SECOND_FACTOR", help = "像生产环境一样要求双因素认证")]
    second_factor: bool,
    #[arg(long, hide = true, help = "同一来源十分钟内可以查询多少个不存在的代码（供扫描工具使用）")]
    code_misses: Option<u32>,
    #[arg(
        long,
        env = "TZXM_DEMO_IDENTITY",
        help = "统一身份认证（OpenID Connect）的本机地址；客户端名称和密钥均为 tzxm-demo"
    )]
    identity: Option<String>,
    #[arg(long, help = "启动后输出一行 JSON（地址和账号），同时写入 DIR/addresses.json")]
    json: bool,
}

/// The folder of a demonstration. Only what it names itself is ever deleted.
struct Folder(PathBuf);

impl Folder {
    fn database(&self) -> PathBuf {
        self.0.join("tzxm.db")
    }

    fn filling(&self) -> PathBuf {
        self.0.join("filling.db")
    }

    fn filled(&self) -> PathBuf {
        self.0.join("filled.db")
    }

    fn addresses(&self) -> PathBuf {
        self.0.join("addresses.json")
    }

    fn key(&self) -> PathBuf {
        self.0.join("master.key")
    }

    fn seal(&self) -> PathBuf {
        self.0.join("seal.key")
    }

    fn evidence_key(&self) -> PathBuf {
        self.0.join("evidence.key")
    }

    fn clear(&self) -> std::io::Result<()> {
        for database in [self.database(), self.filling(), self.filled()] {
            remove_database(&database)?;
        }
        for file in [self.addresses(), self.key(), self.seal(), self.evidence_key()] {
            gone(std::fs::remove_file(file))?;
        }
        for folder in ["files", "temp", "held-keys", "evidence"] {
            gone(std::fs::remove_dir_all(self.0.join(folder)))?;
        }
        Ok(())
    }

    fn config(&self, portal_url: String, listen: Listen) -> Config {
        Config {
            platform: Settings {
                portal_url,
                files: self.0.join("files"),
                temp: self.0.join("temp"),
                held_keys: self.0.join("held-keys"),
                scans: Scans::Declared,
                disclosure_reviewed: reviewed_kinds(),
                password_cost: PASSWORD_COST,
                demo: true,
                secure_cookies: false,
                sign_in: SignInRules::lenient(),
                floods: FloodLimits::lenient(),
                ..Settings::default()
            },
            listen,
            keys: Keys { master: self.key(), seal: self.seal(), evidence: self.evidence_key(), ..Keys::default() },
            evidence: EvidenceSettings {
                directory: self.0.join("evidence"),
                free_bytes: DEMO_FREE_BYTES,
                ..EvidenceSettings::default()
            },
            log: crate::config::Log { filter: "warn".into(), ..Default::default() },
            ..Config::default()
        }
    }
}

/// In the demonstration every kind but one was reviewed: public pages are full, and something waits for a reviewer.
fn reviewed_kinds() -> Vec<ReviewedKind> {
    let items = platform::Rules::shipped().now().catalogue.items().iter();
    let reviewed = items.filter(|item| item.code != "soil_water").map(|item| ReviewedKind {
        item: item.code.clone(),
        by: "自治区发展改革委 演示审查人".into(),
        on: jiff::civil::date(2026, 1, 5),
    });
    reviewed.collect()
}

/// A mail server on this machine, such as one that only shows what it gets.
fn local_mail(port: u16) -> MailSettings {
    MailSettings {
        host: "127.0.0.1".into(),
        port,
        security: Security::Plain,
        from: "tzxm@demo.invalid".into(),
        user: String::new(),
        password_file: PathBuf::new(),
        timeout: 5,
    }
}

/// A provider of unified identity on this machine.
fn local_identity(folder: &Folder, issuer: &str) -> Result<IdentitySettings, Stop> {
    let client_secret_file = folder.0.join("identity.secret");
    std::fs::write(&client_secret_file, "tzxm-demo")?;
    let settings = IdentitySettings {
        issuer: issuer.to_owned(),
        name: "统一身份认证（演示）".into(),
        client_id: "tzxm-demo".into(),
        client_secret_file,
        ..IdentitySettings::default()
    };
    match settings.validate() {
        faults if faults.is_empty() => Ok(settings),
        faults => Err(Stop::new(faults.join("\n"))),
    }
}

/// A file that is not there need not be removed.
fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A database with the files SQLite keeps beside it.
fn remove_database(path: &Path) -> std::io::Result<()> {
    for suffix in ["-wal", "-shm", ""] {
        gone(std::fs::remove_file(format!("{}{suffix}", path.display())))?;
    }
    Ok(())
}

/// Runs `tzxm demo` until it is asked to stop.
pub async fn run(args: &Args, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let folder = Folder(args.data.clone());
    std::fs::create_dir_all(&folder.0)?;
    let listen = Listen::local(args.portal_port, args.office_port, args.api_port);
    let doors = Doors::open(&Face::ALL, &listen).await?;
    let addresses: Vec<_> = doors.addresses().collect();
    let portal = addresses.iter().find(|(face, _)| *face == Face::Portal).map(|(_, address)| address.clone());
    let mut config = folder.config(portal.unwrap_or_default(), listen);
    if let Some((_, office)) = addresses.iter().find(|(face, _)| *face == Face::Office) {
        config.platform.office_url.clone_from(office);
    }
    config.notification.mail = args.mail_port.map(local_mail);
    if let Some(most) = args.code_misses {
        config.platform.code_misses = most;
    }
    if args.second_factor {
        config.platform.sign_in.second_factor = SignInRules::default().second_factor;
    }
    if let Some(issuer) = &args.identity {
        config.identity = local_identity(&folder, issuer)?;
    }
    config.start_log()?;
    gone(std::fs::remove_file(folder.addresses()))?;
    let now = SystemClock.now();
    if args.fresh || !folder.database().exists() {
        folder.clear()?;
        writeln!(out, "正在生成演示数据……")?;
        out.flush()?;
        fill(&config, &folder, now).await?;
    }
    if !folder.evidence_key().exists() {
        // Data of an earlier version.
        key::create_seal(&folder.evidence_key(), &world::chance()?)?;
    }
    let store = Store::open(&sqlite(&folder.database()), Durability::Full).await?;
    let platform = world::platform(&config, store).await?;
    announce(args, &folder, &addresses, out)?;
    doors.serve(platform, None, None).await?;
    Ok(GOOD)
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

async fn fill(config: &Config, folder: &Folder, now: domain::Moment) -> Result<(), Stop> {
    key::create(&folder.key(), &world::chance()?)?;
    key::create_seal(&folder.seal(), &world::chance()?)?;
    key::create_seal(&folder.evidence_key(), &world::chance()?)?;
    let store = Store::open(&sqlite(&folder.filling()), Durability::Relaxed).await?;
    scenario::fill(config, store.clone(), now).await?;
    store.backup(&folder.filled()).await?;
    store.close().await?;
    remove_database(&folder.filling())?;
    Ok(std::fs::rename(folder.filled(), folder.database())?)
}

fn announce(args: &Args, folder: &Folder, addresses: &[(Face, String)], out: &mut dyn Write) -> Result<(), Stop> {
    let accounts = people::accounts();
    let of = |face: Face| addresses.iter().find(|(other, _)| *other == face).map(|(_, address)| address.as_str());
    let account = |a: &Account| json!({"face": a.face.to_string(), "login": a.login, "name": a.name, "posts": a.posts});
    let line = json!({
        "portal": of(Face::Portal),
        "office": of(Face::Office),
        "api": of(Face::Api),
        "password": PASSWORD,
        "accounts": accounts.iter().map(account).collect::<Vec<_>>(),
    });
    // In one step, and before anything is said: whoever waits for the file or the line finds both.
    let part = folder.0.join("addresses.part");
    std::fs::write(&part, format!("{line}\n"))?;
    std::fs::rename(part, folder.addresses())?;
    if args.json {
        writeln!(out, "{line}")?;
    } else {
        for (face, address) in addresses {
            writeln!(out, "{}\t{address}", face.name())?;
            for account in accounts.iter().filter(|account| account.face == *face) {
                writeln!(out, "  {}\t{}\t{}", account.login, account.name, account.posts)?;
            }
        }
        writeln!(out, "以上账号的密码均为 {PASSWORD}。演示数据均为虚构，只在本机使用；按 Ctrl-C 结束。")?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Moment;
    use jiff::civil::date;
    use platform::{
        Call,
        read::PlatformFold,
        work_list::{Filter, Tab},
    };
    use std::collections::BTreeSet;

    async fn filled(now: Moment) -> (tempfile::TempDir, platform::Platform) {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder(temp.path().to_owned());
        let config = folder.config("http://127.0.0.1:8080".into(), Listen::default());
        fill(&config, &folder, now).await.unwrap();
        let store = Store::open(&sqlite(&folder.database()), Durability::Relaxed).await.unwrap();
        let clock = std::sync::Arc::new(platform::ports::ManualClock::at(now));
        (temp, world::virtual_platform(&config, store, clock, 1).await.unwrap())
    }

    async fn column(platform: &platform::Platform, sql: &'static str) -> BTreeSet<String> {
        let rows = platform.store.query(sql, []).await.unwrap();
        rows.iter().map(|row| row.try_get("", "it").unwrap()).collect()
    }

    /// On any day (a working day, a holiday, in a year without a published calendar) there is something of everything.
    #[tokio::test]
    async fn the_demonstration_shows_every_regime_stage_and_light_on_any_day() {
        for day in [date(2026, 11, 24), date(2026, 10, 3), date(2031, 6, 14)] {
            let (_temp, platform) = filled(Moment::at(day, 8, 30)).await;
            assert!(platform.store.verify(&PlatformFold { rules: platform.rules.now() }).await.unwrap().is_sound());
            let regimes = column(&platform, "SELECT DISTINCT regime AS it FROM projects").await;
            assert_eq!(regimes.len(), domain::regime::Regime::ALL.len(), "{day}");
            let states = column(&platform, "SELECT DISTINCT state AS it FROM projects").await;
            assert_eq!(
                states.iter().map(String::as_str).collect::<Vec<_>>(),
                ["active", "voided", "withdrawn"],
                "{day}"
            );
            let stages = column(&platform, "SELECT DISTINCT stage AS it FROM cases").await;
            for stage in [
                "submitted",
                "received",
                "correction_asked",
                "supplemented",
                "processing",
                "proposed",
                "reviewed",
                "completed",
                "not_accepted",
                "withdrawn",
            ] {
                assert!(stages.contains(stage), "{day}: {stage} of {stages:?}");
            }
            assert_eq!(
                column(&platform, "SELECT DISTINCT outcome AS it FROM cases WHERE outcome <> ''").await.len(),
                2
            );
            let supervisor = column(&platform, "SELECT id AS it FROM accounts WHERE login = 'zizhiqu-jiancha'").await;
            let supervisor = domain::ids::AccountId(supervisor.first().unwrap().clone());
            let call = Call::new(platform.actor(&supervisor).await.unwrap(), "test");
            let list = platform.work_list(&call, &Filter::default(), None).await.unwrap();
            for (tab, count) in list.counts {
                assert!(count > 0 || matches!(tab, Tab::DueToday | Tab::Mine), "{day}: nothing under {}", tab.name());
            }
        }
    }
}
