//! Raw conversations and what is heard.

use super::*;
use Protocol::{Lmtp, Smtp};

async fn check(protocol: Protocol, words: &str, expected: &str) -> Vec<Taken> {
    let mut taken = Vec::new();
    for packet in [1 << 20, 7, 1] {
        let trial = Trial::new(small());
        let (heard, _) = trial.say(protocol, packet, words.as_bytes()).await;
        assert_eq!(codes(&heard), expected, "{words:?} by {packet}\n{heard}");
        taken = trial.house.taken();
    }
    taken
}

#[tokio::test]
async fn conversations_in_smtp() {
    for (words, expected) in [
        ("", "220"),
        ("QUIT\r\n", "220 221"),
        ("QUIT\r\nNOOP\r\n", "220 221"),
        ("EHLO a\r\nQUIT\r\n", "220 250 221"),
        ("HELO a\r\nNOOP\r\nRSET\r\nHELP\r\nVRFY sari\r\nQUIT\r\n", "220 250 250 250 214 252 221"),
        ("LHLO a\r\nQUIT\r\n", "220 500 221"),
        ("EHLO a\r\nSTARTTLS\r\nAUTH PLAIN\r\nEXPN x\r\nETRN x\r\n", "220 250 502 502 502 502"),
        ("MAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nDATA\r\n", "220 503 503 503"),
        ("EHLO a\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\n", "220 250 250 503 503"),
        ("EHLO a\r\nMAIL FROM:<> SIZE=100000\r\n", "220 250 250"),
        ("EHLO a\r\nMAIL FROM:<> SIZE=100001\r\nRCPT TO:<sari@example.org>\r\n", "220 250 552 503"),
        ("EHLO a\r\nMAIL FROM:<>\r\nEHLO b\r\nDATA\r\nMAIL FROM:<>\r\n", "220 250 250 250 503 250"),
        ("EHLO a\r\nMAIL FROM:<>\r\nRSET\r\nRCPT TO:<sari@example.org>\r\n", "220 250 250 250 503"),
        (
            "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\nRCPT TO:<sari@elsewhere.example>\r\nDATA\r\n",
            "220 250 250 550 550 503",
        ),
        (
            "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<sari>\r\nRCPT TO:<a b@example.org>\r\n",
            "220 250 250 553 553 553",
        ),
        ("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<yes@example.org>\r\n", "220 250 250 451"),
        ("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<leave@example.org>\r\nNOOP\r\n", "220 250 250 421"),
        ("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<böb@example.org>\r\n", "220 250 250 553"),
        ("EHLO a\r\nFOO\r\n\r\nNOOP\0\r\nNO\rOP\r\n", "220 250 500 500 500 500"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\nQUIT\r\n", "220 554"),
    ] {
        let taken = check(Smtp, words, expected).await;
        assert!(taken.is_empty());
    }
}

#[tokio::test]
async fn a_mail_in_smtp() {
    let words = "EHLO a\r\nMAIL FROM:<Sari@Example.org>\r\nRCPT TO:<one@example.org>\r\nRCPT TO:<two@example.org>\r\nDATA\r\n\
        Subject: x\r\n\r\nHalo\r\n.\r\nQUIT\r\n";
    let taken = check(Smtp, words, "220 250 250 250 250 354 250 221").await;
    let expected = Taken {
        peer: "smtp 192.0.2.7 a clear".into(),
        sender: "Sari@example.org".into(),
        recipients: vec!["one".into(), "two".into()],
        mail: b"Subject: x\r\n\r\nHalo\r\n".to_vec(),
    };
    assert_eq!(taken, [expected]);
}

#[tokio::test]
async fn the_one_reply_of_smtp_lets_nobody_lose_a_mail() {
    for (names, expected) in [
        (&["one", "two"][..], "250"),
        (&["one", "never"], "554"),
        (&["never", "later", "one"], "451"),
        (&["one", "silent"], "451"),
        (&["silent"], "451"),
    ] {
        let mut words = String::from("EHLO a\r\nMAIL FROM:<>\r\n");
        for name in names {
            words += &format!("RCPT TO:<{name}@example.org>\r\n");
        }
        words += "DATA\r\nx\r\n.\r\nNOOP\r\n";
        let all_known = " 250".repeat(names.len());
        let taken = check(Smtp, &words, &format!("220 250 250{all_known} 354 {expected} 250")).await;
        assert_eq!(taken.len(), 1);
    }
}

#[tokio::test]
async fn lmtp_answers_for_every_recipient() {
    for (words, expected, count) in [
        ("EHLO a\r\nHELO a\r\n", "220 500 500", 0),
        ("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\n", "220 250 250 550 503", 0),
        (
            "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<one@example.org>\r\nRCPT TO:<nobody@example.org>\r\n\
             RCPT TO:<later@example.org>\r\nRCPT TO:<never@example.org>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n",
            "220 250 250 250 550 250 250 354 250 451 554 221",
            1,
        ),
        (
            "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<one@example.org>\r\nRCPT TO:<later@example.org>\r\nBDAT 1\r\nxBDAT 0 LAST\r\nQUIT\r\n",
            "220 250 250 250 250 250 250 451 221",
            1,
        ),
        (
            "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<busy@example.org>\r\nRCPT TO:<one@example.org>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n",
            "220 250 250 250 250 354 421 250",
            1,
        ),
    ] {
        assert_eq!(check(Lmtp, words, expected).await.len(), count);
    }
}

#[tokio::test]
async fn senders_and_recipients_out_of_the_ordinary() {
    for (sender, recipient, expected) in [
        ("<>", "<postmaster>", Some(("<>", "postmaster"))),
        ("<>", "<Postmaster>", Some(("<>", "postmaster"))),
        ("<\"a b\"@example.org>", "<sari@example.org>", Some(("odd", "sari"))),
        ("<postmaster>", "<sari@example.org>", Some(("odd", "sari"))),
        ("<sörén@example.org> SMTPUTF8", "<böb@bücher.example>", Some(("sörén@example.org", "böb"))),
        ("<sörén@example.org>", "<sari@example.org>", None),
    ] {
        let words = format!("EHLO a\r\nMAIL FROM:{sender}\r\nRCPT TO:{recipient}\r\nBDAT 1 LAST\r\nx");
        let codes = if expected.is_some() { "220 250 250 250 250" } else { "220 250 553 503 503" };
        let taken = check(Smtp, &words, codes).await;
        let told = taken.first().map(|taken| (taken.sender.as_str(), taken.recipients[0].as_str()));
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn what_a_client_is_offered() {
    let trial = Trial::new(small());
    let (heard, _) = trial.say(Smtp, 1 << 20, b"EHLO client.example\r\nQUIT\r\n").await;
    assert_eq!(
        heard,
        "220 mx.example.org ESMTP\r\n250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250-8BITMIME\r\n\
         250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n221 2.0.0 Good-bye\r\n"
    );
}

#[tokio::test]
async fn replies_are_ascii_unless_the_client_reads_more() {
    let trial = Trial::new(small());
    let words = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<umlaut@example.org>\r\nRSET\r\nMAIL FROM:<> SMTPUTF8\r\nRCPT TO:<umlaut@example.org>\r\n";
    let (heard, _) = trial.say(Smtp, 1 << 20, words.as_bytes()).await;
    let refusals: Vec<&str> = heard.split("\r\n").filter(|line| line.starts_with("550")).collect();
    assert_eq!(refusals, ["550 5.7.1 f?r immer  250 geschlossen", "550 5.7.1 für immer  250 geschlossen"]);
}

#[tokio::test]
async fn replies_to_pipelined_commands_leave_in_one_write() {
    let trial = Trial::new(small());
    let batch = b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<one@example.org>\r\nRCPT TO:<two@example.org>\r\nDATA\r\n";
    let mut stream = packets::Packets::new(batch, b"x\r\n.\r\nQUIT\r\n");
    ended(trial.session(&mut stream, Smtp)).await;
    assert_eq!(stream.writes.len(), 3, "the greeting, the batch up to 354, the end");
    assert_eq!(trial.house.taken().len(), 1);
}

/// A stream that hands out one packet per read and counts writes.
mod packets {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    pub(super) struct Packets {
        packets: Vec<&'static [u8]>,
        pub(super) writes: Vec<usize>,
    }

    impl Packets {
        pub(super) fn new(first: &'static [u8], second: &'static [u8]) -> Self {
            Self { packets: vec![second, first], writes: Vec::new() }
        }
    }

    impl AsyncRead for Packets {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some(packet) = self.packets.pop() {
                buf.put_slice(packet);
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Packets {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.writes.push(bytes.len());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
}
