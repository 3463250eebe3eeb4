//! Mails on their way in: dots, line ends, chunks, sizes, memory.

use proptest::prelude::*;

use super::*;
use Protocol::{Lmtp, Smtp};

const HEAD: &[u8] = b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<sari@example.org>\r\n";

/// The mails that arrive when a door is told this after HEAD.
async fn after_head(trial: &Trial, packet: usize, rest: &[u8]) -> (String, Vec<Vec<u8>>) {
    let (heard, _) = trial.say(Smtp, packet, &[HEAD, rest].concat()).await;
    (codes(&heard), trial.house.taken().into_iter().map(|taken| taken.mail).collect())
}

async fn check(rest: &[u8], expected: &str, mails: &[&[u8]]) {
    for packet in [1 << 20, 3, 1] {
        let (codes, taken) = after_head(&Trial::new(small()), packet, rest).await;
        let shown = String::from_utf8_lossy(rest);
        assert_eq!(codes, format!("220 250 250 250 {expected}"), "{shown:?} by {packet}");
        assert_eq!(taken, mails, "{shown:?} by {packet}");
    }
}

#[tokio::test]
async fn dots_and_empty_mails() {
    check(b"DATA\r\n.\r\nQUIT\r\n", "354 250 221", &[b""]).await;
    check(b"DATA\r\n\r\n.\r\nQUIT\r\n", "354 250 221", &[b"\r\n"]).await;
    check(b"DATA\r\n..\r\n.\r\nQUIT\r\n", "354 250 221", &[b".\r\n"]).await;
    check(b"DATA\r\n..a\r\n...\r\nb\r\n.c\r\n.\r\nQUIT\r\n", "354 250 221", &[b".a\r\n..\r\nb\r\nc\r\n"]).await;
    let long_line = [b"DATA\r\n".as_slice(), &[b'x'; 50_000], b"\r\n.\r\nQUIT\r\n"].concat();
    check(&long_line, "354 250 221", &[&[&[b'x'; 50_000][..], b"\r\n"].concat()]).await;
}

#[tokio::test]
async fn only_one_line_ends_a_mail() {
    for attempt in
        ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n\n.\r\n\r", "\r\r\n.\n", "\r\n.\r\r\n"]
    {
        let smuggled = format!("a{attempt}MAIL FROM:<evil@example.net>\r\nRCPT TO:<two@example.org>\r\nDATA\r\nb\r\n");
        let words = format!("DATA\r\n{smuggled}.\r\nQUIT\r\n");
        // A leading dot of a line is taken away, as it must be; everything else stays as it came.
        let expected = smuggled.replacen("\r\n.", "\r\n", 1);
        check(words.as_bytes(), "354 250 221", &[expected.as_bytes()]).await;
    }
}

#[tokio::test]
async fn chunks_are_taken_as_they_are() {
    check(b"BDAT 5 LAST\r\na\0\r\n.QUIT\r\n", "250 221", &[b"a\0\r\n."]).await;
    check(b"BDAT 0 LAST\r\nQUIT\r\n", "250 221", &[b""]).await;
    check(b"BDAT 4\r\n\r\n.\nBDAT 3\r\n\xff\r\nBDAT 0 LAST\r\nQUIT\r\n", "250 250 250 221", &[b"\r\n.\n\xff\r\n"])
        .await;
    check(b"BDAT 6\r\nQUIT\r\nRSET\r\nBDAT 6 LAST\r\nNOOP\r\nQUIT\r\n", "250 250 503 221", &[]).await;
    check(b"BDAT 1\r\nxDATA\r\nRCPT TO:<two@example.org>\r\nBDAT 1 LAST\r\nyQUIT\r\n", "250 503 503 250 221", &[b"xy"])
        .await;
    check(b"BDAT x\r\nQUIT\r\n", "501", &[]).await;
}

#[tokio::test]
async fn two_mails_on_one_connection_do_not_mix() {
    let second = b"MAIL FROM:<>\r\nRCPT TO:<two@example.org>\r\nBDAT 1 LAST\r\nyQUIT\r\n";
    check(&[b"DATA\r\nx\r\n.\r\n".as_slice(), second].concat(), "354 250 250 250 250 221", &[b"x\r\n", b"y"]).await;
}

#[tokio::test]
async fn the_largest_mail_and_one_byte_more() {
    let line = [&[b'x'; 998][..], b"\r\n"].concat();
    let largest = line.repeat(100);
    for packet in [1 << 20, 1_000] {
        let words = [b"DATA\r\n".as_slice(), &largest, b".\r\nQUIT\r\n"].concat();
        let (codes, taken) = after_head(&Trial::new(small()), packet, &words).await;
        assert_eq!(codes, "220 250 250 250 354 250 221");
        assert!(taken == std::slice::from_ref(&largest));
        let words = [b"DATA\r\ny".as_slice(), &largest, b".\r\nNOOP\r\nQUIT\r\n"].concat();
        let (codes, taken) = after_head(&Trial::new(small()), packet, &words).await;
        assert_eq!(codes, "220 250 250 250 354 552 250 221");
        assert!(taken.is_empty());
        let words = [b"BDAT 100000\r\n".as_slice(), &largest, b"BDAT 1 LAST\r\nxNOOP\r\nQUIT\r\n"].concat();
        let (codes, taken) = after_head(&Trial::new(small()), packet, &words).await;
        assert_eq!(codes, "220 250 250 250 250 552 250 221");
        assert!(taken.is_empty());
        let words = [b"BDAT 100001\r\ny".as_slice(), &largest, b"BDAT 1 LAST\r\nxQUIT\r\n"].concat();
        let (codes, _) = after_head(&Trial::new(small()), packet, &words).await;
        assert_eq!(codes, "220 250 250 250 552 503 221");
    }
}

#[tokio::test]
async fn a_mail_without_end_is_cut_off() {
    let trial = Trial::new(small());
    let words = [b"DATA\r\n".as_slice(), &b"x\r\n".repeat(200_000)].concat();
    assert_eq!(after_head(&trial, 1 << 16, &words).await.0, "220 250 250 250 354 552");
    let (codes, _) = after_head(&trial, 1 << 16, b"BDAT 400001\r\nx").await;
    assert_eq!(codes, "220 250 250 250 552");
}

#[tokio::test]
async fn a_mail_far_too_large_is_the_last_one_however_it_arrives() {
    let words = [b"DATA\r\n".as_slice(), &b"x\r\n".repeat(133_339), b".\r\nNOOP\r\n"].concat();
    for packet in [13, 1 << 16] {
        assert_eq!(after_head(&Trial::new(small()), packet, &words).await.0, "220 250 250 250 354 552");
    }
}

#[tokio::test]
async fn lmtp_refuses_a_large_mail_for_everybody() {
    let trial = Trial::new(small());
    let head = b"LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<one@example.org>\r\nRCPT TO:<two@example.org>\r\nDATA\r\n";
    let (heard, _) =
        trial.say(Lmtp, 1 << 16, &[head.as_slice(), &b"x\r\n".repeat(40_000), b".\r\nQUIT\r\n"].concat()).await;
    assert_eq!(codes(&heard), "220 250 250 250 250 354 552 552 221");
    assert!(heard.contains("552 5.3.4 "));
}

#[tokio::test]
async fn memory_is_shared_and_comes_back() {
    // Eight connections with 32 KiB each, and 96 KiB for whoever needs more.
    let trial = Trial::new(Settings { mail_memory_bytes_max: (8 * 32 + 96) * 1024, ..small() });
    let mail = [b"DATA\r\n".as_slice(), &b"12345678\r\n".repeat(6_000), b".\r\nQUIT\r\n"].concat();
    let small_mail = b"DATA\r\nx\r\n.\r\nQUIT\r\n";
    // One mail of 60 kB stands half received and holds its part.
    let (mut other, theirs) = duplex(1 << 20);
    let holder = tokio::spawn(ended(trial.session(theirs, Smtp)));
    other.write_all(&[HEAD, &mail[..50_000]].concat()).await.unwrap();
    while !holder.is_finished() && trial.intake.budget.left() > 64 {
        tokio::task::yield_now().await;
    }
    assert_eq!(trial.intake.budget.left(), 64);
    assert_eq!(
        after_head(&trial, 1 << 20, &[&mail[..30_000], b"\r\n.\r\nQUIT\r\n"].concat()).await.0,
        "220 250 250 250 354 250 221"
    );
    let large = [b"DATA\r\n".as_slice(), &b"12345678\r\n".repeat(9_000), b".\r\nNOOP\r\nQUIT\r\n"].concat();
    let (codes, taken) = after_head(&trial, 1 << 20, &large).await;
    assert_eq!((codes.as_str(), taken.len()), ("220 250 250 250 354 452 250 221", 1));
    assert_eq!(after_head(&trial, 1 << 20, small_mail).await.0, "220 250 250 250 354 250 221");
    // It goes away, and there is room again.
    drop(other);
    assert_eq!(holder.await.unwrap(), End::Gone);
    assert_eq!(trial.intake.budget.left(), 96);
    assert_eq!(after_head(&trial, 1 << 20, &large).await.0, "220 250 250 250 354 250 250 221");
    assert_eq!(trial.intake.budget.left(), 96);
}

fn run<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(what)
}

/// Bytes in which the interesting ones are frequent.
fn tricky(length: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => Just(b'.'), 3 => Just(b'\r'), 3 => Just(b'\n'), 2 => Just(b'a'), 1 => any::<u8>()];
    let piece = prop_oneof![Just(b"\r\n".to_vec()), Just(b"\r\n.".to_vec()), prop::collection::vec(byte, 1..8)];
    prop::collection::vec(piece, 0..length).prop_map(|pieces| pieces.concat())
}

fn words() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "EHLO a\r\n",
        "LHLO a\r\n",
        "HELO a\r\n",
        "MAIL FROM:<>\r\n",
        "MAIL FROM:<a@b.example> SIZE=99\r\n",
        "RCPT TO:<sari@example.org>\r\n",
        "RCPT TO:<postmaster>\r\n",
        "RCPT TO:<later@example.org>\r\n",
        "DATA\r\n",
        "\r\n.\r\n",
        "BDAT 3\r\n",
        "BDAT 5 LAST\r\n",
        "RSET\r\n",
        "NOOP\r\n",
        "VRFY x\r\n",
        "STARTTLS\r\n",
        "AUTH PLAIN",
        "QUIT\r\n",
        "MAIL",
    ]);
    let piece = prop_oneof![6 => known.prop_map(|word| word.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..40)];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_said_the_session_ends_in_order(words in words(), packet in 1usize..200, lmtp: bool) {
        let trial = Trial::new(small());
        let (heard, _) = run(trial.say(if lmtp { Lmtp } else { Smtp }, packet, &words));
        prop_assert!(heard.starts_with("220 ") && heard.ends_with("\r\n"));
        for line in heard.split_terminator("\r\n") {
            prop_assert!(line.len() < 510 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit));
        }
    }

    #[test]
    fn a_mail_arrives_as_it_was_sent(mail in tricky(60), packet in 1usize..64) {
        let words = [b"DATA\r\n".as_slice(), &stuffed(&mail), b"QUIT\r\n"].concat();
        let (codes, taken) = run(after_head(&Trial::new(small()), packet, &words));
        prop_assert_eq!(codes, "220 250 250 250 354 250 221");
        // DATA can only carry whole lines.
        let mut expected = mail;
        if !expected.is_empty() && !expected.ends_with(b"\r\n") {
            expected.extend(b"\r\n");
        }
        prop_assert_eq!(taken, [expected]);
    }

    #[test]
    fn chunks_arrive_as_they_were_sent(chunks in prop::collection::vec(tricky(10), 1..6), packet in 1usize..64) {
        let mut words = Vec::new();
        for chunk in &chunks {
            words.extend(format!("BDAT {}\r\n", chunk.len()).bytes());
            words.extend(chunk);
        }
        words.extend(b"BDAT 0 LAST\r\nQUIT\r\n");
        let (_, taken) = run(after_head(&Trial::new(small()), packet, &words));
        prop_assert_eq!(taken, [chunks.concat()]);
    }
}
