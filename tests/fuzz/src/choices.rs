//! Decisions, read off the fuzzer's bytes: a changed byte is another decision, so that structure can be searched.

/// Bytes that decide. When they are used up every decision is the first one.
pub struct Choices<'b> {
    rest: &'b [u8],
}

impl<'b> Choices<'b> {
    /// Decides by these bytes, in order.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all bytes are used up.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes that are left.
    pub fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.rest.split_first().unwrap_or((&0, &[]));
        self.rest = rest;
        *first
    }

    /// A number below `end`, by as many bytes as it takes.
    pub fn below(&mut self, end: usize) -> usize {
        let mut number = usize::from(self.byte());
        let mut reach = 0xFF;
        while reach < end.saturating_sub(1) {
            number = number << 8 | usize::from(self.byte());
            reach = reach << 8 | 0xFF;
        }
        number % end.max(1)
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Yes or no; no when the bytes are used up.
    pub fn yes(&mut self) -> bool {
        self.byte() % 2 == 1
    }
}
