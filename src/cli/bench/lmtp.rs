//! An LMTP client that keeps its connection busy, and the mails it sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::stuck;
use crate::cli::Ended;

/// A connection is given up for a new one after so many mails, as mail servers do.
const MAILS_PER_CONNECTION: usize = 5_000;

/// A mail with its envelope, as bytes on the wire.
pub(super) struct Mail {
    commands: Vec<u8>,
    content: Vec<u8>,
}

impl Mail {
    /// `content` must hold no line that begins with a dot.
    pub(super) fn new(from: &str, to: &str, mut content: Vec<u8>) -> Self {
        content.extend_from_slice(b".\r\n");
        Self { commands: format!("MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n").into_bytes(), content }
    }
}

/// One connection.
pub(super) struct Line(BufReader<TcpStream>);

impl Line {
    pub(super) async fn open(door: SocketAddr) -> Result<Self, Ended> {
        let stream = TcpStream::connect(door).await?;
        stream.set_nodelay(true)?;
        let mut line = Self(BufReader::new(stream));
        line.expect("220").await?;
        line.0.write_all(b"LHLO bench.example\r\n").await?;
        line.expect("250").await?;
        Ok(line)
    }

    /// Delivers one mail: the envelope in one write, the content when it is asked for, then waits for the 250.
    pub(super) async fn deliver(&mut self, mail: &Mail) -> Result<(), Ended> {
        self.0.write_all(&mail.commands).await?;
        for code in ["250", "250", "354"] {
            self.expect(code).await?;
        }
        self.0.write_all(&mail.content).await?;
        self.expect("250").await
    }

    async fn expect(&mut self, code: &str) -> Result<(), Ended> {
        let mut reply = String::new();
        loop {
            reply.clear();
            if self.0.read_line(&mut reply).await? == 0 {
                return Err(stuck("the door hung up"));
            }
            if !reply.starts_with(code) {
                return Err(stuck(format!("the door said {}", reply.trim())));
            }
            if reply.as_bytes().get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }
}

/// Sends all mails over so many connections, each as fast as it is answered.
pub(super) async fn send_all(door: SocketAddr, mails: &Arc<Vec<Mail>>, connections: usize) -> Result<(), Ended> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (mails, next) = (Arc::clone(mails), Arc::clone(&next));
        tasks.spawn(async move {
            let mut line = Line::open(door).await?;
            let mut sent = 0;
            while let Some(mail) = mails.get(next.fetch_add(1, Ordering::Relaxed)) {
                if sent == MAILS_PER_CONNECTION {
                    line = Line::open(door).await?;
                    sent = 0;
                }
                line.deliver(mail).await?;
                sent += 1;
            }
            Ok::<_, Ended>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(stuck)??;
    }
    Ok(())
}

/// A mail as webmailers send them: headers, quoted-printable text, base64 HTML. The limit program makes the same, but for
/// address and name: a client writes to the thread's own and goes by one name, and nothing is odd about that.
pub(super) fn webmail(n: usize, from: &str, to: &str, size: usize) -> Vec<u8> {
    let (r, mm, ss) = (n % 250 + 1, n / 60 % 60, n % 60);
    // A client goes by one name.
    let name = from.split('@').next().unwrap_or_default();
    let mut m = format!(
        "Received: from mx{r}.example.net (mx{r}.example.net [192.0.2.{r}])\r\n\tby mail.example.org with ESMTPS id {n:08x}\r\n\
         \tfor <help@example.org>; Fri, 20 Nov 2026 10:{mm:02}:{ss:02} +0100\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s1;\r\n\
         \th=from:to:subject:date; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=dGVzdA==\r\n\
         From: =?utf-8?q?Anna_B=C3=A4r_{name}?= <{from}>\r\nTo: Beratung <{to}>\r\n\
         Subject: =?utf-8?b?SWNoIGJyYXVjaGUgSGlsZmU=?= {n}\r\nDate: Fri, 20 Nov 2026 10:{mm:02}:{ss:02} +0100\r\n\
         Message-ID: <{n:x}.{size}@example.net>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"b-{n}\"\r\n\r\n\
         --b-{n}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    .into_bytes();
    let mut line = 0;
    while m.len() < size / 2 + 300 {
        m.extend_from_slice(
            format!("Liebe Beratung, Zeile {line} von Brief {n}: ich wei=C3=9F nicht weiter=2E\r\n").as_bytes(),
        );
        line += 1;
    }
    let html =
        format!("\r\n--b-{n}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    m.extend_from_slice(html.as_bytes());
    fill(m, &format!("\r\n--b-{n}--\r\n"), b"PHA+TGllYmUgQmVyYXR1bmcsIGljaCB3ZWnDnyBuaWNodCB3ZWl0ZXI=\r\n", size)
}

/// A mail with one large attached file.
pub(super) fn heavy_mail(from: &str, to: &str, size: usize) -> Vec<u8> {
    let head = format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: A large file\r\nMessage-ID: <heavy@example.net>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe file is attached.\r\n\
         --b\r\nContent-Type: application/pdf; name=\"file.pdf\"\r\nContent-Disposition: attachment; filename=\"file.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    );
    let line = b"JVBERi0xLjQKJcfsj6IKNSAwIG9iago8PC9MZW5ndGggNiAwIFIvRmlsdGVyIC9GbGF0ZURlY28A\r\n";
    fill(head.into_bytes(), "\r\n--b--\r\n", line, size)
}

fn fill(mut mail: Vec<u8>, end: &str, line: &[u8], size: usize) -> Vec<u8> {
    while mail.len() + end.len() + line.len() < size {
        mail.extend_from_slice(line);
    }
    mail.extend_from_slice(end.as_bytes());
    mail
}
