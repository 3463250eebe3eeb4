//! A mail comes in: as DATA or in chunks, then the reception takes it or says why not.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::super::body::{Body, Progress};
use super::super::patience::Worth;
use super::super::reply::Reply;
use super::super::{Reception, lines, speech};
use super::{End, Envelope, Session};

impl<S: AsyncRead + AsyncWrite + Unpin, R: Reception> Session<S, R> {
    pub(super) async fn data(&mut self) -> Result<(), End> {
        match &self.envelope {
            None => return self.chat(&lines::MAIL_FIRST),
            Some(envelope) if envelope.chunks.is_some() => return self.chat(&lines::CHUNKS_BEGUN),
            Some(envelope) if envelope.recipients.is_empty() => return self.chat(&lines::RCPT_FIRST),
            Some(_) => {}
        }
        self.wire.lines(b"354 Go ahead; end with a single dot\r\n");
        let mut body = self.new_body();
        loop {
            let (taken, progress) = body.data(self.wire.unread());
            self.wire.consume(taken);
            match progress {
                Progress::More => self.await_mail(body.deadline).await?,
                Progress::Complete => return self.hand_over(body).await,
                Progress::Endless => return self.enough(&Reply::too_large()),
            }
        }
    }

    pub(super) async fn bdat(&mut self, length: usize, last: bool) -> Result<(), End> {
        let (body, complaint) = match &mut self.envelope {
            None => (None, Some(lines::MAIL_FIRST)),
            Some(envelope) if envelope.recipients.is_empty() => (None, Some(lines::RCPT_FIRST)),
            Some(envelope) => (envelope.chunks.take(), None),
        };
        // The bytes of a chunk are taken in any case: they are no commands.
        let mut body = body.unwrap_or_else(|| self.new_body());
        if body.expect_chunk(length) == Progress::Endless {
            return self.enough(&Reply::too_large());
        }
        let mut missing = length;
        while missing > 0 {
            let unread = self.wire.unread();
            let part = unread.get(..missing).unwrap_or(unread);
            let taken = part.len();
            if complaint.is_none() {
                body.chunk(part);
            }
            self.wire.consume(taken);
            missing -= taken;
            if missing > 0 {
                self.await_mail(body.deadline).await?;
            }
        }
        if let Some(reply) = complaint {
            return self.chat(&reply);
        }
        if last {
            return self.hand_over(body).await;
        }
        if let Some(reply) = body.refusal().cloned() {
            self.envelope = None;
            self.meters.answered(&reply);
            return self.chat(&reply);
        }
        if let Some(envelope) = &mut self.envelope {
            envelope.chunks = Some(body);
        }
        self.say_on(&lines::CHUNK_OK)
    }

    fn new_body(&self) -> Body {
        let settings = &self.intake.settings;
        Body::new(&self.intake.budget, settings.mail_bytes_max, Instant::now() + settings.data_timeout)
    }

    /// The mail is here: the reception takes it or says why not.
    async fn hand_over(&mut self, body: Body) -> Result<(), End> {
        self.wire.wipe();
        let Some(Envelope { sender, recipients, .. }) = self.envelope.take() else {
            return Ok(());
        };
        let count = recipients.len();
        let deadline = self.answer_deadline();
        let mut replies = match body.finish() {
            Err(reply) => vec![reply; count],
            Ok((mail, charge)) => {
                self.language = speech::of_mail(mail.reveal()).unwrap_or(self.language);
                let size = u64::try_from(mail.reveal().len()).unwrap_or(u64::MAX);
                let delivered = self.intake.reception.deliver(&self.peer, &sender, recipients, mail);
                // When the wait is cut off nobody knows whether the mail is stored: the sender comes back with it.
                let replies = self.patience.wait(deadline, Worth::Mail, delivered).await.unwrap_or_default();
                drop(charge);
                self.meters.bytes.increment(size);
                replies
            }
        };
        replies.resize(count, Reply::try_later());
        if self.is_smtp() {
            replies = one_of(replies);
        }
        if replies.iter().any(Reply::is_success) {
            (self.bad, self.chatter) = (0, 0);
        }
        for reply in &replies {
            self.meters.answered(reply);
            self.say(reply);
        }
        self.utf8 = false;
        if replies.iter().any(|reply| reply.code() == 421) { Err(End::Enough) } else { Ok(()) }
    }
}

/// The one reply of SMTP to a mail for several recipients. If one of them may work later the sender shall come back
/// with the mail: the reception knows the ones it has taken already.
fn one_of(replies: Vec<Reply>) -> Vec<Reply> {
    let telling = |reply: &&Reply| !reply.is_success();
    let worst = replies.iter().find(|reply| reply.is_temporary()).or_else(|| replies.iter().find(telling));
    worst.or(replies.first()).cloned().into_iter().collect()
}
