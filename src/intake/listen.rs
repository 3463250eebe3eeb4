//! Opens a door: accepts connections, caps them, stops gracefully.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::meters::Meters;
use super::session::Session;
use super::{Intake, Protocol, Reception};

/// Said to a connection too many.
const FULL: &[u8] = b"421 4.7.0 Too many connections; please come back\r\n";
/// Pauses after a failed accept: the usual cause, no free descriptors, passes.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Something that connections come through.
pub trait Door: Send + Sync + 'static {
    /// The stream of one connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection and where it comes from, if that can be told.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<IpAddr>)>> + Send;

    /// Sends a connection away with one line, without waiting.
    fn turn_away(stream: Self::Stream, line: &[u8]);
}

impl Door for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Option<IpAddr>)> {
        let (stream, from) = self.accept().await?;
        // Replies are written in one piece already; a stream that cannot take the option ends by itself.
        let _ = stream.set_nodelay(true);
        Ok((stream, Some(from.ip())))
    }

    fn turn_away(stream: TcpStream, line: &[u8]) {
        // The send buffer of a new connection is empty: one write that does not wait is enough.
        if let Ok(mut stream) = stream.into_std() {
            let _ = stream.write(line);
        }
    }
}

impl Door for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Option<IpAddr>)> {
        let (stream, _) = self.accept().await?;
        Ok((stream, None))
    }

    fn turn_away(stream: UnixStream, line: &[u8]) {
        if let Ok(mut stream) = stream.into_std() {
            let _ = stream.write(line);
        }
    }
}

/// The open connections of a house.
pub(super) struct Slots {
    all_max: usize,
    source_max: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// One open connection; dropped, it makes room for the next.
struct Slot {
    slots: Arc<Slots>,
    source: Option<IpAddr>,
}

impl Slots {
    pub(super) fn new(all_max: usize, source_max: usize) -> Self {
        Self { all_max, source_max, open: Mutex::default() }
    }

    fn take(self: &Arc<Self>, from: Option<IpAddr>) -> Option<Slot> {
        let source = from.map(neighborhood);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.all_max {
            return None;
        }
        if let Some(source) = source {
            let count = open.by_source.entry(source).or_default();
            if *count >= self.source_max {
                return None;
            }
            *count += 1;
        }
        open.all += 1;
        Some(Slot { slots: Arc::clone(self), source })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.slots.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        let Some(source) = self.source else { return };
        if let Some(count) = open.by_source.get_mut(&source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_source.remove(&source);
            }
        }
    }
}

/// What counts as one source: an IPv4 address, or the /64 that one IPv6 customer gets at least.
fn neighborhood(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip @ IpAddr::V4(_) => ip,
    }
}

/// Accepts connections until `stop`. Every connection is a task of `tracker`: after the signal, close the tracker and
/// wait for it; that takes no longer than [`super::Settings::grace`] and a few seconds for farewells.
pub async fn serve<D: Door, R: Reception>(
    door: D,
    protocol: Protocol,
    intake: Arc<Intake<R>>,
    stop: CancellationToken,
    tracker: TaskTracker,
) {
    let meters = Arc::new(Meters::new(protocol));
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
                match intake.slots.take(from) {
                    Some(slot) => {
                        let session = Session::new(
                            stream,
                            from,
                            protocol,
                            Arc::clone(&intake),
                            Arc::clone(&meters),
                            stop.clone(),
                        );
                        tracker.spawn(attend(session, slot, protocol, Arc::clone(&intake), Arc::clone(&meters)));
                    }
                    None => {
                        meters.turned_away.increment(1);
                        D::turn_away(stream, FULL);
                    }
                }
            }
            Err(error) => {
                tracing::warn!(door = protocol.name(), kind = %error.kind(), "accepting a connection failed");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = pause.saturating_mul(2).min(PAUSE_MAX);
            }
        }
    }
}

/// Runs one session in a task of its own, so that a panic ends nothing else.
async fn attend<S, R>(
    session: Session<S, R>,
    slot: Slot,
    protocol: Protocol,
    intake: Arc<Intake<R>>,
    meters: Arc<Meters>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: Reception,
{
    let connection = intake.connections.fetch_add(1, Ordering::Relaxed);
    meters.connections.increment(1);
    meters.open.increment(1.0);
    let ended = tokio::spawn(session.run()).await;
    meters.open.decrement(1.0);
    drop(slot);
    match ended {
        Ok(end) => tracing::debug!(door = protocol.name(), connection, ?end, "connection ended"),
        Err(error) => {
            // The message of a panic may hold anything; it is not repeated here.
            meters.panics.increment(1);
            tracing::error!(
                door = protocol.name(),
                connection,
                panic = error.is_panic(),
                "connection ended by a fault"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_that_count_as_one() {
        let of = |text: &str| neighborhood(text.parse().unwrap());
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }

    #[test]
    fn slots_come_back_and_sources_are_forgotten() {
        let slots = Arc::new(Slots::new(3, 2));
        let here = Some("192.0.2.7".parse().unwrap());
        let (first, second) = (slots.take(here), slots.take(here));
        assert!(first.is_some() && second.is_some());
        assert!(slots.take(here).is_none(), "two from one source");
        let third = slots.take(None);
        assert!(third.is_some());
        assert!(slots.take(None).is_none(), "three in all");
        drop((first, second, third));
        let open = slots.open.lock().unwrap();
        assert!(open.all == 0 && open.by_source.is_empty());
    }
}
