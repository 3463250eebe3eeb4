//! The other end of the line: a mail server that speaks LMTP, and a browser without scripts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::multipart;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpSocket, TcpStream};

/// A connection to the LMTP door.
pub(crate) struct Lmtp {
    stream: BufStream<TcpStream>,
}

impl Lmtp {
    /// Connects, hears the greeting and says hello.
    pub(crate) async fn open(door: SocketAddr) -> io::Result<Self> {
        Self::open_from(door, Ipv4Addr::LOCALHOST).await
    }

    /// The same from another address of this machine.
    pub(crate) async fn open_from(door: SocketAddr, from: Ipv4Addr) -> io::Result<Self> {
        let mut lmtp = Self::connect(door, from).await?;
        match lmtp.reply().await? {
            220 => {}
            code => return Err(io::Error::other(format!("greeted with {code}"))),
        }
        lmtp.say("LHLO mx.example").await?;
        Ok(lmtp)
    }

    /// Connects and says nothing.
    pub(crate) async fn connect(door: SocketAddr, from: Ipv4Addr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(door).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufStream::new(stream) })
    }

    /// The code of the next reply, its lines skipped.
    pub(crate) async fn reply(&mut self) -> io::Result<u16> {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) == Some(&b' ') {
                return line.get(..3).and_then(|c| c.parse().ok()).ok_or(io::ErrorKind::InvalidData.into());
            }
        }
    }

    /// Sends a line and hears the code of the answer.
    pub(crate) async fn say(&mut self, line: &str) -> io::Result<u16> {
        self.push(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Sends bytes as they are.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// MAIL and RCPT; the answer to the latter.
    pub(crate) async fn envelope(&mut self, from: &str, to: &str) -> io::Result<u16> {
        self.say("RSET").await?;
        self.say(&format!("MAIL FROM:<{from}>")).await?;
        self.say(&format!("RCPT TO:<{to}>")).await
    }

    /// DATA and the mail, whose lines begin with no dot; the answer to the mail.
    pub(crate) async fn data(&mut self, mail: &[u8]) -> io::Result<u16> {
        match self.say("DATA").await? {
            354 => {}
            code => return Ok(code),
        }
        self.stream.write_all(mail).await?;
        self.push(b"\r\n.\r\n").await?;
        self.reply().await
    }

    /// A whole mail; the first answer that is not a yes, or the last one.
    pub(crate) async fn send(&mut self, from: &str, to: &str, mail: &[u8]) -> io::Result<u16> {
        match self.envelope(from, to).await? {
            250 => self.data(mail).await,
            code => Ok(code),
        }
    }

    /// Whether the other end has hung up, after whatever it still had to say.
    pub(crate) async fn hears_the_end(&mut self) -> bool {
        let mut rest = Vec::new();
        tokio::time::timeout(Duration::from_secs(5), self.stream.read_to_end(&mut rest)).await.is_ok()
    }
}

/// A browser that keeps cookies and runs no scripts.
#[derive(Clone)]
pub(crate) struct Browser {
    client: reqwest::Client,
    base: String,
}

/// A letter in a form, ready to be handed in; handed in twice, it is one letter.
#[derive(Clone)]
pub(crate) struct LetterForm {
    path: String,
    pub(crate) token: String,
    form_id: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) file: Option<Vec<u8>>,
}

impl Browser {
    pub(crate) fn new(base: &str) -> Self {
        let client = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .no_proxy()
            .build()
            .unwrap();
        Self { client, base: base.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        self.client.get(format!("{}{path}", self.base)).send().await
    }

    /// Signs in as a client; where that leads.
    pub(crate) async fn sign_in(&self, name: &str, secret: &str) -> reqwest::Result<String> {
        let page = self.get("/sign-in").await?.text().await?;
        let form = [("form_token", hidden(&page, "form_token")), ("name", name.into()), ("secret", secret.into())];
        let answer = self.client.post(format!("{}/sign-in", self.base)).form(&form).send().await?;
        Ok(leads_to(&answer))
    }

    /// Opens the page for writing and fills it in.
    pub(crate) async fn write(&self, thread: &str, subject: &str, text: &str) -> reqwest::Result<LetterForm> {
        let path = format!("/mailbox/{thread}/write");
        let answer = self.get(&path).await?;
        assert_eq!(answer.status(), 200, "the page for writing");
        let page = answer.text().await?;
        let (token, form_id) = (hidden(&page, "form_token"), hidden(&page, "form_id"));
        Ok(LetterForm { path, token, form_id, subject: subject.into(), text: text.into(), file: None })
    }

    /// Hands a letter in.
    pub(crate) async fn hand_in(&self, letter: &LetterForm) -> reqwest::Result<reqwest::Response> {
        let fields = [
            ("form_token", &letter.token),
            ("form_id", &letter.form_id),
            ("subject", &letter.subject),
            ("text", &letter.text),
        ];
        let fields = fields.into_iter().map(|(n, v)| (n, v.clone()));
        let fields = fields.chain([("safe", "yes".to_owned()), ("send", "1".to_owned())]);
        let request = self.client.post(format!("{}{}", self.base, letter.path));
        match &letter.file {
            None => request.form(&fields.collect::<Vec<_>>()).send().await,
            Some(bytes) => {
                let form = fields.fold(multipart::Form::new(), |form, (name, value)| form.text(name, value));
                let part = multipart::Part::bytes(bytes.clone()).file_name("surat.pdf");
                request.multipart(form.part("file", part)).send().await
            }
        }
    }
}

/// Whether an answer is the confirmation of a letter.
pub(crate) fn confirms(answer: &reqwest::Response) -> bool {
    answer.status() == 303 && leads_to(answer).ends_with("?done=sent")
}

fn leads_to(answer: &reqwest::Response) -> String {
    answer.headers().get(LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default().to_owned()
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}
