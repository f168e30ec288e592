//! Connections with patience that ends: whoever sends the head of a request drop by drop, or does not take the answer, is not
//! waited for. How long a body may take is decided where it is read (`platform::upload`), how long an answer may be worked on at the door.

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    time::{Sleep, sleep},
};
use tower::ServiceExt;

/// How long one waits for a client.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the whole head of a request, from its first byte or the end of the one before.
    pub head: Duration,
    /// For a client to take anything at all of an answer.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(20), answer: Duration::from_secs(30) }
    }
}

/// Pause after a connection could not be accepted: usually too many files are open, and some will close.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves until `stopped`, then lets running requests end.
pub async fn serve(door: TcpListener, router: Router, patience: Patience, stopped: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let running = GracefulShutdown::new();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let accepted = tokio::select! {
            accepted = door.accept() => accepted,
            () = &mut stopped => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(from));
            router.clone().oneshot(request.map(Body::new))
        });
        let connection = http.serve_connection(TokioIo::new(Patient::new(stream, patience.answer)), service);
        let connection = running.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection ended early");
            }
        });
    }
    drop(door);
    running.shutdown().await;
}

/// A connection whose writes fail when nothing is taken for too long.
struct Patient {
    stream: TcpStream,
    most: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn new(stream: TcpStream, most: Duration) -> Self {
        // Answers are small and whole: nothing is gained by holding back their last packet.
        let _ = stream.set_nodelay(true);
        Self { stream, most, waiting: None }
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let most = self.most;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(most)));
        waiting.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::mpsc,
        time::timeout,
    };

    const SHORT: Patience = Patience { head: Duration::from_millis(300), answer: Duration::from_millis(300) };
    const LONG: Duration = Duration::from_secs(30);

    async fn open(router: Router) -> SocketAddr {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = door.local_addr().unwrap();
        tokio::spawn(serve(door, router, SHORT, std::future::pending()));
        at
    }

    async fn ask(at: SocketAddr) -> String {
        let mut client = TcpStream::connect(at).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a17_the_head_of_a_request_does_not_come_drop_by_drop() {
        let at = open(Router::new().route("/", get(|| async { "ok" }))).await;
        let mut slow = Vec::new();
        for _ in 0..50 {
            let mut client = TcpStream::connect(at).await.unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
            slow.push(client);
        }
        assert!(ask(at).await.ends_with("ok"), "others are answered meanwhile");
        for mut client in slow {
            let mut rest = Vec::new();
            // Drop by drop, until the other side has hung up.
            let ended = timeout(LONG, async {
                loop {
                    let drop = timeout(Duration::from_millis(50), client.read_to_end(&mut rest)).await;
                    if drop.is_ok() || client.write_all(b"x-a: b\r\n").await.is_err() {
                        break;
                    }
                }
            });
            ended.await.unwrap();
        }
        assert!(ask(at).await.ends_with("ok"));
    }

    /// Tells when the answer it belongs to is given up.
    struct Gone(mpsc::UnboundedSender<()>);

    impl Drop for Gone {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    #[tokio::test]
    async fn a17_an_answer_that_nobody_takes_is_given_up() {
        let (told, mut gone) = mpsc::unbounded_channel();
        let endless = move || {
            let guard = Gone(told.clone());
            async move {
                let pieces = futures_util::stream::repeat_with(move || {
                    let _kept = &guard;
                    Ok::<_, io::Error>(vec![0u8; 65_536])
                });
                Body::from_stream(pieces)
            }
        };
        let at = open(Router::new().route("/", get(|| async { "ok" })).route("/endless", get(endless))).await;
        let mut client = TcpStream::connect(at).await.unwrap();
        client.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        timeout(LONG, gone.recv()).await.unwrap().unwrap();
        assert!(ask(at).await.ends_with("ok"));
        drop(client);
    }

    #[tokio::test]
    async fn a_server_that_stops_lets_running_requests_end() {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = door.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (begun, mut running) = mpsc::unbounded_channel();
        let slow = move || {
            let begun = begun.clone();
            async move {
                let _ = begun.send(());
                sleep(Duration::from_millis(200)).await;
                "done"
            }
        };
        let router = Router::new().route("/", get(slow));
        let serving = tokio::spawn(serve(door, router, SHORT, async move { drop(stopped.await) }));
        let asking = tokio::spawn(ask(at));
        running.recv().await.unwrap();
        stop.send(()).unwrap();
        assert!(asking.await.unwrap().ends_with("done"));
        timeout(LONG, serving).await.unwrap().unwrap();
    }
}
