//! The two directions of one connection: a read buffer that wipes itself and replies that wait for one write.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::{Zeroize as _, Zeroizing};

use super::reply::Reply;
use crate::limits::KIB;
use crate::role::Language;

/// Bytes read at once.
pub(super) const READ_BYTES: usize = 16 * KIB;
/// Replies held back before they are written although more commands wait.
const REPLY_BYTES_MAX: usize = 8 * KIB;

/// A stream with its buffers. Replies are written when nothing is left to read: one write for a batch of pipelined
/// commands.
pub(super) struct Wire<S> {
    stream: S,
    input: Zeroizing<Vec<u8>>,
    /// Unread bytes lie in `start..end`.
    start: usize,
    end: usize,
    /// Unread bytes before this hold no line end.
    scanned: usize,
    /// Bytes at and after this were not written since the last wipe.
    dirty: usize,
    out: Vec<u8>,
    /// Bytes of `out` that have left.
    sent: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        let input = Zeroizing::new(vec![0; READ_BYTES]);
        Self { stream, input, start: 0, end: 0, scanned: 0, dirty: 0, out: Vec::new(), sent: 0 }
    }

    /// Bytes that have arrived and wait.
    pub(super) fn unread(&self) -> &[u8] {
        self.input.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `length` of the waiting bytes are dealt with.
    pub(super) fn consume(&mut self, length: usize) {
        self.start = self.start.saturating_add(length).min(self.end);
        self.scanned = self.start;
    }

    /// Length of the first waiting line with its line feed.
    pub(super) fn line_length(&mut self) -> Option<usize> {
        let fresh = self.input.get(self.scanned..self.end).unwrap_or_default();
        if let Some(at) = fresh.iter().position(|&b| b == b'\n') {
            return Some(self.scanned - self.start + at + 1);
        }
        self.scanned = self.end;
        None
    }

    /// Puts a reply into the next write.
    pub(super) fn reply(&mut self, reply: &Reply, utf8: bool, first: Language) {
        reply.write(&mut self.out, utf8, first);
    }

    /// Puts prepared lines into the next write.
    pub(super) fn lines(&mut self, lines: &[u8]) {
        self.out.extend_from_slice(lines);
    }

    /// Have so many replies gathered that they should leave?
    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= REPLY_BYTES_MAX
    }

    /// Writes the gathered replies. May be dropped at any time and called again.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        while let Some(rest) = self.out.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => self.sent += count,
            }
        }
        self.stream.flush().await?;
        self.out.clear();
        self.sent = 0;
        Ok(())
    }

    /// Writes what is to be written, then waits for more bytes; says how many came, 0 at the end of the stream.
    pub(super) async fn turn(&mut self) -> io::Result<usize> {
        self.flush().await?;
        self.make_room();
        let room = self.input.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            // Callers take everything out of a full buffer first; never mistake this for the end of the stream.
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let count = self.stream.read(room).await?;
        self.end += count;
        self.dirty = self.dirty.max(self.end);
        Ok(count)
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end, self.scanned) = (0, 0, 0);
        } else if self.end == self.input.len() && self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            self.scanned -= self.start;
            self.end -= self.start;
            self.start = 0;
        }
    }

    /// Wipes what has been dealt with: after a mail nothing of it stays in here.
    pub(super) fn wipe(&mut self) {
        if let Some(before) = self.input.get_mut(..self.start) {
            before.zeroize();
        }
        if let Some(behind) = self.input.get_mut(self.end..self.dirty) {
            behind.zeroize();
        }
        self.dirty = self.end;
    }

    /// Gives the stream back. What was read and not dealt with is forgotten.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Ends the connection: sends the rest, says that no more will come and reads a little of what the client still
    /// sends, because closing on unread bytes would take the last reply away from it.
    pub(super) async fn hang_up(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await?;
        let mut taken = 0;
        while taken < 16 * READ_BYTES {
            (self.start, self.end, self.scanned) = (0, 0, 0);
            match self.turn().await? {
                0 => break,
                count => taken += count,
            }
        }
        Ok(())
    }
}
