//! The collector: listens, proves, keeps, and asks for what it misses.

use crate::{
    Broken, STREAM, frame,
    keep::{Keeper, Taken},
    syslog::parse,
};
use platform::ports::Clock;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::Mutex,
};
use tokio_rustls::TlsAcceptor;

/// A connection on which nothing comes for so long is closed; the other side comes again.
const QUIET: Duration = Duration::from_secs(300);
/// Longest time a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Messages taken before they are brought to the disk at the latest.
const BATCH: usize = 200;

/// Accepts connections until the listener fails.
pub async fn serve(
    listener: TcpListener,
    tls: TlsAcceptor,
    keeper: Arc<Mutex<Keeper>>,
    clock: Arc<dyn Clock>,
) -> io::Result<()> {
    loop {
        let (line, peer) = listener.accept().await?;
        let (tls, keeper, clock) = (tls.clone(), keeper.clone(), clock.clone());
        tokio::spawn(async move {
            let ended = match tokio::time::timeout(HANDSHAKE, tls.accept(line)).await {
                Ok(Ok(line)) => collect(line, &keeper, clock.as_ref()).await,
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(Broken::Peer("no handshake in time".to_owned())),
            };
            match ended {
                Ok(()) => tracing::info!(%peer, "the sender has gone"),
                Err(broken) => tracing::warn!(%peer, error = %broken, "a connection ended"),
            }
        });
    }
}

/// Serves one sender to its end.
pub async fn collect(
    line: impl AsyncRead + AsyncWrite,
    keeper: &Mutex<Keeper>,
    clock: &dyn Clock,
) -> Result<(), Broken> {
    let (from, mut to) = tokio::io::split(line);
    let (mut from, mut to) = (BufReader::new(Box::pin(from)), Box::pin(&mut to));
    let ready = match keeper.lock().await.last() {
        Some((seq, hash)) => format!("READY {STREAM} {seq} {}\n", hex::encode(hash)),
        None => format!("READY {STREAM} 0 -\n"),
    };
    to.write_all(ready.as_bytes()).await?;
    to.flush().await?;
    // Asked for once: what else is already on its way is passed over until it comes.
    let mut asked = None;
    loop {
        let Ok(first) = tokio::time::timeout(QUIET, frame::read(&mut from)).await else {
            return Err(Broken::Peer("nothing came for long".to_owned()));
        };
        let Some(mut message) = first? else { return Ok(()) };
        let mut answers = String::new();
        let mut keeper = keeper.lock().await;
        for count in 1.. {
            let carried = parse(&message).ok_or_else(|| Broken::Peer("no audit record".to_owned()))?;
            let day = clock.now().date().to_string();
            match keeper.take(&day, &message, &carried)? {
                Taken::Kept | Taken::Known => asked = None,
                Taken::Missing { from, .. } if asked == Some(from) => {}
                Taken::Missing { from, to } => {
                    tracing::error!(from, to, "records are missing; asked for them again");
                    answers.push_str(&format!("MISSING {STREAM} {from} {to}\n"));
                    asked = Some(from);
                }
                Taken::Conflict => {
                    tracing::error!(seq = carried.record.seq, "a record does not chain onto the one kept before it");
                    keeper.sync()?;
                    let answer = format!("CONFLICT {STREAM} {}\n", carried.record.seq);
                    to.write_all(answer.as_bytes()).await?;
                    to.flush().await?;
                    return Err(Broken::Peer("another chain".to_owned()));
                }
            }
            // What has already come is taken together; nothing more is waited for.
            if count >= BATCH || from.buffer().is_empty() {
                break;
            }
            // The rest of a message whose beginning is here.
            match tokio::time::timeout(HANDSHAKE, frame::read(&mut from)).await {
                Ok(Ok(Some(next))) => message = next,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(Broken::Peer("half a message".to_owned())),
            }
        }
        keeper.sync()?;
        let last = keeper.last().map_or(0, |(seq, _)| seq);
        drop(keeper);
        answers.insert_str(0, &format!("KEPT {STREAM} {last}\n"));
        to.write_all(answers.as_bytes()).await?;
        to.flush().await?;
    }
}
