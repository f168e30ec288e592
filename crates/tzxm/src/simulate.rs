//! `tzxm simulate`: a life in virtual time through the same use cases as people use. Same seed, same ledger root.

use crate::{
    lines::{BAD, GOOD},
    printing::NoPapers,
    stop::Stop,
};
use domain::{Moment, account::PostLimits, publication::ReviewedKind};
use jiff::{Span, civil::Date};
use ledger::{Durability, Sealer, Store};
use platform::{
    Parts, Platform, Rules, Settings,
    ports::{ChaChaChance, ManualClock, NoCourier},
    read::PlatformFold,
    settings::Scans,
    upload::{InProcess, LocalFiles, NoReader, NoScanner},
};
use serde_json::json;
use simulation::Plan;
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
};

/// Arguments of `tzxm simulate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, default_value_t = 200, help = "申报的项目数")]
    projects: u32,
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=10), help = "模拟的年数")]
    years: u8,
    #[arg(long, default_value_t = 1, help = "随机种子：同一种子得到同一账本")]
    seed: u64,
    #[arg(long, help = "空数据库的地址，如 sqlite:var/simulated.db")]
    database: String,
    #[arg(long, default_value = "2024-11-01", help = "第一天")]
    from: Date,
    #[arg(long, help = "上传文件的目录；不给则用完即弃")]
    files: Option<PathBuf>,
    #[arg(long, help = "输出 JSON")]
    json: bool,
    #[arg(long, help = "结束后不再核验账本")]
    no_verify: bool,
}

/// Lives, verifies, prints the root.
pub async fn run(args: &Args, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let store = Store::open(&args.database, Durability::Relaxed)
        .await
        .map_err(|error| Stop::because("无法打开数据库，请检查 --database 的地址", &error))?;
    if store.root().await?.events > 0 {
        return Err(Stop::new("数据库里已有记录。模拟只在空数据库上进行，请换一个地址"));
    }
    let throwaway = tempfile::tempdir()?;
    let files = args.files.clone().unwrap_or_else(|| throwaway.path().join("files"));
    let temp = files.with_extension("temp");
    let clock = Arc::new(ManualClock::at(Moment::at(args.from, 8, 0)));
    let platform = Platform::new(Parts {
        store: store.clone(),
        // Nobody's real data is sealed here; a ledger of simulated data is never served with a real key.
        sealer: Arc::new(Sealer::new("simulated", [0x5e; 16])),
        clock: clock.clone(),
        chance: Arc::new(ChaChaChance::seeded(args.seed)),
        rules: Rules::shipped(),
        settings: Arc::new(Settings {
            files: files.clone(),
            temp: temp.clone(),
            demo: true,
            posts: PostLimits::lenient(),
            scans: Scans::Declared,
            disclosure_reviewed: vec![ReviewedKind {
                item: "*".into(),
                by: "模拟".into(),
                on: jiff::civil::date(2026, 1, 5),
            }],
            ..Settings::default()
        }),
        files: Arc::new(LocalFiles::open(&files, &temp)?),
        inspector: Arc::new(InProcess),
        scanner: Arc::new(NoScanner),
        reader: Arc::new(NoReader),
        printer: Arc::new(NoPapers),
        signer: None,
        organ_seals: Arc::default(),
        stamper: None,
        guesses: Arc::default(),
        floods: Arc::default(),
        courier: Arc::new(NoCourier),
        evidence: platform::audit::Evidence::none(),
        identity: None,
    });
    platform.migrate().await?;
    platform.load_guides().await?;
    let until = args.from.saturating_add(Span::new().years(i64::from(args.years)));
    let plan = Plan { projects: args.projects, from: args.from, until, seed: args.seed };
    let shown = std::io::stderr().is_terminal();
    let summary = simulation::live(&platform, clock, plan, |p| {
        if shown {
            eprint!("\r{} 已申报 {}/{} 个项目，{} 步", p.day, p.projects, args.projects, p.acts);
        }
    })
    .await
    .map_err(|error| Stop::because("模拟中断", &error))?;
    if shown {
        eprintln!();
    }
    let root = store.root().await?;
    let report =
        if args.no_verify { None } else { Some(store.verify(&PlatformFold { rules: platform.rules.now() }).await?) };
    let sound = report.as_ref().is_none_or(|report| report.is_sound());
    let root_hash = hex::encode(root.hash);
    if args.json {
        let line = json!({"summary": summary, "root": root_hash, "streams": root.streams, "events": root.events, "verified": report.is_some() && sound});
        writeln!(out, "{line}")?;
    } else {
        writeln!(
            out,
            "单位 {}，项目 {}，办件 {}：准予 {}，不予 {}，不予受理 {}，补正 {}，代码未通过核验 {}，撤回 {}，视为受理 {}，期限提醒 {}；监察卡 {}，已销号 {}，督办 {}",
            summary.units,
            summary.projects,
            summary.cases,
            summary.granted,
            summary.refused,
            summary.not_accepted,
            summary.corrections,
            summary.codes_not_verified,
            summary.withdrawn,
            summary.deemed,
            summary.prompts,
            summary.cards,
            summary.cards_closed,
            summary.orders
        )?;
        writeln!(
            out,
            "账本：{} 条流，{} 条记录{}",
            root.streams,
            root.events,
            match (&report, sound) {
                (None, _) => "，未核验",
                (Some(_), true) => "，核验一致",
                (Some(_), false) => "，核验发现问题，请运行 tzxm ledger verify 查看",
            }
        )?;
        writeln!(out, "{root_hash}")?;
    }
    Ok(if sound { GOOD } else { BAD })
}
