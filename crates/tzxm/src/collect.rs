//! `tzxm collect`: the receiving end of the audit, on a machine of another zone. It needs no database and no other setting.

use crate::{lines::GOOD, log::OneLine, stop::Stop};
use forwarder::{Keeper, TlsFiles, acceptor, serve};
use platform::ports::SystemClock;
use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::Mutex};

/// Arguments of `tzxm collect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, default_value = "127.0.0.1:6514", help = "监听地址")]
    listen: SocketAddr,
    #[arg(long, help = "保存目录，每天一个文件")]
    directory: PathBuf,
    #[arg(long, help = "本机证书文件（PEM）")]
    certificate: PathBuf,
    #[arg(long, help = "本机私钥文件（PEM）")]
    key: PathBuf,
    #[arg(long, help = "只接受这个机构签发证书的发送方（PEM）；不写则不要求发送方出示证书")]
    client_authority: Option<PathBuf>,
}

/// Runs `tzxm collect` until it is stopped.
pub async fn run(args: &Args, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(OneLine).compact().try_init();
    log.map_err(|error| Stop::new(format!("无法启动日志：{error}")))?;
    let files = TlsFiles {
        authority: args.client_authority.as_deref().unwrap_or(Path::new("")),
        certificate: &args.certificate,
        key: &args.key,
    };
    let tls = acceptor(files).map_err(|fault| Stop::new(fault.to_string()))?;
    let keeper = Keeper::open(&args.directory)
        .map_err(|error| Stop::because(format!("无法使用保存目录 {}", args.directory.display()), &error))?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| Stop::because(format!("不能在 {} 监听，请检查端口是否被占用", args.listen), &error))?;
    let last = keeper.last().map_or(0, |(seq, _)| seq);
    writeln!(out, "在 {} 收集审计记录，已保存到第 {last} 号", listener.local_addr()?)?;
    out.flush()?;
    tokio::select! {
        ended = serve(listener, tls, Arc::new(Mutex::new(keeper)), Arc::new(SystemClock)) => ended?,
        asked = crate::serve::asked_to_stop() => asked?,
    }
    Ok(GOOD)
}
