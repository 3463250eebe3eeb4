//! What a mail door must answer and store, told by the protocol alone: RFC 5321, 2033, 2034, 3030 and 3207.
//!
//! The model reads what was said and what was answered side by side. It takes the door's word for what a single command is
//! worth, and holds it to what follows from that: how many replies there are, in which form, what they allow next, where a
//! mail begins and ends, and which bytes it has.

/// What the door was told.
#[derive(Clone, Copy)]
pub struct Rules {
    /// LMTP, else SMTP.
    pub lmtp: bool,
    /// There is a certificate.
    pub offers_tls: bool,
    /// No mail by SMTP in clear.
    pub tls_required: bool,
    /// One mail, in bytes.
    pub mail_bytes_max: usize,
}

/// A mail as it was handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its bytes.
    pub mail: Vec<u8>,
    /// How many it is for.
    pub recipients: usize,
    /// Whether the connection was encrypted.
    pub tls: bool,
}

/// One reply, its lines joined.
struct Heard {
    code: u16,
    enhanced: Option<String>,
    text: String,
}

/// What a line made of the conversation.
enum Next {
    /// It goes on.
    On,
    /// It is over.
    End,
    /// The handshake follows.
    Tls,
}

/// What is agreed on at a moment.
pub struct Model<'t> {
    rules: Rules,
    taken: std::slice::Iter<'t, Taken>,
    tls: bool,
    greeted: bool,
    in_mail: bool,
    recipients: usize,
    chunks: Option<Vec<u8>>,
}

/// What is read and what was heard, as far as they are not yet used up.
struct Side<'b> {
    said: &'b [u8],
    heard: std::iter::Peekable<std::vec::IntoIter<Heard>>,
}

impl<'t> Model<'t> {
    /// At the beginning of a connection on which these mails were handed over.
    pub fn new(rules: Rules, taken: &'t [Taken]) -> Self {
        let taken = taken.iter();
        Self { rules, taken, tls: false, greeted: false, in_mail: false, recipients: 0, chunks: None }
    }

    /// Everything that was handed over was agreed on.
    pub fn done(mut self) {
        assert!(self.taken.next().is_none(), "a mail nobody sent");
    }

    /// Reads one side of a connection, in clear or encrypted; says whether TLS begins behind it.
    pub fn follow(&mut self, said: &[u8], heard: &[u8], tls: bool) -> bool {
        // Nothing of what was said in clear counts any more.
        *self = Self {
            tls,
            greeted: false,
            in_mail: false,
            recipients: 0,
            chunks: None,
            ..Self::new(self.rules, self.taken.as_slice())
        };
        let mut side = Side { said, heard: replies(heard).into_iter().peekable() };
        if !tls {
            let greeting = side.heard.next().expect("a greeting");
            assert_eq!((greeting.code, greeting.enhanced), (220, None));
        }
        loop {
            match self.line(&mut side) {
                Next::On => {}
                Next::Tls => {
                    assert!(side.heard.next().is_none(), "nothing in clear behind the word for TLS");
                    return true;
                }
                Next::End => break,
            }
        }
        assert!(side.heard.next().is_none(), "a reply nobody asked for");
        false
    }

    /// One command with its replies.
    fn line(&mut self, side: &mut Side<'_>) -> Next {
        let Some(length) = side.said.iter().position(|b| *b == b'\n').map(|at| at + 1) else {
            // Silence, hanging up, or a line without end.
            return last_word(side);
        };
        let (line, rest) = side.said.split_at(length);
        side.said = rest;
        let word = word(line);
        if word == "BDAT" {
            return self.chunk(side, line);
        }
        let reply = side.heard.next().expect("every command is answered");
        let code = (reply.code, reply.enhanced.as_deref().unwrap_or_default());
        match code {
            (354, _) => {
                assert!(word == "DATA" && self.in_mail && self.recipients > 0 && self.chunks.is_none());
                return self.data(side);
            }
            (220, _) => {
                assert!(word == "STARTTLS" && self.rules.offers_tls && !self.tls);
                return Next::Tls;
            }
            (250, "2.1.0") => {
                assert!(word == "MAIL" && self.greeted && !self.in_mail);
                assert!(self.tls || self.rules.lmtp || !self.rules.tls_required, "no mail in clear");
                (self.in_mail, self.recipients) = (true, 0);
            }
            (250, "2.1.5") => {
                assert!(word == "RCPT" && self.in_mail && self.chunks.is_none());
                self.recipients += 1;
                assert!(self.recipients <= 3, "no more recipients than allowed");
            }
            (250, _) => match word.as_str() {
                "EHLO" | "HELO" | "LHLO" => {
                    assert_eq!(self.rules.lmtp, word == "LHLO");
                    assert_eq!(reply.text.contains("STARTTLS"), word != "HELO" && self.rules.offers_tls && !self.tls);
                    self.greeted = true;
                    self.forget();
                }
                "RSET" => self.forget(),
                "NOOP" => {}
                _ => panic!("{word:?} said yes to"),
            },
            (221, _) => assert_eq!(word, "QUIT"),
            (252, _) => assert_eq!(word, "VRFY"),
            (214, _) => assert_eq!(word, "HELP"),
            (code, _) => assert!(code >= 400, "{code} to {word:?}"),
        }
        let lost = reply.code >= 500 && side.heard.peek().is_none();
        if matches!(reply.code, 221 | 421) || lost && (length > 4_096 || is_http(&word)) {
            return Next::End;
        }
        enough(side)
    }

    fn forget(&mut self) {
        (self.in_mail, self.recipients, self.chunks) = (false, 0, None);
    }

    /// The bytes behind DATA.
    fn data(&mut self, side: &mut Side<'_>) -> Next {
        let all = [b"\r\n", side.said].concat();
        let Some(end) = find(&all, b"\r\n.\r\n") else { return last_word(side) };
        let (stuffed, mut mail) = (&all[..end + 2], Vec::new());
        side.said = &side.said[end + 3..];
        for (at, byte) in stuffed.iter().enumerate() {
            if *byte != b'.' || !stuffed[..at].ends_with(b"\r\n") {
                mail.push(*byte);
            }
        }
        self.handed_over(side, &mail[2..])
    }

    /// BDAT with its bytes.
    fn chunk(&mut self, side: &mut Side<'_>, line: &[u8]) -> Next {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line).unwrap_or_default().to_ascii_uppercase();
        let clean = !text.contains(|c: char| c.is_ascii_control());
        let words: Vec<&str> = text.split(' ').filter(|w| !w.is_empty()).collect();
        let length = words.get(1).and_then(|w| w.parse::<usize>().ok()).filter(|_| clean && !words[1].starts_with('+'));
        let (Some(length), [_, _] | [_, _, "LAST"]) = (length, &words[..]) else {
            let reply = side.heard.next().expect("an answer");
            assert!(reply.code >= 500, "nothing behind a chunk of unknown length is a command");
            return Next::End;
        };
        let Some((bytes, rest)) = side.said.split_at_checked(length) else { return last_word(side) };
        let is_last = words.len() == 3;
        if self.in_mail && self.recipients > 0 {
            let mut mail = self.chunks.take().unwrap_or_default();
            mail.extend_from_slice(bytes);
            side.said = rest;
            if is_last {
                return self.handed_over(side, &mail);
            }
            let reply = side.heard.next().expect("every chunk is answered");
            match reply.code {
                250 => {
                    assert!(mail.len() <= self.rules.mail_bytes_max);
                    self.chunks = Some(mail);
                }
                552 => {
                    assert!(mail.len() > self.rules.mail_bytes_max);
                    self.forget();
                    if side.heard.peek().is_none() && mail.len() > 4 * self.rules.mail_bytes_max {
                        return Next::End;
                    }
                }
                code => assert_eq!(code, 421),
            }
            return enough(side);
        }
        side.said = rest;
        let reply = side.heard.next().expect("every chunk is answered");
        assert!(reply.code >= 400, "no chunk without a mail");
        if reply.code == 552 { Next::End } else { enough(side) }
    }

    /// A complete mail: what is handed over is what was sent, and nothing beyond the limit.
    fn handed_over(&mut self, side: &mut Side<'_>, mail: &[u8]) -> Next {
        let count = if self.rules.lmtp { self.recipients } else { 1 };
        let fits = mail.len() <= self.rules.mail_bytes_max;
        if fits {
            let taken = self.taken.next().expect("a mail within the limit is handed over");
            assert!(taken.mail == mail, "what is handed over is what was sent");
            assert_eq!((taken.recipients, taken.tls), (self.recipients, self.tls));
        }
        self.forget();
        for n in 0..count {
            let Some(reply) = side.heard.next() else {
                panic!("{n} replies for {count}");
            };
            assert!(fits || reply.code == 552, "{} to a mail beyond the limit", reply.code);
            if reply.code == 552 && side.heard.peek().is_none() && n == 0 && mail.len() > 2 * self.rules.mail_bytes_max
            {
                // So much more than allowed that the connection ended.
                return Next::End;
            }
        }
        enough(side)
    }
}

/// A 421 behind a reply ends the conversation, and so does one in place of it.
fn enough(side: &mut Side<'_>) -> Next {
    if side.heard.next_if(|reply| reply.code == 421).is_none() {
        return Next::On;
    }
    assert!(side.heard.peek().is_none(), "the last word is the last");
    Next::End
}

/// At the end of what was said: nothing, or why the door has hung up.
fn last_word(side: &mut Side<'_>) -> Next {
    if let Some(reply) = side.heard.next() {
        assert!(matches!(reply.code, 421 | 500 | 552), "{} to half a command", reply.code);
    }
    Next::End
}

fn word(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line).trim_start().to_ascii_uppercase();
    text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
}

fn is_http(word: &str) -> bool {
    matches!(word, "GET" | "POST" | "PUT" | "CONNECT")
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|w| w == wanted)
}

/// Reads what a door said, line by line.
fn replies(heard: &[u8]) -> Vec<Heard> {
    let text = std::str::from_utf8(heard).expect("readable");
    assert!(text.is_empty() || text.ends_with("\r\n"), "whole lines: {text:?}");
    let mut all: Vec<Heard> = Vec::new();
    let mut open = false;
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 510 && !line.contains(|c: char| c.is_control()), "{line:?}");
        let (code, rest) = line.split_at_checked(3).expect("a code");
        assert!(code.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with([' ', '-']), "{line:?}");
        let code: u16 = code.parse().unwrap();
        assert!((200..600).contains(&code), "{line:?}");
        if open {
            let last = all.last_mut().unwrap();
            assert_eq!(last.code, code, "one code for all lines of a reply");
            last.text.push_str(rest);
        } else {
            let enhanced = rest.get(1..).and_then(|r| r.split(' ').next()).filter(|e| is_enhanced(e, code));
            all.push(Heard { code, enhanced: enhanced.map(str::to_owned), text: rest.to_owned() });
        }
        open = rest.starts_with('-');
    }
    assert!(!open, "a reply is whole");
    for (n, reply) in all.iter().enumerate() {
        let bare = reply.code == 354 || reply.code == 220 && n == 0 || reply.text.contains("PIPELINING");
        assert!(bare || reply.enhanced.is_some(), "{} {}", reply.code, reply.text);
    }
    all
}

/// RFC 3463: the class is that of the code.
fn is_enhanced(text: &str, code: u16) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let digits = |p: &&str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(digits) && parts[0] == (code / 100).to_string()
}
