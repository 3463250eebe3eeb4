//! Every cap of the product in one table (`TIGER_STYLE`: a limit on every loop, queue and buffer).

use std::time::Duration;

/// Bytes in one KiB.
pub const KIB: usize = 1024;
/// Bytes in one MiB.
pub const MIB: usize = 1024 * KIB;

/// A whole mail as received, in bytes.
pub const MAIL_BYTES_MAX: usize = 25 * MIB;
/// Nested MIME parts: how deep.
pub const MAIL_DEPTH_MAX: usize = 30;
/// MIME parts of one mail, at any depth.
pub const MAIL_PARTS_MAX: usize = 500;
/// Header lines of one mail, over all parts.
pub const MAIL_HEADERS_MAX: usize = 2_000;
/// The header block of one mail, in bytes.
pub const MAIL_HEADER_BYTES_MAX: usize = 256 * KIB;
/// A mail larger than this is stored as a reading copy plus its original, so that a page need not open it whole.
pub const MAIL_INLINE_BYTES_MAX: usize = 64 * KIB;
/// Servers a mail may have passed (RFC 5321 6.3 asks for 100 at least; none that arrives honestly has half of that).
pub const MAIL_HOPS_MAX: usize = 100;
/// Recipients of one SMTP transaction.
pub const RECIPIENTS_MAX: usize = 20;
/// One command line of SMTP, in bytes (RFC 5321 asks for 512; extensions need more).
pub const COMMAND_BYTES_MAX: usize = 4 * KIB;
/// Bad commands before a connection is closed.
pub const BAD_COMMANDS_MAX: usize = 20;
/// Mails of one connection.
pub const MAILS_PER_CONNECTION_MAX: usize = 10_000;
/// Recipients of one SMTP connection that do not exist.
pub const REFUSED_PER_CONNECTION_MAX: usize = 20;
/// Mails that one source outside brings by SMTP in a minute.
pub const MAILS_PER_SOURCE_MAX: usize = 120;
/// Recipients that do not exist, asked for by one source outside in a minute.
pub const REFUSED_PER_SOURCE_MAX: usize = 60;
/// Sources whose minute is counted.
pub const SOURCES_MAX: usize = 10_000;
/// Open mail connections.
pub const CONNECTIONS_MAX: usize = 256;
/// Open mail connections from one source address.
pub const CONNECTIONS_PER_SOURCE_MAX: usize = 64;
/// Silence before a mail connection is closed (RFC 5321 4.5.3.2.7 asks for five minutes).
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(300);
/// A load balancer has said where the client is by then.
pub const PROXY_TIMEOUT: Duration = Duration::from_secs(10);
/// The handshake of TLS is done by then.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);
/// A whole mail must have arrived by then.
pub const DATA_TIMEOUT: Duration = Duration::from_secs(600);
/// Plaintext of mails held in memory at once, over all connections, in bytes.
pub const MAIL_MEMORY_BYTES_MAX: usize = 64 * MIB;

/// A letter's text, in bytes.
pub const LETTER_TEXT_BYTES_MAX: usize = 256 * KIB;
/// A letter's subject, in characters.
pub const SUBJECT_CHARS_MAX: usize = 200;
/// One attached file, in bytes.
pub const ATTACHMENT_BYTES_MAX: usize = 10 * MIB;
/// Files of one letter.
pub const ATTACHMENTS_MAX: usize = 5;
/// A client's own OpenPGP key, in bytes.
pub const CLIENT_KEY_BYTES_MAX: usize = 64 * KIB;
/// Keys kept for one client; a new one that was only seen takes the place of the oldest that was only seen.
pub const CLIENT_KEYS_MAX: usize = 5;
/// Files of a reply that go into its encrypted mail, in bytes; larger ones wait in the mailbox.
pub const REPLY_MAIL_FILES_BYTES_MAX: usize = 5 * MIB;
/// A private note, in bytes.
pub const NOTE_BYTES_MAX: usize = 16 * KIB;
/// A mailbox name, in characters.
pub const NAME_CHARS_MAX: usize = 40;
/// A sign-in secret, in characters.
pub const SECRET_CHARS_MAX: usize = 200;
/// A web form without files, in bytes: browsers write each byte of most scripts as three, each line end as six.
pub const FORM_BYTES_MAX: usize = 6 * LETTER_TEXT_BYTES_MAX + 64 * KIB;
/// A web form with files, in bytes.
pub const UPLOAD_BYTES_MAX: usize = ATTACHMENT_BYTES_MAX + MIB;

/// Letters shown on one page of a thread.
pub const THREAD_PAGE_LETTERS: usize = 10;
/// Lines shown on one page of a client's trail.
pub const TRAIL_PAGE_LINES: usize = 30;
/// Rows shown on one page of the queue.
pub const QUEUE_PAGE_ROWS: usize = 50;
/// Counts beside the queue's tabs stop here and are shown as "999+".
pub const QUEUE_COUNT_MAX: i64 = 1_000;

/// Threads whose last letters a reply is compared with.
pub const GUARD_THREADS: usize = 30;
/// Letters of each of them.
pub const GUARD_LETTERS: usize = 4;
/// Clients whose names a reply is compared with.
pub const GUARD_NAMES_MAX: usize = 500;

/// Sign-ins computed at the same time: each takes 64 MiB.
pub const UNLOCKS_AT_ONCE: usize = 2;
/// Sign-ins waiting for their turn; one more is asked to come back.
pub const UNLOCKS_WAITING: usize = 32;

/// A client's session ends after this silence.
pub const CLIENT_IDLE: Duration = Duration::from_secs(600);
/// A counselor's screen locks after this silence.
pub const STAFF_IDLE: Duration = Duration::from_secs(300);
/// No session lives longer.
pub const SESSION_MAX: Duration = Duration::from_secs(12 * 3600);
/// A draft is kept this long after the last change.
pub const DRAFT_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// An invitation or a confirmation link works this long.
pub const LINK_VALID: Duration = Duration::from_secs(3 * 24 * 3600);
/// Reports of mails that will never arrive, after which no mail goes to an address any more.
pub const HARD_BOUNCES_MAX: i64 = 1;
/// The same for mails that did not arrive this time.
pub const SOFT_BOUNCES_MAX: i64 = 3;
/// Tries at the code word in a day.
pub const CODE_TRIES_MAX: i64 = 5;
/// A code word, in characters.
pub const CODE_WORD_CHARS_MAX: usize = 60;
/// Cases of a signal at a desk before its false alarms count.
pub const ALARM_CASES_MIN: i64 = 50;
/// False alarms in a hundred cases above which a signal turns into a grey tag.
pub const FALSE_ALARMS_PERCENT_MAX: i64 = 30;
/// Mail programs and names remembered for a thread.
pub const TRAITS_MAX: usize = 20;
/// A decision on held mail can be undone this long.
pub const UNDO_FOR: Duration = Duration::from_secs(600);
/// Decisions that can be undone, shown at once.
pub const UNDO_SHOWN_MAX: usize = 5;
/// Addresses a thread had before that are still recognized.
pub const RETIRED_ADDRESSES_MAX: i64 = 50;
/// Mails that a mail refers to, looked up at the most: the nearest ones.
pub const REFERENCES_MAX: usize = 16;
/// Letters shown of a sorting tray.
pub const TRAY_SHOWN_MAX: usize = 20;
/// Machine notes shown beside a thread.
pub const FILED_SHOWN_MAX: usize = 20;
/// A mail that waits longer than this to leave is an alarm.
pub const OUTBOX_ALARM_AFTER: Duration = Duration::from_secs(3600);
/// A lease on a job or a mail: after it another worker may take over.
pub const LEASE: Duration = Duration::from_secs(120);

/// Signatures of one mail that are checked: each asks for a key.
pub const SIGNATURES_MAX: usize = 5;
/// One question to a name server; it is repeated once.
pub const DNS_TIME_MAX: Duration = Duration::from_secs(1);
/// One step of finding out who sent a mail; there are two, one after the other.
pub const SENDER_STEP_TIME_MAX: Duration = Duration::from_millis(2_500);
/// Answers of name servers kept in memory.
pub const DNS_ANSWERS_KEPT: u64 = 4_096;
