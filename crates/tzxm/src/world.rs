//! Where time, randomness, disk and network enter: a [`Platform`] for this machine.

use crate::{config::Config, key, printing::Papers, stop::Stop};
use ledger::{Durability, Store};
use platform::{
    Platform, Rulebook,
    ports::{ChaChaChance, Clock, SystemClock},
    upload::{Clamd, ClamdAddress, LocalFiles, NoScanner, Scanner},
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
    Store::open(url, Durability::Full)
        .await
        .map_err(|error| Stop::because("无法打开数据库，请检查 --database 的地址", &error))
}

/// Everything a use case needs, with the machine's clock.
pub async fn platform(config: &Config, store: Store) -> Result<Platform, Stop> {
    platform_at(config, store, Arc::new(SystemClock)).await
}

/// The same, with a clock of the caller.
pub async fn platform_at(config: &Config, store: Store, clock: Arc<dyn Clock>) -> Result<Platform, Stop> {
    let settings = config.platform.clone();
    let files = LocalFiles::open(&settings.files, &settings.temp)
        .map_err(|error| Stop::because(format!("无法使用文件目录 {}", settings.files.display()), &error))?;
    let platform = Platform {
        store,
        sealer: Arc::new(key::sealer(&config.keys)?),
        clock,
        chance: Arc::new(chance()?),
        rules: Rulebook::shipped(),
        files: Arc::new(files),
        scanner: scanner(&settings.clamd),
        printer: Arc::new(Papers::open(&config.fonts)?),
        settings: Arc::new(settings),
    };
    platform.migrate().await?;
    Ok(platform)
}

fn scanner(address: &str) -> Arc<dyn Scanner> {
    let address = match (address, address.strip_prefix("unix:")) {
        ("", _) => return Arc::new(NoScanner),
        (_, Some(path)) => ClamdAddress::Unix(path.into()),
        (tcp, None) => ClamdAddress::Tcp(tcp.to_owned()),
    };
    Arc::new(Clamd { address, limit: SCAN })
}
