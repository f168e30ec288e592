//! Where time, randomness, disk and network enter: a [`Platform`] for this machine.

use crate::{
    config::Config,
    evidence, key,
    printing::{NoPapers, Papers},
    stop::Stop,
};
use confined::{Confined, Tesseract};
use courier::{Couriers, Tsa};
use identity::Provider;
use ledger::{Durability, LedgerError, Store};
use platform::{
    Parts, Platform, Rules, Settings,
    ports::{ChaChaChance, Chance, Clock, IdentityProvider, ManualClock, Printer, SystemClock, TimeStamper},
    upload::{Clamd, ClamdAddress, InProcess, Inspector, LocalFiles, NoReader, NoScanner, Reader, Scanner},
};
use std::{io::Read, sync::Arc, time::Duration};

/// Longest time a scanner may take for one file.
const SCAN: Duration = Duration::from_secs(60);

/// Randomness of the operating system.
pub fn chance() -> Result<ChaChaChance, Stop> {
    let mut seed = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(ChaChaChance::from_bytes(seed))
}

/// Opens the database and brings its tables up to date.
pub async fn store(url: &str) -> Result<Store, Stop> {
    Store::open(url, Durability::Full).await.map_err(|error| match error {
        LedgerError::Plain => Stop::new(
            "数据库在另一台机器上，必须通过 TLS 连接并核对证书和主机名：请在 --database 的地址后面加上 \
             ?sslmode=verify-full&sslrootcert=签发数据库证书的 CA 证书文件",
        ),
        error => Stop::because("无法打开数据库，请检查 --database 的地址", &error),
    })
}

/// Everything a use case needs, with the machine's own time and chance.
pub async fn platform(config: &Config, store: Store) -> Result<Platform, Stop> {
    let papers = Papers::open(&config.fonts)?;
    let tools = Tools {
        printer: Arc::new(papers),
        inspector: Arc::new(Confined::this_program()),
        reader: reader(&config.platform),
    };
    assemble(config, store, Arc::new(SystemClock), Arc::new(chance()?), tools).await
}

/// The same in virtual time and with chance from a seed; it prints nothing, and its files are its own.
pub async fn virtual_platform(
    config: &Config,
    store: Store,
    clock: Arc<ManualClock>,
    seed: u64,
) -> Result<Platform, Stop> {
    let tools = Tools { printer: Arc::new(NoPapers), inspector: Arc::new(InProcess), reader: Arc::new(NoReader) };
    assemble(config, store, clock, Arc::new(ChaChaChance::seeded(seed)), tools).await
}

/// What a real platform and a virtual one do differently.
struct Tools {
    printer: Arc<dyn Printer>,
    inspector: Arc<dyn Inspector>,
    reader: Arc<dyn Reader>,
}

async fn assemble(
    config: &Config,
    store: Store,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    tools: Tools,
) -> Result<Platform, Stop> {
    let settings = config.platform.clone();
    let files = LocalFiles::open(&settings.files, &settings.temp)
        .map_err(|error| Stop::because(format!("无法使用文件目录 {}", settings.files.display()), &error))?;
    let files = match settings.files_copy.as_os_str().is_empty() {
        true => files,
        false => files.with_copies(&settings.files_copy).map_err(|error| {
            Stop::because(format!("无法使用文件的第二份目录 {}", settings.files_copy.display()), &error)
        })?,
    };
    let courier = Couriers::open(&config.notification, &clock).map_err(|fault| Stop::new(fault.to_string()))?;
    let identity = Provider::open(&config.identity, clock.clone()).map_err(|fault| Stop::new(fault.to_string()))?;
    let time_stamp = Tsa::open(&config.time_stamp).map_err(|fault| Stop::new(fault.to_string()))?;
    let platform = Platform::new(Parts {
        store,
        sealer: Arc::new(key::sealer(&config.keys)?),
        clock,
        chance,
        rules: Rules::shipped(),
        files: Arc::new(files),
        inspector: tools.inspector,
        scanner: scanner(&settings.clamd),
        reader: tools.reader,
        printer: tools.printer,
        signer: key::signer(&config.keys)?,
        organ_seals: Arc::new(key::organ_seals(&config.keys)?),
        stamper: time_stamp.map(|tsa| Arc::new(tsa) as Arc<dyn TimeStamper>),
        guesses: Arc::default(),
        floods: Arc::default(),
        courier: Arc::new(courier),
        evidence: evidence::open(config)?,
        identity: identity.map(|provider| Arc::new(provider) as Arc<dyn IdentityProvider>),
        settings: Arc::new(settings),
    });
    platform.migrate().await?;
    platform.load_guides().await?;
    // A crash between a last decision and its joint notice is made up for here.
    platform.hand_back_complete_groups().await?;
    Ok(platform)
}

fn reader(settings: &Settings) -> Arc<dyn Reader> {
    if settings.ocr.as_os_str().is_empty() {
        return Arc::new(NoReader);
    }
    Arc::new(Tesseract::by_this_program(&settings.ocr, &settings.ocr_data))
}

fn scanner(address: &str) -> Arc<dyn Scanner> {
    let address = match (address, address.strip_prefix("unix:")) {
        ("", _) => return Arc::new(NoScanner),
        (_, Some(path)) => ClamdAddress::Unix(path.into()),
        (tcp, None) => ClamdAddress::Tcp(tcp.to_owned()),
    };
    Arc::new(Clamd { address, limit: SCAN })
}
