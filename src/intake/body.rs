//! A mail while it arrives: bounded, charged to a budget that all connections share, wiped wherever it does not go on.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::dots::Unstuffer;
use super::reply::Reply;
use super::wire::READ_BYTES;
use crate::limits::KIB;
use crate::secret::PlainBytes;

/// The first buffer of a mail: most letters fit.
const FIRST_BYTES: usize = 8 * KIB;
/// Every connection may hold this much without asking: large mails that stall cannot keep small ones out.
const FREE_BYTES: usize = 32 * KIB;
/// A refused mail is read to its end so that the reply finds its command, but not beyond this many times the limit.
const DRAIN_FACTOR: usize = 4;

/// Memory for the mails of all connections, counted in KiB.
#[derive(Clone)]
pub(super) struct Budget {
    shared: Arc<Semaphore>,
}

/// A mail's part of the budget: goes back when dropped.
pub(super) type Charge = Option<OwnedSemaphorePermit>;

impl Budget {
    /// Splits `bytes` into what every connection has for itself and what they share.
    pub(super) fn new(bytes: usize, connections: usize) -> Self {
        let shared = bytes.saturating_sub(connections.saturating_mul(FREE_BYTES)) / KIB;
        Self { shared: Arc::new(Semaphore::new(shared.min(Semaphore::MAX_PERMITS))) }
    }

    /// KiB that nobody holds.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.shared.available_permits()
    }

    /// Charges up to `capacity` bytes in all; false if the budget is used up.
    fn charge(&self, charge: &mut Charge, capacity: usize) -> bool {
        let wanted = capacity.saturating_sub(FREE_BYTES).div_ceil(KIB);
        let held = charge.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted <= held {
            return true;
        }
        let Ok(more) = u32::try_from(wanted - held) else {
            return false;
        };
        let Ok(more) = Arc::clone(&self.shared).try_acquire_many_owned(more) else {
            return false;
        };
        match charge {
            Some(held) => held.merge(more),
            None => *charge = Some(more),
        }
        true
    }
}

/// How far a mail has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More bytes belong to it.
    More,
    /// It is complete.
    Complete,
    /// The client sends far more than it may: no end in sight.
    Endless,
}

/// A mail being received.
pub(super) struct Body {
    bytes: Zeroizing<Vec<u8>>,
    charge: Charge,
    refusal: Option<Reply>,
    unstuffer: Unstuffer,
    bytes_max: usize,
    arrived: usize,
    budget: Budget,
    /// Complete by then, or given up.
    pub(super) deadline: Instant,
}

impl Body {
    /// Begins a mail of at most `bytes_max` bytes.
    pub(super) fn new(budget: &Budget, bytes_max: usize, deadline: Instant) -> Self {
        Self {
            bytes: Zeroizing::default(),
            charge: None,
            refusal: None,
            unstuffer: Unstuffer::new(),
            bytes_max,
            arrived: 0,
            budget: budget.clone(),
            deadline,
        }
    }

    /// Takes bytes after DATA, undoing the dot-stuffing; says how many of `input` belong to the mail.
    pub(super) fn data(&mut self, input: &[u8]) -> (usize, Progress) {
        if self.refusal.is_none() && !self.make_room(input.len().saturating_add(1)) {
            self.refuse(Reply::no_room());
        }
        let keep = self.refusal.is_none();
        let bytes = &mut self.bytes;
        let (taken, complete) = self.unstuffer.read(input, |part| {
            if keep {
                bytes.extend_from_slice(part);
            }
        });
        self.arrived = self.arrived.saturating_add(taken);
        self.check_size();
        // Asked first: how the bytes are cut must not decide whether the conversation goes on.
        let progress = match complete {
            _ if self.is_endless() => Progress::Endless,
            true => Progress::Complete,
            false => Progress::More,
        };
        (taken, progress)
    }

    /// Announces a chunk of BDAT: a mail that cannot fit is refused before it arrives.
    pub(super) fn expect_chunk(&mut self, length: usize) -> Progress {
        if self.bytes.len().saturating_add(length) > self.bytes_max && self.refusal.is_none() {
            self.refuse(Reply::too_large());
        }
        let all = self.arrived.saturating_add(length);
        if all > self.drain_max() { Progress::Endless } else { Progress::More }
    }

    /// Takes bytes of a chunk as they are.
    pub(super) fn chunk(&mut self, input: &[u8]) {
        self.arrived = self.arrived.saturating_add(input.len());
        if self.refusal.is_some() {
            return;
        }
        if self.make_room(input.len()) {
            self.bytes.extend_from_slice(input);
            self.check_size();
        } else {
            self.refuse(Reply::no_room());
        }
    }

    /// Why this mail will not be taken, if so.
    pub(super) fn refusal(&self) -> Option<&Reply> {
        self.refusal.as_ref()
    }

    /// Hands the mail over, without a copy, together with its part of the budget.
    pub(super) fn finish(mut self) -> Result<(PlainBytes, Charge), Reply> {
        match self.refusal.take() {
            Some(reply) => Err(reply),
            None => Ok((PlainBytes::new(std::mem::take(&mut *self.bytes)), self.charge.take())),
        }
    }

    fn check_size(&mut self) {
        if self.refusal.is_none() && self.bytes.len() > self.bytes_max {
            self.refuse(Reply::too_large());
        }
    }

    const fn drain_max(&self) -> usize {
        self.bytes_max.saturating_mul(DRAIN_FACTOR)
    }

    const fn is_endless(&self) -> bool {
        self.arrived > self.drain_max()
    }

    /// From here on the mail is read and forgotten.
    fn refuse(&mut self, reply: Reply) {
        self.bytes = Zeroizing::default();
        self.charge = None;
        self.refusal = Some(reply);
    }

    /// Room for `more` bytes. The vector never grows by itself: that would leave plaintext in freed memory.
    fn make_room(&mut self, more: usize) -> bool {
        let needed = self.bytes.len().saturating_add(more);
        if needed <= self.bytes.capacity() {
            return true;
        }
        // The largest mail and what a read may bring beyond it.
        let ceiling = self.bytes_max.saturating_add(READ_BYTES);
        let doubled = self.bytes.capacity().saturating_mul(2).min(ceiling);
        let capacity = doubled.max(needed).next_multiple_of(FIRST_BYTES);
        if !self.budget.charge(&mut self.charge, capacity) {
            return false;
        }
        let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
        larger.extend_from_slice(&self.bytes);
        self.bytes = larger;
        true
    }
}
