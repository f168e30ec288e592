//! The sending side: a follower of the audit with the cursor of the platform.

use crate::{
    Broken, ForwardSettings, NotOpened, STREAM, frame,
    syslog::{Carried, message},
    tls::{TlsFiles, connector},
};
use ledger::AuditRecord;
use platform::{Call, Platform};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

/// Longest time one answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// Longest time a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Sends to one collector.
pub struct Forwarder {
    address: String,
    name: ServerName<'static>,
    tls: TlsConnector,
    node: String,
}

impl Forwarder {
    /// Reads the files of the settings; `None` when nothing is forwarded. `node` names this process for the lease.
    pub fn open(settings: &ForwardSettings, node: String) -> Result<Option<Self>, NotOpened> {
        if !settings.is_on() {
            return Ok(None);
        }
        let name = ServerName::try_from(settings.server_name().to_owned());
        let name = name.map_err(|_| NotOpened("[forward] name 不是主机名".to_owned()))?;
        let tls = connector(TlsFiles {
            authority: &settings.authority_file,
            certificate: &settings.certificate_file,
            key: &settings.key_file,
        })?;
        Ok(Some(Self { address: settings.address.clone(), name, tls, node }))
    }

    /// Sends what is due, when it is this node's to send, and returns. How many records were confirmed.
    pub async fn forward(&self, platform: &Platform) -> Result<u64, Broken> {
        let call = Call::system("forward");
        let Some(done) = platform.lease_forwarding(&call, &self.node).await? else { return Ok(0) };
        if platform.records_to_forward(&call, done.seq).await?.is_empty() {
            return Ok(0);
        }
        let late = || Broken::Peer("no connection in time".to_owned());
        let line = tokio::time::timeout(CONNECT, async {
            let line = TcpStream::connect(&self.address).await?;
            self.tls.connect(self.name.clone(), line).await
        });
        let line = line.await.map_err(|_| late())??;
        session(line, platform, &self.node).await
    }

    /// Lets another node send.
    pub async fn stop(&self, platform: &Platform) -> Result<(), Broken> {
        Ok(platform.end_forwarding(&Call::system("forward"), &self.node).await?)
    }
}

/// An answer of the collector.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Ready(i64, Option<Vec<u8>>),
    Kept(i64),
    Missing(i64, i64),
    Conflict(i64),
}

impl Answer {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n >= 0);
        match words.as_slice() {
            ["READY", stream, "0", "-"] if *stream == STREAM => Some(Self::Ready(0, None)),
            ["READY", stream, seq, hash] if *stream == STREAM => {
                Some(Self::Ready(number(seq)?, Some(hex::decode(hash).ok()?)))
            }
            ["KEPT", stream, seq] if *stream == STREAM => Some(Self::Kept(number(seq)?)),
            ["MISSING", stream, from, to] if *stream == STREAM => Some(Self::Missing(number(from)?, number(to)?)),
            ["CONFLICT", stream, seq] if *stream == STREAM => Some(Self::Conflict(number(seq)?)),
            _ => None,
        }
    }
}

/// Sends everything there is over one line, and returns when all of it is confirmed. How many records were.
pub async fn session(line: impl AsyncRead + AsyncWrite, platform: &Platform, node: &str) -> Result<u64, Broken> {
    let (from, to) = tokio::io::split(line);
    let (from, to) = (BufReader::new(Box::pin(from)), Box::pin(to));
    let call = Call::system("forward");
    let Some(done) = platform.lease_forwarding(&call, node).await? else { return Ok(0) };
    let mut sender = Sender { from, to, platform, call, node, prev: None, confirmed: done.seq };
    let start = sender.begin().await?;
    sender.send_from(start).await?;
    Ok(sender.confirmed.abs_diff(done.seq))
}

struct Sender<'a, R, W> {
    from: R,
    to: W,
    platform: &'a Platform,
    call: Call,
    node: &'a str,
    /// Number and hash of the record sent last.
    prev: Option<(i64, Vec<u8>)>,
    confirmed: i64,
}

impl<R: tokio::io::AsyncBufRead + Unpin, W: AsyncWrite + Unpin> Sender<'_, R, W> {
    async fn answer(&mut self) -> Result<Answer, Broken> {
        let line = tokio::time::timeout(ANSWER, frame::line(&mut self.from)).await;
        let line = line.map_err(|_| Broken::Peer("no answer in time".to_owned()))??;
        let line = line.ok_or_else(|| Broken::Peer("it hung up".to_owned()))?;
        Answer::parse(&line)
            .ok_or_else(|| Broken::Peer(format!("said {:?}", line.chars().take(60).collect::<String>())))
    }

    async fn gap(&self, what: String) -> Result<(), Broken> {
        tracing::error!(what, "the collector misses audit records, or holds others");
        Ok(self.platform.note_forward_gap(&self.call, what).await?)
    }

    /// Where the collector stands; the records after it are to be sent.
    async fn begin(&mut self) -> Result<i64, Broken> {
        let (kept, hash) = match self.answer().await? {
            Answer::Ready(kept, hash) => (kept, hash),
            other => return Err(Broken::Peer(format!("said {other:?} first"))),
        };
        if kept < self.confirmed {
            let (from, to) = (kept + 1, self.confirmed);
            self.gap(format!("收集端缺少已经确认的第 {from} 至 {to} 号，已重新发送")).await?;
        }
        let Some(hash) = hash else { return Ok(0) };
        match self.platform.hash_to_forward(&self.call, kept).await? {
            // Older than what was archived: nothing to compare with.
            None if kept < self.confirmed => {}
            Some(ours) if ours == hash => {}
            _ => {
                self.gap(format!("收集端保存的第 {kept} 号与平台的记录不是同一条")).await?;
                return Err(Broken::Peer(format!("holds another record {kept}")));
            }
        }
        self.confirm(kept).await?;
        Ok(kept)
    }

    async fn confirm(&mut self, kept: i64) -> Result<(), Broken> {
        if kept <= self.confirmed {
            return Ok(());
        }
        if !self.platform.confirm_forwarded(&self.call, self.node, kept).await? {
            return Err(Broken::Peer("another node sends now".to_owned()));
        }
        self.confirmed = kept;
        Ok(())
    }

    async fn send_from(&mut self, start: i64) -> Result<(), Broken> {
        let mut after = start;
        loop {
            let page = self.platform.records_to_forward(&self.call, after).await?;
            let Some(last) = page.last().map(|record| record.seq) else { return Ok(()) };
            for record in page {
                self.send(record).await?;
            }
            self.to.flush().await?;
            after = self.wait_for(last).await?;
        }
    }

    async fn send(&mut self, record: AuditRecord) -> Result<(), Broken> {
        let prev = match self.prev.take() {
            Some((seq, hash)) if seq + 1 == record.seq => hash,
            _ if record.seq == 1 => ledger::ZERO.to_vec(),
            _ => self.platform.hash_to_forward(&self.call, record.seq - 1).await?.unwrap_or_default(),
        };
        self.prev = Some((record.seq, record.hash.clone()));
        frame::write(&mut self.to, &message(&Carried { prev, record })).await?;
        Ok(())
    }

    /// Waits until the collector keeps record `last`, or says what it misses. Where to go on after.
    async fn wait_for(&mut self, last: i64) -> Result<i64, Broken> {
        loop {
            match self.answer().await? {
                Answer::Kept(kept) => {
                    self.confirm(kept).await?;
                    if kept >= last {
                        return Ok(kept);
                    }
                }
                Answer::Missing(from, to) => {
                    self.gap(format!("收集端缺少第 {from} 至 {to} 号，已重新发送")).await?;
                    return Ok(from - 1);
                }
                Answer::Conflict(seq) => {
                    self.gap(format!("收集端不接受第 {seq} 号：与它保存的前一号接不上")).await?;
                    return Err(Broken::Peer(format!("refuses record {seq}")));
                }
                Answer::Ready(..) => return Err(Broken::Peer("said READY twice".to_owned())),
            }
        }
    }
}
