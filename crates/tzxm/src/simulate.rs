//! `tzxm simulate`: years of work in virtual time, in an empty database: for load, for long runs, for practice.

use crate::{
    config::{Config, Keys},
    key,
    lines::{BAD, GOOD},
    stop::Stop,
    world,
};
use domain::Moment;
use jiff::{Span, civil::Date};
use ledger::{Durability, Position, Store};
use platform::{
    ports::{Clock, ManualClock, SystemClock},
    read::PlatformFold,
};
use simulation::{Plan, live};
use std::{io::Write, path::PathBuf, sync::Arc};

/// Arguments of `tzxm simulate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), help = "申报多少个项目")]
    projects: u32,
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=30), help = "经过多少年")]
    years: u32,
    #[arg(long, default_value_t = 1, help = "随机种子；同样的种子和起止日期得到同样的记录")]
    seed: u64,
    #[arg(long, value_parser = date, help = "最后一天，缺省为今天")]
    until: Option<Date>,
    #[arg(long, env = "TZXM_DATABASE", hide_env_values = true, help = "数据库地址，须为空库")]
    database: String,
    #[arg(long, env = "TZXM_CONFIG", help = "配置文件（主密钥和文件目录）；缺省时用一次性密钥，文件不保留")]
    config: Option<PathBuf>,
    #[arg(long, help = "输出 JSON")]
    json: bool,
}

fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "日期的写法为 2026-11-24".to_owned())
}

/// Runs `tzxm simulate`; status 1 when the ledger is not sound afterwards.
pub async fn run(args: &Args, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let throwaway = tempfile::tempdir()?;
    let config = match &args.config {
        Some(path) => Config::read(path)?,
        None => nowhere(throwaway.path())?,
    };
    let began = SystemClock.now();
    let until = args.until.unwrap_or(began.date());
    let from = until
        .checked_sub(Span::new().years(i64::from(args.years)))
        .map_err(|error| Stop::because("起始日期超出范围", &error))?;
    let store = Store::open(&args.database, Durability::Relaxed).await?;
    if !store.feed(Position::default(), 1).await?.is_empty() {
        return Err(Stop::new("模拟数据只能写入空库，请换一个数据库"));
    }
    let clock = Arc::new(ManualClock::at(Moment::at(from, 9, 0)));
    let platform = world::virtual_platform(&config, store, clock.clone(), args.seed).await?;
    let plan = Plan { projects: args.projects, from, until, seed: args.seed };
    let mut month = 0;
    let summary = live(&platform, clock, plan, |progress| {
        if progress.day.month() != month {
            month = progress.day.month();
            eprintln!("{}\t项目 {}\t操作 {}", progress.day, progress.projects, progress.acts);
        }
    })
    .await
    .map_err(|error| Stop::because("模拟中断", &error))?;
    let report = platform.store.verify(&PlatformFold { rules: platform.rules }).await?;
    platform.store.close().await?;
    let seconds = (SystemClock.now().0 - began.0) as f64 / 1000.0;
    let summary = serde_json::json!({
        "summary": summary,
        "events": report.root.events,
        "root": hex::encode(report.root.hash),
        "sound": report.is_sound(),
        "seconds": seconds,
    });
    if args.json {
        writeln!(out, "{summary}")?
    } else {
        writeln!(out, "{summary:#}")?
    }
    Ok(if report.is_sound() { GOOD } else { BAD })
}

/// A configuration that leaves nothing behind.
fn nowhere(folder: &std::path::Path) -> Result<Config, Stop> {
    let mut config = Config { keys: Keys { master: folder.join("master.key"), old: Vec::new() }, ..Config::default() };
    config.platform.files = folder.join("files");
    config.platform.temp = folder.join("temp");
    config.platform.upload_per_day = u64::MAX;
    key::create(&config.keys.master, &world::chance()?)?;
    Ok(config)
}
