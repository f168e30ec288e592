//! `tzxm serve`: the faces, each on a listener of its own, until the system asks to stop.

use crate::{
    check,
    config::{Config, Listen},
    deliver, detect, forward,
    listen::{self, Patience},
    prove,
    release::{self, Check},
    seal,
    stop::Stop,
    supervise, world,
};
use axum::Router;
use forwarder::Forwarder;
use platform::{Call, Failure, Platform, deadline};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How long running requests may take to end after the system asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Licences whose end is noted in one sweep; the next one goes on.
const SETTLED_AT_ONCE: u64 = 500;
/// Files of an older version that are sealed in one sweep.
const FILES_AT_ONCE: u64 = 100;
/// How often time is looked at. The law counts days; a light is never later than this after midnight.
const SWEEP: Duration = Duration::from_secs(30);

/// Arguments of `tzxm serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Face::ALL, help = "启动哪些服务，以逗号分隔")]
    face: Vec<Face>,
    #[command(flatten)]
    pub place: Place,
}

/// Which installation a command works on.
#[derive(Debug, clap::Args)]
pub struct Place {
    #[arg(
        long,
        env = "TZXM_DATABASE",
        hide_env_values = true,
        help = "数据库地址：sqlite：文件 或 postgres：//用户@主机/库"
    )]
    pub database: String,
    #[arg(long, env = "TZXM_CONFIG", help = "配置文件（示例见 tzxm.example.toml）")]
    pub config: PathBuf,
}

/// A face on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Face {
    /// 门户
    Portal,
    /// 审批监管系统
    Office,
    /// 交换接口
    Api,
}

impl Face {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Portal, Self::Office, Self::Api];

    /// Chinese name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portal => "门户",
            Self::Office => "审批监管系统",
            Self::Api => "数据交换接口",
        }
    }

    fn address(self, listen: &Listen) -> SocketAddr {
        match self {
            Self::Portal => listen.portal,
            Self::Office => listen.office,
            Self::Api => listen.api,
        }
    }

    fn service(self, app: web::App) -> Router {
        match self {
            Self::Portal => web::portal::service(app),
            Self::Office => web::office::service(app),
            Self::Api => web::api::service(app),
        }
    }
}

impl std::fmt::Display for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Portal => "portal",
            Self::Office => "office",
            Self::Api => "api",
        })
    }
}

/// Listeners that are bound but not yet served, with their real addresses.
pub struct Doors(Vec<(Face, TcpListener, SocketAddr)>);

impl Doors {
    /// Binds every face; the first that cannot be bound is named.
    pub async fn open(faces: &[Face], listen: &Listen) -> Result<Self, Stop> {
        let mut doors = Vec::new();
        for face in faces {
            let wanted = face.address(listen);
            let bound =
                async { TcpListener::bind(wanted).await.and_then(|door| door.local_addr().map(|at| (door, at))) };
            let (door, at) = bound.await.map_err(|error| {
                Stop::because(format!("{}不能在 {wanted} 监听，请检查端口是否被占用", face.name()), &error)
            })?;
            doors.push((*face, door, at));
        }
        Ok(Self(doors))
    }

    /// `http://127.0.0.1:8080` of every face.
    pub fn addresses(&self) -> impl Iterator<Item = (Face, String)> {
        self.0.iter().map(|(face, _, at)| (*face, format!("http://{at}")))
    }

    /// Serves until SIGTERM or ctrl-c, then lets running requests end.
    pub async fn serve(
        self,
        platform: Platform,
        trusted: Option<Check>,
        forwarder: Option<Forwarder>,
    ) -> Result<(), Stop> {
        let (stop, stopped) = watch::channel(false);
        let mut running = tokio::task::JoinSet::new();
        for (face, door, at) in self.0 {
            let app = web::App { platform: platform.clone() };
            let service = face.service(app);
            let mut stopped = stopped.clone();
            tracing::info!(face = %face, address = %at, "listening");
            running.spawn(async move {
                let asked = async move {
                    // An error means that the sender is gone, which is a reason to stop as well.
                    let _ = stopped.wait_for(|stop| *stop).await;
                };
                listen::serve(door, service, Patience::default(), asked).await;
            });
        }
        let supervising = tokio::spawn(supervise::watch(platform.clone(), stopped.clone()));
        let delivering = tokio::spawn(deliver::watch(platform.clone(), stopped.clone()));
        let sealing = tokio::spawn(seal::watch(platform.clone(), stopped.clone()));
        let proving = tokio::spawn(prove::watch(platform.clone(), stopped.clone()));
        let checking = tokio::spawn(check::watch(platform.clone(), stopped.clone()));
        let detecting = tokio::spawn(detect::watch(platform.clone(), stopped.clone()));
        let trusting = tokio::spawn(release::watch(trusted, platform.clone(), stopped.clone()));
        let forwarding = tokio::spawn(forward::watch(platform.clone(), forwarder, stopped.clone()));
        let sweeping = tokio::spawn(sweep(platform.clone(), stopped));
        let early = tokio::select! {
            asked = asked_to_stop() => { asked?; None }
            ended = running.join_next() => ended,
        };
        tracing::info!("stopping");
        let _ = stop.send(true);
        let all = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        // What they were recording is either whole or not there; the next start goes on.
        supervising.abort();
        delivering.abort();
        sealing.abort();
        proving.abort();
        checking.abort();
        detecting.abort();
        trusting.abort();
        sweeping.abort();
        forwarding.abort();
        platform.store.close().await?;
        match early {
            Some(Err(error)) => Err(Stop::because("服务意外结束", &error)),
            _ => Ok(()),
        }
    }
}

/// Records what the passing of time does to cases, until the system asks to stop. Every node may do it.
async fn sweep(platform: Platform, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(failure) = sweep_once(&platform).await {
            tracing::error!(error = %failure, "the deadline sweep did not come to its end");
        }
        if tokio::time::timeout(SWEEP, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

async fn sweep_once(platform: &Platform) -> Result<(), Failure> {
    let call = Call::system("sweep");
    platform.refresh_calendar().await?;
    let reissued = platform.reissue_dates(&call).await?;
    let swept = platform.sweep_deadlines(&call, deadline::AT_ONCE).await?;
    let settled = platform.settle_licences(&call, SETTLED_AT_ONCE).await?;
    // What an act could not finish: the last case of a group ended, and its notice was not written.
    let handed_back = platform.hand_back_complete_groups().await?;
    let published = platform.publish_reviewed_kinds(&call, SETTLED_AT_ONCE).await?;
    if published > 0 {
        tracing::info!(published, "published results of kinds that were reviewed");
    }
    let erased = platform.erase_due(&call, SETTLED_AT_ONCE).await?;
    if erased > 0 {
        tracing::info!(erased, "erased personal answers that were over their time");
    }
    let purged = platform.finish_purges(&call).await?;
    if purged > 0 {
        tracing::info!(purged, "destroyed what had been confirmed");
    }
    let removed = platform.finish_removals(&call, FILES_AT_ONCE).await?;
    if removed > 0 {
        tracing::info!(removed, "deleted files whose key had been destroyed");
    }
    let sealed = platform.seal_old_files(&call, FILES_AT_ONCE).await?;
    if sealed > 0 {
        tracing::info!(sealed, "sealed files that lay in the clear");
    }
    if swept.due + reissued.counted + settled + handed_back > 0 {
        tracing::info!(
            settled,
            handed_back,
            due = swept.due,
            prompts = swept.prompts,
            deemed = swept.deemed,
            failed = swept.failed,
            moved = reissued.moved,
            "swept"
        );
    }
    Ok(())
}

pub async fn asked_to_stop() -> Result<(), Stop> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Runs `tzxm serve`.
pub async fn run(args: &Args) -> Result<u8, Stop> {
    let config = Config::read(&args.place.config)?;
    config.start_log()?;
    let trusted = release::at_start(&config.release, &args.place.config, &args.place.database).await?;
    let doors = Doors::open(&args.face, &config.listen).await?;
    let store = world::store(&args.place.database).await?;
    let platform = world::platform(&config, store).await?;
    let forwarder = forward::open(&config, platform.chance.as_ref())?;
    doors.serve(platform, trusted, forwarder).await?;
    Ok(crate::lines::GOOD)
}
