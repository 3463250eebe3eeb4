//! A wire between the program and its database that can be cut, held up and mended.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// How the wire is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wire {
    /// Everything passes.
    Whole,
    /// Nothing passes; everybody waits.
    Held,
    /// Connections break, new ones are refused.
    Cut,
}

/// The wire. It ends with the runtime it was laid in.
pub(crate) struct Proxy {
    address: SocketAddr,
    wire: watch::Sender<Wire>,
}

/// Where the database really is.
#[derive(Clone)]
enum Target {
    Socket(PathBuf),
    Tcp(String, u16),
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Target {
    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Self::Tcp(host, port) => Box::new(TcpStream::connect((host.as_str(), *port)).await?),
        })
    }
}

impl Proxy {
    /// Lays a wire to the PostgreSQL at `url`.
    pub(crate) async fn to(url: &str) -> (Self, String) {
        let options: PgConnectOptions = url.parse().unwrap();
        let target = match options.get_socket() {
            Some(folder) => Target::Socket(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
            None => Target::Tcp(options.get_host().to_owned(), options.get_port()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (wire, watched) = watch::channel(Wire::Whole);
        tokio::spawn(accept(listener, target, watched));
        let proxy = Self { address, wire };
        let (user, database) = (options.get_username(), options.get_database().unwrap_or("postgres"));
        let through = format!("postgres://{user}@{}/{database}?sslmode=disable", proxy.address);
        (proxy, through)
    }

    /// Changes the wire.
    pub(crate) fn is_now(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn accept(listener: TcpListener, target: Target, wire: watch::Receiver<Wire>) {
    while let Ok((near, _)) = listener.accept().await {
        if *wire.borrow() == Wire::Cut {
            // Gone before a word was said, as when nobody listens.
            drop(near);
            continue;
        }
        tokio::spawn(carry(near, target.clone(), wire.clone()));
    }
}

async fn carry(near: TcpStream, target: Target, mut wire: watch::Receiver<Wire>) -> io::Result<()> {
    let far = target.connect().await?;
    let (near_read, near_write) = tokio::io::split(near);
    let (far_read, far_write) = tokio::io::split(far);
    let gate = Arc::new(wire.clone());
    tokio::select! {
        done = pump(near_read, far_write, (*gate).clone()) => done,
        done = pump(far_read, near_write, (*gate).clone()) => done,
        _ = wire.wait_for(|w| *w == Wire::Cut) => Ok(()),
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut wire: watch::Receiver<Wire>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        // Whoever holds the wire lets go of it by cutting or mending.
        let _ = wire.wait_for(|w| *w != Wire::Held).await;
        to.write_all(&buffer[..count]).await?;
    }
}
