//! `tzxm ledger`: verify everything from the first event, export it, import it into an empty database.

use crate::{
    lines::{BAD, GOOD},
    stop::Stop,
    world,
};
use ::ledger::{Report, Root, Store};
use platform::{
    Rulebook,
    audit::{EvidenceFolder, outside_faults},
    ports::{Clock, SystemClock},
    read::{MIGRATIONS, PlatformFold},
};
use serde_json::json;
use std::{io::Write, path::PathBuf};
use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};

/// Arguments of `tzxm ledger`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(about = "从第一条记录起重算全部哈希链和状态，与库中内容逐一比对")]
    Verify(Verify),
    #[command(about = "把全部记录导出为文本，一行一条")]
    Export(File),
    #[command(about = "把导出的记录导入空库，边导入边核对")]
    Import(File),
}

#[derive(Debug, clap::Args)]
struct Verify {
    #[arg(long, env = "TZXM_DATABASE", hide_env_values = true, help = "数据库地址")]
    database: String,
    #[arg(long, help = "存证目录：与其中签名的检查点比对，并核对审计归档文件")]
    evidence: Option<PathBuf>,
    #[arg(long, help = "输出 JSON")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct File {
    #[arg(long, env = "TZXM_DATABASE", hide_env_values = true, help = "数据库地址")]
    database: String,
    #[arg(default_value = "-", help = "文件；“-”为标准输入或标准输出")]
    file: PathBuf,
}

/// Runs `tzxm ledger`; status 1 when something does not fit.
pub async fn run(args: &Args, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    match &args.command {
        Command::Verify(args) => verify(args, out).await,
        Command::Export(args) => export(args).await,
        Command::Import(args) => import(args, out).await,
    }
}

async fn open(url: &str) -> Result<Store, Stop> {
    let store = world::store(url).await?;
    store.migrate("platform", MIGRATIONS).await?;
    Ok(store)
}

fn fold() -> PlatformFold {
    PlatformFold { rules: Rulebook::shipped() }
}

async fn verify(args: &Verify, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let store = open(&args.database).await?;
    let began = SystemClock.now().0;
    let mut report = store.verify_all(&fold(), None, args.evidence.as_deref()).await?;
    if let Some(path) = &args.evidence {
        let folder = EvidenceFolder::existing(path)
            .map_err(|error| Stop::because(format!("无法读取存证目录 {}", path.display()), &error))?;
        report.add(outside_faults(&store, &folder).await?);
    }
    let seconds = (SystemClock.now().0 - began) as f64 / 1000.0;
    store.close().await?;
    if args.json {
        as_json(&report, seconds, out)?
    } else {
        as_text(&report, seconds, out)?
    }
    Ok(if report.is_sound() { GOOD } else { BAD })
}

fn as_json(report: &Report, seconds: f64, out: &mut dyn Write) -> std::io::Result<()> {
    let faults: Vec<_> = report
        .faults
        .iter()
        .map(|fault| {
            let kind = format!("{:?}", fault.kind);
            json!({"kind": kind, "stream": fault.stream, "version": fault.version, "detail": fault.detail})
        })
        .collect();
    let report = json!({
        "sound": report.is_sound(),
        "events": report.root.events,
        "streams": report.root.streams,
        "root": hex::encode(report.root.hash),
        "secrets": report.secrets,
        "checkpoints": report.checkpoints,
        "audited": report.audited,
        "archived": report.elsewhere,
        "seconds": seconds,
        "found": report.found,
        "faults": faults,
    });
    writeln!(out, "{report}")
}

fn as_text(report: &Report, seconds: f64, out: &mut dyn Write) -> std::io::Result<()> {
    let Root { hash, streams, events } = report.root;
    writeln!(
        out,
        "记录 {events} 条，流 {streams} 个，密封字段 {} 个，审计记录 {} 条，检查点 {} 个，用时 {seconds:.2} 秒",
        report.secrets, report.audited, report.checkpoints
    )?;
    writeln!(out, "根 {}", hex::encode(hash))?;
    for fault in &report.faults {
        writeln!(out, "{:?}\t{}\t{}\t{}", fault.kind, fault.stream, fault.version, fault.detail)?;
    }
    match report.found {
        0 => writeln!(out, "核对无误"),
        found => writeln!(out, "发现 {found} 处不符"),
    }
}

async fn export(args: &File) -> Result<u8, Stop> {
    let store = open(&args.database).await?;
    let to: Box<dyn AsyncWrite + Unpin + Send> = match args.file.to_str() {
        Some("-") => Box::new(tokio::io::stdout()),
        _ => Box::new(
            tokio::fs::File::create_new(&args.file)
                .await
                .map_err(|error| Stop::because(format!("无法新建文件 {}", args.file.display()), &error))?,
        ),
    };
    let mut to = BufWriter::new(to);
    let root = store.export(&mut to).await?;
    to.flush().await?;
    let all = store.root().await?;
    store.close().await?;
    eprintln!("已导出 {} 条记录，根 {}", root.events, hex::encode(root.hash));
    // An export ends before the oldest transaction still writing, on PostgreSQL anywhere on the server.
    if all.events > root.events {
        let later = all.events - root.events;
        eprintln!("另有 {later} 条较新的记录因数据库中有事务尚未结束而未包含在内；需要完整导出时，请停止服务后再执行");
    }
    Ok(GOOD)
}

async fn import(args: &File, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let store = open(&args.database).await?;
    let mut from: Box<dyn AsyncBufRead + Unpin + Send> = match args.file.to_str() {
        Some("-") => Box::new(BufReader::new(tokio::io::stdin())),
        _ => Box::new(BufReader::new(tokio::fs::File::open(&args.file).await?)),
    };
    let imported = store.import(&mut from, &fold()).await?;
    store.close().await?;
    let Root { hash, streams, events } = imported.root;
    writeln!(out, "已导入 {events} 条记录，{streams} 个流，根 {}", hex::encode(hash))?;
    Ok(GOOD)
}
