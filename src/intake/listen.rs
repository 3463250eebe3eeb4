//! Opens a door: accepts connections, caps them, brings each to its conversation, stops gracefully.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::meters::Meters;
use super::patience::{Cut, Patience, Worth};
use super::session::{End, Session};
use super::sockets::Door;
use super::sources::Slot;
use super::{Entrance, Intake, Peer, Reception, proxy};

/// Said to a connection too many.
const FULL: &[u8] = b"421 4.7.0 Too many connections; please come back\r\n";
/// Pauses after a failed accept: the usual cause, no free descriptors, passes.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Accepts connections until `stop`. Every connection is a task of `tracker`: after the signal, close the tracker and
/// wait for it; that takes no longer than [`super::Settings::grace`] and a few seconds for farewells.
pub async fn serve<D: Door, R: Reception>(
    door: D,
    entrance: Entrance,
    intake: Arc<Intake<R>>,
    stop: CancellationToken,
    tracker: TaskTracker,
) {
    let meters = Arc::new(Meters::new(entrance.name()));
    let mut pause = PAUSE_MIN;
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            next = door.next() => next,
        };
        match next {
            Ok((stream, from)) => {
                pause = PAUSE_MIN;
                let behind_proxy =
                    from.is_some_and(|ip| intake.settings.proxies.iter().any(|network| network.holds(ip)));
                // Behind a load balancer the source is known only when it has said so.
                match intake.slots.take(from.filter(|_| !behind_proxy)) {
                    Some(slot) => {
                        let (intake, meters, stop) = (Arc::clone(&intake), Arc::clone(&meters), stop.clone());
                        let visit = Visit { entrance, from, behind_proxy, slot, intake, meters, stop };
                        tracker.spawn(attend(visit, stream));
                    }
                    None => {
                        meters.turned_away.increment(1);
                        D::turn_away(stream, entrance.in_clear(FULL));
                    }
                }
            }
            Err(error) => {
                tracing::warn!(door = entrance.name(), kind = %error.kind(), "accepting a connection failed");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = pause.saturating_mul(2).min(PAUSE_MAX);
            }
        }
    }
}

/// Runs one conversation in a task of its own, so that a panic ends nothing else.
async fn attend<S, R>(visit: Visit<R>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: Reception,
{
    let (door, meters) = (visit.entrance.name(), Arc::clone(&visit.meters));
    let connection = visit.intake.connections.fetch_add(1, Ordering::Relaxed);
    meters.connections.increment(1);
    meters.open.increment(1.0);
    let ended = tokio::spawn(visit.run(stream)).await;
    meters.open.decrement(1.0);
    match ended {
        Ok(end) => tracing::debug!(door, connection, ?end, "connection ended"),
        Err(error) => {
            // The message of a panic may hold anything; it is not repeated here.
            meters.panics.increment(1);
            tracing::error!(door, connection, panic = error.is_panic(), "connection ended by a fault");
        }
    }
}

/// One connection from its first byte to its last.
struct Visit<R: Reception> {
    entrance: Entrance,
    from: Option<IpAddr>,
    behind_proxy: bool,
    slot: Slot,
    intake: Arc<Intake<R>>,
    meters: Arc<Meters>,
    stop: CancellationToken,
}

impl<R: Reception> Visit<R> {
    async fn run<S: AsyncRead + AsyncWrite + Unpin + Send>(mut self, mut stream: S) -> End {
        if self.behind_proxy
            && let Err(end) = self.ask_proxy(&mut stream).await
        {
            return end;
        }
        if self.entrance.wrapped {
            return match self.secure(stream).await {
                Ok(stream) => self.converse(stream, true, true).await,
                Err(end) => end,
            };
        }
        match self.session(stream, false, true).run().await {
            Err(end) => end,
            // Another session: nothing that was said in clear counts any more (RFC 3207 4.2).
            Ok(stream) => match self.secure(stream).await {
                Ok(stream) => self.converse(stream, true, false).await,
                Err(end) => end,
            },
        }
    }

    /// Hears from the load balancer where the client is.
    async fn ask_proxy<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut S) -> Result<(), End> {
        let limit = self.intake.settings.proxy_timeout;
        let told =
            self.hurry(limit, proxy::read(stream)).await.inspect_err(|_| self.meters.proxy_failed.increment(1))?;
        self.from = told.or(self.from);
        if self.from.is_none_or(|ip| self.slot.claim(ip)) {
            return Ok(());
        }
        self.meters.turned_away.increment(1);
        let line = self.entrance.in_clear(FULL);
        let _ = self.hurry(limit, tokio::io::AsyncWriteExt::write_all(stream, line)).await;
        Err(End::Enough)
    }

    /// The handshake of TLS, within its time.
    async fn secure<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Result<TlsStream<S>, End> {
        let Some(identity) = &self.intake.settings.identity else {
            return Err(End::Gone);
        };
        let handshake = identity.acceptor().accept(stream);
        let done = self.hurry(self.intake.settings.handshake_timeout, handshake).await;
        let counter = if done.is_ok() { &self.meters.tls } else { &self.meters.tls_failed };
        counter.increment(1);
        done
    }

    async fn hurry<T>(&self, limit: Duration, what: impl Future<Output = io::Result<T>>) -> Result<T, End> {
        let mut patience = Patience::new(self.stop.clone(), self.intake.settings.grace);
        match patience.wait(Instant::now() + limit, Worth::Idle, what).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(End::Gone),
            Err(Cut::Late) => Err(End::Late),
            Err(Cut::Closing) => Err(End::Closing),
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, tls: bool, greets: bool) -> End {
        // A session that is encrypted already never asks for it.
        self.session(stream, tls, greets).run().await.err().unwrap_or(End::Gone)
    }

    fn session<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, tls: bool, greets: bool) -> Session<S, R> {
        let peer = Peer {
            ip: self.from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            hello: String::new(),
            tls,
            protocol: self.entrance.protocol,
        };
        Session::new(stream, peer, greets, Arc::clone(&self.intake), Arc::clone(&self.meters), self.stop.clone())
    }
}
