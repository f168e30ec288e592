//! 可信验证 (S-23): the signed manifest of a release, the seal over a configuration, and the check of both at start and while it runs.

mod check;
mod manifest;
mod parts;
mod settings;

pub use check::Check;
pub use settings::ReleaseSettings;

use crate::{
    config::Config,
    key,
    lines::{BAD, GOOD},
    stop::Stop,
};
use check::signature_of;
use ledger::Store;
use manifest::Manifest;
use platform::{
    Call, Platform,
    ports::{Clock, Signer, SystemClock},
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::watch::Receiver;

/// The file that runs, whatever has become of its name.
const RUNNING: &str = "/proc/self/exe";

/// Arguments of `tzxm release`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(
        about = "列出本程序的全部组成部分（程序、数据、数据库步骤、文书模板、页面资源）及其 SM3，并用发布密钥签名"
    )]
    Manifest {
        #[arg(long, help = "发布密钥文件（tzxm key create-release 生成）")]
        key: PathBuf,
        #[arg(long, help = "写入的清单文件；签名写在旁边的 .sig 文件中")]
        out: PathBuf,
    },
    #[command(about = "对一份配置文件加封：写出“配置文件.seal”和它的签名“配置文件.seal.sig”")]
    Seal {
        #[arg(long, help = "配置文件")]
        config: PathBuf,
        #[arg(long, help = "封签密钥文件（tzxm key create-release 生成）")]
        key: PathBuf,
    },
    #[command(about = "对任意文件签名：签名写在旁边的 .sig 文件中")]
    Sign {
        #[arg(long, help = "发布密钥文件")]
        key: PathBuf,
        #[arg(help = "文件")]
        file: PathBuf,
    },
    #[command(about = "按配置文件 [release] 的设置核对本程序和配置，不启动服务")]
    Check {
        #[arg(long, env = "TZXM_CONFIG", help = "配置文件")]
        config: PathBuf,
    },
}

/// Runs `tzxm release`; status 1 when something is not as it was signed.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<u8, Stop> {
    match &args.command {
        Command::Manifest { key, out: file } => {
            let manifest = parts::found(Path::new(RUNNING))?;
            write_signed(&manifest, key, file)?;
            writeln!(out, "发布清单 {} 已写出并签名，共 {} 项。", file.display(), manifest.len())?;
        }
        Command::Seal { config, key } => {
            Config::read(config)?;
            let mut seal = Manifest::default();
            seal.insert(parts::CONFIGURATION, parts::of_file(config)?);
            let mut file = config.as_os_str().to_owned();
            file.push(".seal");
            write_signed(&seal, key, Path::new(&file))?;
            writeln!(out, "配置文件 {} 已加封。改动配置后请重新加封，否则服务不能启动。", config.display())?;
        }
        Command::Sign { key, file } => {
            sign(key, file)?;
            writeln!(out, "{} 已签名。", file.display())?;
        }
        Command::Check { config: path } => {
            let config = Config::read(path)?;
            let faults = open(&config.release, path)?.map_or_else(Vec::new, |check| check.faults());
            for fault in &faults {
                writeln!(out, "{fault}")?;
            }
            if !faults.is_empty() {
                return Ok(BAD);
            }
            let words = if config.release.is_set() {
                "核对无误。"
            } else {
                "配置文件没有写 [release]，没有核对。"
            };
            writeln!(out, "{words}")?;
        }
    }
    Ok(GOOD)
}

fn write_signed(manifest: &Manifest, key: &Path, file: &Path) -> Result<(), Stop> {
    std::fs::write(file, manifest.to_string())
        .map_err(|error| Stop::because(format!("无法写入 {}", file.display()), &error))?;
    sign(key, file)
}

fn sign(key: &Path, file: &Path) -> Result<(), Stop> {
    let signer = key::release_signer(key)?;
    let text = std::fs::read(file).map_err(|error| Stop::because(format!("无法读取 {}", file.display()), &error))?;
    let signature = signer.sign(&text).map_err(|error| Stop::new(format!("无法签名：{error}")))?;
    Ok(std::fs::write(signature_of(file), signature)?)
}

fn open(settings: &ReleaseSettings, configuration: &Path) -> Result<Option<Check>, Stop> {
    if !settings.is_set() {
        return Ok(None);
    }
    // By its name, if it still has one: a file that took its place is found as well.
    let program = std::env::current_exe().unwrap_or_else(|_| RUNNING.into());
    Check::open(settings, &program, configuration).map(Some).map_err(refuse)
}

fn refuse(fault: impl std::fmt::Display) -> Stop {
    Stop::new(format!(
        "可信验证没有通过，不能启动：{fault}。请不要继续使用，报告安全管理员，用原发布包重新安装；确属本单位改动配置的，请用 tzxm release seal 重新加封"
    ))
}

/// The check before anything is served. What does not fit is noted in the security audit, as far as the database can be reached,
/// and stops the start.
pub async fn at_start(settings: &ReleaseSettings, configuration: &Path, database: &str) -> Result<Option<Check>, Stop> {
    let check = match open(settings, configuration) {
        Ok(Some(check)) => check,
        Ok(None) => {
            tracing::warn!("未配置发布清单（[release] manifest），没有核对程序和配置是否被改动");
            return Ok(None);
        }
        Err(stop) => {
            note_before_start(database, &[stop.to_string()]).await;
            return Err(stop);
        }
    };
    let faults = check.faults();
    if faults.is_empty() {
        tracing::info!("程序和配置与发布清单一致");
        return Ok(Some(check));
    }
    note_before_start(database, &faults).await;
    Err(refuse(faults.join("；")))
}

async fn note_before_start(database: &str, faults: &[String]) {
    let noted = async {
        let store = Store::open(database, ledger::Durability::Full).await?;
        let noted = platform::detection::note_release(&store, SystemClock.now(), faults).await;
        store.close().await?;
        noted.map_err(Stop::from)
    };
    if let Err(stop) = noted.await {
        tracing::error!(error = %stop, "the failed check could not be written into the audit");
    }
}

/// Checks again and again until the system asks to stop. A fault raises an alarm; the service goes on, people decide.
pub async fn watch(check: Option<Check>, platform: Platform, mut stopped: Receiver<bool>) {
    let Some(check) = check else { return };
    loop {
        if tokio::time::timeout(Duration::from_secs(check.every), stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
        let looked = check.clone();
        let faults = match tokio::task::spawn_blocking(move || looked.faults()).await {
            Ok(faults) => faults,
            Err(error) => vec![error.to_string()],
        };
        if faults.is_empty() {
            continue;
        }
        tracing::error!(faults = faults.join("；"), "the release is not as it was signed");
        if let Err(failure) = platform.watch_release(&Call::system("release"), &faults).await {
            tracing::error!(error = %failure, "the failed check could not be written into the audit");
        }
    }
}
