//! One connection: what a client says, what it hears.

mod taking;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::body::Body;
use super::command::{self, Command, Hello, Recipient};
use super::meters::Meters;
use super::patience::{Cut, Patience, Worth};
use super::reply::Reply;
use super::wire::{READ_BYTES, Wire};
use super::{Intake, Peer, Protocol, Reception, Sender, lines, speech};
use crate::role::Language;

/// A last word is written within this time or not at all.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client said QUIT.
    Quit,
    /// The client hung up or the line broke.
    Gone,
    /// Something took too long.
    Late,
    /// The house is closing.
    Closing,
    /// We had enough: limits, or bytes that are no commands.
    Enough,
    /// Not an end: the client asked for TLS.
    Secure,
}

/// A mail being agreed on.
struct Envelope<T> {
    sender: Sender,
    recipients: Vec<T>,
    /// The mail so far, if it comes in chunks.
    chunks: Option<Body>,
}

/// One connection, over any stream: a TLS stream can take the place of the plain one.
pub(super) struct Session<S, R: Reception> {
    wire: Wire<S>,
    peer: Peer,
    intake: Arc<Intake<R>>,
    meters: Arc<Meters>,
    patience: Patience,
    greets: bool,
    greeted: bool,
    /// The client asked for SMTPUTF8 with this mail.
    utf8: bool,
    /// What the sender of this mail likely reads.
    language: Language,
    envelope: Option<Envelope<R::Recipient>>,
    mails: usize,
    bad: usize,
    /// Recipients that do not exist.
    refused: usize,
    chatter: usize,
    /// The next command line is complete by then.
    line_deadline: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin, R: Reception> Session<S, R> {
    pub(super) fn new(
        stream: S,
        peer: Peer,
        greets: bool,
        intake: Arc<Intake<R>>,
        meters: Arc<Meters>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            wire: Wire::new(stream),
            peer,
            patience: Patience::new(stop, intake.settings.grace),
            intake,
            meters,
            greets,
            greeted: false,
            utf8: false,
            language: Language::English,
            envelope: None,
            mails: 0,
            bad: 0,
            refused: 0,
            chatter: 0,
            line_deadline: None,
        }
    }

    /// Holds the conversation from the greeting to the end of the connection, or until the client asks for TLS: then the
    /// stream comes back. Nothing else is left of what was said, nor of what was sent behind the question.
    pub(super) async fn run(mut self) -> Result<S, End> {
        let Err(end) = self.converse().await;
        if end == End::Secure {
            return Ok(self.wire.into_stream());
        }
        let last = match end {
            End::Late => Some(lines::TOO_SLOW),
            End::Closing => Some(lines::CLOSING),
            End::Quit | End::Gone | End::Enough | End::Secure => None,
        };
        if let Some(reply) = last {
            self.say(&reply);
        }
        if end == End::Late {
            self.meters.timeouts.increment(1);
        }
        self.envelope = None;
        self.wire.wipe();
        if end != End::Gone {
            // Whether the client hears it or not: the connection ends.
            let _ = tokio::time::timeout(FAREWELL, self.wire.hang_up()).await;
        }
        Err(end)
    }

    async fn converse(&mut self) -> Result<Infallible, End> {
        if self.greets {
            self.wire.lines(self.intake.lines.greeting(self.peer.protocol));
        }
        let line_max = self.intake.settings.command_bytes_max.min(READ_BYTES / 2);
        loop {
            match self.wire.line_length() {
                Some(length) if length <= line_max => {
                    let command = command::read(self.wire.unread().get(..length).unwrap_or_default());
                    self.wire.consume(length);
                    self.line_deadline = None;
                    self.obey(command).await?;
                }
                None if self.wire.unread().len() < line_max => self.await_line().await?,
                // No mail program says so much in one line; what follows may be anything.
                _ => return self.enough(&lines::LINE_TOO_LONG),
            }
            if self.wire.is_full() {
                self.push().await?;
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Result<(), End> {
        match command {
            Command::Hello(hello, name) => self.hello(hello, name),
            Command::Mail { sender, size, utf8 } => self.mail(sender, size, utf8),
            Command::Rcpt { recipient, utf8 } => self.rcpt(recipient, utf8).await,
            Command::Data => self.data().await,
            Command::Bdat { length, last } => self.bdat(length, last).await,
            Command::StartTls => self.start_tls().await,
            Command::Rset => {
                self.envelope = None;
                self.utf8 = false;
                self.chat(&lines::OK)
            }
            Command::Noop => self.chat(&lines::OK),
            Command::Vrfy => self.chat(&lines::NOT_TOLD),
            Command::Help => self.chat(&lines::HELP),
            Command::Quit => {
                self.say(&lines::BYE);
                Err(End::Quit)
            }
            Command::Bad(reply) => self.bad(&reply),
            Command::Lost(reply) => {
                self.meters.bad_commands.increment(1);
                self.enough(&reply)
            }
        }
    }

    fn say(&mut self, reply: &Reply) {
        self.wire.reply(reply, self.utf8, self.language);
    }

    /// Says a last word and ends the connection.
    fn enough<T>(&mut self, reply: &Reply) -> Result<T, End> {
        self.say(reply);
        Err(End::Enough)
    }

    /// Answers something that is wrong in itself.
    fn bad(&mut self, reply: &Reply) -> Result<(), End> {
        self.meters.bad_commands.increment(1);
        self.bad += 1;
        self.say(reply);
        if self.bad >= self.intake.settings.bad_commands_max { self.enough(&lines::ENOUGH_ERRORS) } else { Ok(()) }
    }

    /// Answers something that moves nothing forward: harmless now and then, bad without end.
    fn chat(&mut self, reply: &Reply) -> Result<(), End> {
        self.chatter += 1;
        if self.chatter > self.intake.settings.chatter_max { self.bad(reply) } else { self.say_on(reply) }
    }

    fn say_on(&mut self, reply: &Reply) -> Result<(), End> {
        self.say(reply);
        Ok(())
    }

    fn hello(&mut self, hello: Hello, name: String) -> Result<(), End> {
        if (self.peer.protocol == Protocol::Lmtp) != (hello == Hello::Lhlo) {
            return self.bad(&lines::OTHER_PROTOCOL);
        }
        self.greeted = true;
        self.peer.hello = name;
        self.envelope = None;
        self.utf8 = false;
        if hello == Hello::Helo {
            return self.chat(&lines::HELLO);
        }
        self.chatter += 1;
        self.wire.lines(self.intake.lines.extensions(self.offers_tls()));
        Ok(())
    }

    fn offers_tls(&self) -> bool {
        self.intake.settings.identity.is_some() && !self.peer.tls
    }

    async fn start_tls(&mut self) -> Result<(), End> {
        if self.peer.tls {
            return self.bad(&lines::TLS_TWICE);
        }
        if !self.offers_tls() {
            return self.bad(&command::UNOFFERED);
        }
        self.say(&lines::TLS_READY);
        self.push().await?;
        Err(End::Secure)
    }

    fn mail(&mut self, sender: Sender, size: usize, utf8: bool) -> Result<(), End> {
        if !self.greeted {
            return self.chat(&lines::HELLO_FIRST);
        }
        if self.intake.settings.tls_required && self.is_smtp() && !self.peer.tls {
            return self.chat(&lines::TLS_FIRST);
        }
        if self.envelope.is_some() {
            return self.chat(&lines::MAIL_TWICE);
        }
        self.language = speech::of_sender(&sender);
        if self.mails >= self.intake.settings.mails_per_connection_max {
            return self.enough(&lines::ENOUGH_MAILS);
        }
        self.mails += 1;
        if self.is_smtp() && !self.intake.rates.mail(self.peer.ip) {
            self.meters.held_up.increment(1);
            return self.chat(&lines::SOURCE_MAILS);
        }
        if size > self.intake.settings.mail_bytes_max {
            let reply = Reply::too_large();
            self.meters.answered(&reply);
            return self.chat(&reply);
        }
        self.utf8 = utf8;
        self.envelope = Some(Envelope { sender, recipients: Vec::new(), chunks: None });
        self.say_on(&lines::SENDER_OK)
    }

    async fn rcpt(&mut self, recipient: Recipient, utf8: bool) -> Result<(), End> {
        let deadline = self.answer_deadline();
        let Some(envelope) = &mut self.envelope else {
            return self.chat(&lines::MAIL_FIRST);
        };
        if envelope.chunks.is_some() {
            return self.chat(&lines::CHUNKS_BEGUN);
        }
        if utf8 && !self.utf8 {
            return self.bad(&command::needs_utf8());
        }
        if envelope.recipients.len() >= self.intake.settings.recipients_max {
            return self.chat(&lines::RECIPIENTS_MAX);
        }
        if self.peer.protocol == Protocol::Smtp && self.intake.rates.is_guessing(self.peer.ip) {
            self.meters.held_up.increment(1);
            return self.chat(&lines::SOURCE_GUESSES);
        }
        let (local, domain) = match &recipient {
            Recipient::Postmaster => ("postmaster", ""),
            Recipient::Address(address) => (address.local(), address.domain()),
        };
        let asked = self.intake.reception.recipient(&self.peer, &envelope.sender, local, domain);
        let reply = match self.patience.wait(deadline, Worth::Mail, asked).await {
            Ok(Ok(recipient)) => {
                envelope.recipients.push(recipient);
                return self.say_on(&Reply::recipient_accepted());
            }
            // A refusal that says yes is a slip; the sender keeps the mail.
            Ok(Err(reply)) if reply.is_success() => Reply::try_later(),
            Ok(Err(reply)) => reply,
            Err(Cut::Late) => Reply::try_later(),
            Err(Cut::Closing) => return Err(End::Closing),
        };
        self.meters.recipients_refused.increment(1);
        if reply.code() == 421 {
            return self.enough(&reply);
        }
        self.say(&reply);
        // A mail server of ours asks for everybody; who else asks for many that do not exist is guessing.
        if !self.is_smtp() || reply.is_temporary() {
            return Ok(());
        }
        self.intake.rates.refused(self.peer.ip);
        self.refused += 1;
        if self.refused >= self.intake.settings.refused_per_connection_max {
            return self.enough(&lines::ENOUGH_ERRORS);
        }
        Ok(())
    }

    fn is_smtp(&self) -> bool {
        self.peer.protocol == Protocol::Smtp
    }

    fn answer_deadline(&self) -> Instant {
        Instant::now() + self.intake.settings.answer_timeout
    }

    /// Waits for more of a command line. A line that drips in must be complete in time like any other.
    async fn await_line(&mut self) -> Result<(), End> {
        let silence = self.intake.settings.command_timeout;
        let deadline = *self.line_deadline.get_or_insert_with(|| Instant::now() + silence);
        let in_mail = self.envelope.as_ref().and_then(|envelope| envelope.chunks.as_ref());
        let (deadline, worth) =
            in_mail.map_or((deadline, Worth::Idle), |body| (deadline.min(body.deadline), Worth::Mail));
        heard(self.patience.wait(deadline, worth, self.wire.turn()).await)
    }

    /// Waits for more of a mail.
    async fn await_mail(&mut self, deadline: Instant) -> Result<(), End> {
        let deadline = deadline.min(Instant::now() + self.intake.settings.command_timeout);
        heard(self.patience.wait(deadline, Worth::Mail, self.wire.turn()).await)
    }

    /// Lets gathered replies leave before more commands are read.
    async fn push(&mut self) -> Result<(), End> {
        let deadline = Instant::now() + self.intake.settings.command_timeout;
        let written = self.patience.wait(deadline, Worth::Mail, self.wire.flush()).await;
        heard(written.map(|written| written.map(|()| 1)))
    }
}

/// What a wait for bytes means for the conversation.
fn heard(outcome: Result<std::io::Result<usize>, Cut>) -> Result<(), End> {
    match outcome {
        Ok(Ok(0) | Err(_)) => Err(End::Gone),
        Ok(Ok(_)) => Ok(()),
        Err(Cut::Late) => Err(End::Late),
        Err(Cut::Closing) => Err(End::Closing),
    }
}
