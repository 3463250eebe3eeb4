//! Clients that want too much, are too slow or wait for something that never comes.

use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use Protocol::{Lmtp, Smtp};

/// A conversation that stays open.
struct Line {
    stream: DuplexStream,
    session: JoinHandle<End>,
}

impl Line {
    fn open(trial: &Trial, protocol: Protocol) -> Self {
        let (stream, theirs) = duplex(1 << 16);
        Self { stream, session: tokio::spawn(ended(trial.session(theirs, protocol))) }
    }

    async fn say(&mut self, words: &str) {
        self.stream.write_all(words.as_bytes()).await.unwrap();
    }

    /// Hears until this many final lines have come.
    async fn hear(&mut self, lines: usize) -> String {
        let mut heard = String::new();
        while codes_so_far(&heard) < lines {
            let mut part = [0; 4096];
            let count = self.stream.read(&mut part).await.unwrap();
            assert_ne!(count, 0, "{heard}");
            heard += std::str::from_utf8(&part[..count]).unwrap();
        }
        heard
    }

    /// Hears the rest and says how it ended.
    async fn end(mut self) -> (String, End) {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).await.unwrap();
        drop(self.stream);
        (rest, self.session.await.unwrap())
    }
}

fn codes_so_far(heard: &str) -> usize {
    if heard.ends_with("\r\n") { codes(heard).split_ascii_whitespace().count() } else { 0 }
}

const HEAD: &str = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\n";

#[tokio::test]
async fn counts_that_end_a_connection() {
    for (words, expected) in [
        ("FOO\r\n".repeat(9), "220 500 500 500 500 500 421".to_owned()),
        (format!("EHLO a\r\n{}", "NOOP\r\n".repeat(30)), format!("220 250{} 421", " 250".repeat(14))),
        (format!("EHLO a\r\n{}", "MAIL FROM:<>\r\nRSET\r\n".repeat(9)), format!("220 250{} 421", " 250 250".repeat(4))),
        (format!("{HEAD}{}", "RCPT TO:<sari@example.org>\r\n".repeat(4)), "220 250 250 250 250 250 452 452".to_owned()),
        (format!("NOOP {}\r\n", "x".repeat(4_000)), "220 250".to_owned()),
        (format!("NOOP {}\r\nNOOP\r\n", "x".repeat(4_096)), "220 500".to_owned()),
        (format!("NOOP {}", "x".repeat(1_000_000)), "220 500".to_owned()),
    ] {
        let (heard, _) = Trial::new(small()).say(Smtp, 1 << 20, words.as_bytes()).await;
        assert_eq!(codes(&heard), expected, "{heard}");
    }
}

#[tokio::test]
async fn a_mail_taken_forgives_what_was_bad_before() {
    let trial = Trial::new(small());
    let round = "FOO\r\nFOO\r\nFOO\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\nBDAT 1 LAST\r\nx";
    let (heard, _) = trial.say(Smtp, 1 << 16, format!("EHLO a\r\n{}", round.repeat(3)).as_bytes()).await;
    assert_eq!(codes(&heard), format!("220 250{}", " 500 500 500 250 250 250".repeat(3)));
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_connection() {
    for (words, lines) in [("", 1), (HEAD, 4), ("EHLO a\r\nMAIL FR", 2)] {
        let trial = Trial::new(small());
        let mut line = Line::open(&trial, Smtp);
        line.say(words).await;
        line.hear(lines).await;
        let before = Instant::now();
        let (rest, end) = line.end().await;
        assert_eq!((rest.as_str(), end), ("421 4.4.2 Time-out; closing the connection\r\n", End::Late));
        assert_eq!(before.elapsed().as_secs(), 300);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_drips_in_is_not_waited_for() {
    let trial = Trial::new(small());
    let mut line = Line::open(&trial, Smtp);
    let before = Instant::now();
    while line.stream.write_all(b"N").await.is_ok() && before.elapsed() < Duration::from_secs(3_600) {
        sleep(Duration::from_secs(50)).await;
    }
    assert!((300..=350).contains(&before.elapsed().as_secs()), "{:?}", before.elapsed());
    assert_eq!(line.session.await.unwrap(), End::Late);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_drips_in_is_given_up() {
    for opening in ["DATA\r\n", "BDAT 99999\r\n", "BDAT 1\r\nx"] {
        let trial = Trial::new(small());
        let mut line = Line::open(&trial, Smtp);
        line.say(HEAD).await;
        line.say(opening).await;
        let before = Instant::now();
        let (mut hear, mut speak) = tokio::io::split(line.stream);
        let drip = async {
            // Now and then a byte, or a command between chunks, keeps any silence short.
            while speak.write_all(if opening.ends_with('x') { b"NOOP\r\n" } else { b"x" }).await.is_ok() {
                sleep(Duration::from_secs(100)).await;
            }
        };
        let mut heard = String::new();
        let _ = tokio::join!(drip, hear.read_to_string(&mut heard));
        assert_eq!(line.session.await.unwrap(), End::Late, "{heard}");
        assert!(heard.ends_with("421 4.4.2 Time-out; closing the connection\r\n"), "{heard}");
        assert!((600..=710).contains(&before.elapsed().as_secs()), "{:?}", before.elapsed());
        assert!(trial.house.taken().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_listen_is_left() {
    let trial = Trial::new(small());
    let (ours, theirs) = duplex(64);
    let session = tokio::spawn(ended(trial.session(theirs, Smtp)));
    let (hear, mut speak) = tokio::io::split(ours);
    let chatter = "EHLO a\r\n".repeat(20);
    let _ = timeout(Duration::from_secs(1), speak.write_all(chatter.as_bytes())).await;
    assert_eq!(session.await.unwrap(), End::Late);
    drop(hear);
}

#[tokio::test(start_paused = true)]
async fn a_house_that_does_not_answer_puts_the_sender_off() {
    let trial = Trial::new(small());
    let words = "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<frozen@example.org>\r\nRCPT TO:<one@example.org>\r\nRCPT TO:<hang@example.org>\r\n\
        DATA\r\nx\r\n.\r\nNOOP\r\nQUIT\r\n";
    let before = Instant::now();
    let (heard, _) = trial.say(Lmtp, 1 << 16, words.as_bytes()).await;
    assert_eq!(codes(&heard), "220 250 250 451 250 250 354 451 451 250 221");
    assert_eq!(before.elapsed().as_secs(), 240);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_idle_sessions_at_once() {
    let trial = Trial::new(small());
    let mut idle = Line::open(&trial, Smtp);
    let mut agreed = Line::open(&trial, Lmtp);
    idle.hear(1).await;
    agreed.say("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\n").await;
    agreed.hear(4).await;
    let before = Instant::now();
    trial.stop.cancel();
    for line in [idle, agreed] {
        let (rest, end) = line.end().await;
        assert_eq!((codes(&rest).as_str(), end), ("421", End::Closing));
        assert!(rest.starts_with("421 4.3.2 "));
    }
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn closing_lets_a_mail_finish() {
    for (opening, rest) in [("DATA\r\nx", "y\r\n.\r\n"), ("BDAT 2\r\nx", "yBDAT 1 LAST\r\nz")] {
        let trial = Trial::new(small());
        let mut line = Line::open(&trial, Smtp);
        line.say(&format!("{HEAD}{opening}")).await;
        line.hear(4).await;
        sleep(Duration::from_secs(1)).await;
        trial.stop.cancel();
        sleep(Duration::from_secs(10)).await;
        line.say(rest).await;
        let (heard, end) = line.end().await;
        assert!(codes(&heard).ends_with("250 421"), "{heard}");
        assert_eq!((end, trial.house.taken().len()), (End::Closing, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn closing_waits_no_longer_than_the_grace_period() {
    for (words, expected) in [
        ("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<one@example.org>\r\nDATA\r\nx", "220 250 250 250 354 421"),
        ("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<slow@example.org>\r\nDATA\r\nx\r\n.\r\n", "220 250 250 250 354 250 421"),
        ("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<hang@example.org>\r\nDATA\r\nx\r\n.\r\n", "220 250 250 250 354 451 421"),
        ("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<frozen@example.org>\r\n", "220 250 250 421"),
    ] {
        let trial = Trial::new(small());
        let mut line = Line::open(&trial, Smtp);
        line.say(words).await;
        sleep(Duration::from_secs(1)).await;
        let before = Instant::now();
        trial.stop.cancel();
        let (heard, end) = line.end().await;
        assert_eq!((codes(&heard).as_str(), end), (expected, End::Closing), "{words}");
        assert!(before.elapsed() <= trial.intake.settings.grace);
    }
}
