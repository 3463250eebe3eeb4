//! A browser of the smallest kind: one connection, one cookie, GET.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::stuck;
use crate::cli::Ended;

pub(super) struct Browser {
    stream: BufReader<TcpStream>,
    /// The lines of every request behind its first one.
    head: String,
}

impl Browser {
    pub(super) async fn connect(web: SocketAddr, session: Option<&str>) -> Result<Self, Ended> {
        let stream = TcpStream::connect(web).await?;
        stream.set_nodelay(true)?;
        let cookie = session.map(|s| format!("cookie: s={s}; l=en\r\n")).unwrap_or_default();
        Ok(Self { stream: BufReader::new(stream), head: format!("host: {web}\r\n{cookie}\r\n") })
    }

    /// Fetches a page and returns its size; any answer but 200 is an error.
    pub(super) async fn get(&mut self, path: &str) -> Result<usize, Ended> {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.head);
        self.stream.write_all(request.as_bytes()).await?;
        let mut status = String::new();
        self.stream.read_line(&mut status).await?;
        let mut length = None;
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(stuck("the server hung up"));
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse::<usize>().ok();
            }
        }
        let mut body = vec![0; length.ok_or_else(|| stuck("a page without a length"))?];
        self.stream.read_exact(&mut body).await?;
        if status.starts_with("HTTP/1.1 200") {
            Ok(body.len())
        } else {
            Err(stuck(format!("{path}: {}", status.trim())))
        }
    }
}
