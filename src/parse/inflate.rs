//! Unpacks one small deflated file (RFC 1951), bounded.

/// Unpacks `data`; nothing when it is damaged or larger than `limit`.
pub(super) fn inflate(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut bits = Bits { data, at: 0 };
    let mut out = Vec::new();
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut out, limit)?,
            1 => {
                let mut lengths = [8_u8; 288];
                lengths.iter_mut().skip(144).take(112).for_each(|l| *l = 9);
                lengths.iter_mut().skip(256).take(24).for_each(|l| *l = 7);
                block(&mut bits, &mut out, limit, &Code::new(&lengths)?, &Code::new(&[5; 30])?)?;
            }
            2 => {
                let (letters, distances) = codes(&mut bits)?;
                block(&mut bits, &mut out, limit, &letters, &distances)?;
            }
            _ => return None,
        }
        if last {
            return Some(out);
        }
    }
}

struct Bits<'a> {
    data: &'a [u8],
    /// Bits read so far.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for nth in 0..count {
            let byte = *self.data.get(self.at / 8)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << nth;
            self.at += 1;
        }
        Some(value)
    }
}

fn stored(bits: &mut Bits<'_>, out: &mut Vec<u8>, limit: usize) -> Option<()> {
    bits.at = bits.at.next_multiple_of(8);
    let length = bits.take(16)?;
    if bits.take(16)? != !length & 0xFFFF || out.len() + length > limit {
        return None;
    }
    let start = bits.at / 8;
    out.extend_from_slice(bits.data.get(start..start + length)?);
    bits.at += length * 8;
    Some(())
}

/// A canonical Huffman code: how many symbols have each length, and the symbols in order.
struct Code {
    counts: [u16; 16],
    symbols: Vec<u16>,
}

impl Code {
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut code = Self { counts: [0; 16], symbols: Vec::with_capacity(lengths.len()) };
        for length in 1..16_u8 {
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, l)| **l == length) {
                code.symbols.push(u16::try_from(symbol).ok()?);
                *code.counts.get_mut(usize::from(length))? += 1;
            }
        }
        Some(code)
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<usize> {
        let (mut value, mut first, mut index) = (0, 0, 0);
        for count in self.counts.iter().skip(1).map(|c| usize::from(*c)) {
            value |= bits.take(1)?;
            if value < first + count {
                return self.symbols.get(index + value.checked_sub(first)?).map(|s| usize::from(*s));
            }
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        None
    }
}

/// Reads the codes of a dynamic block.
fn codes(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (letters, distances, count) = (bits.take(5)? + 257, bits.take(5)? + 1, bits.take(4)? + 4);
    let mut lengths = [0_u8; 19];
    for at in ORDER.iter().take(count) {
        *lengths.get_mut(*at)? = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Code::new(&lengths)?;
    let mut lengths: Vec<u8> = Vec::with_capacity(320);
    while lengths.len() < letters + distances {
        let (length, times) = match code.read(bits)? {
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (u8::try_from(length).ok()?, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times));
    }
    Some((Code::new(lengths.get(..letters)?)?, Code::new(lengths.get(letters..letters + distances)?)?))
}

/// Reads one compressed block.
fn block(bits: &mut Bits<'_>, out: &mut Vec<u8>, limit: usize, letters: &Code, distances: &Code) -> Option<()> {
    const LENGTHS: [usize; 29] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ];
    loop {
        let symbol = letters.read(bits)?;
        if let Ok(byte) = u8::try_from(symbol) {
            if out.len() >= limit {
                return None;
            }
            out.push(byte);
            continue;
        }
        let Some(nth) = symbol.checked_sub(257) else {
            return Some(());
        };
        let extra = if (8..28).contains(&nth) { (nth - 4) / 4 } else { 0 };
        let length = LENGTHS.get(nth)? + bits.take(extra)?;
        let code = distances.read(bits)?;
        let extra = (code / 2).saturating_sub(1);
        let base = if code < 4 { code + 1 } else { ((2 + code % 2) << extra) + 1 };
        let distance = base + bits.take(extra)?;
        if code > 29 || out.len() + length > limit {
            return None;
        }
        let start = out.len().checked_sub(distance)?;
        for at in start..start + length {
            out.push(*out.get(at)?);
        }
    }
}
