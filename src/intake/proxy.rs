//! The PROXY protocol, versions 1 and 2: a load balancer says in front of everything where the client is.
//!
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>. The header is read to its last byte and no further:
//! what follows belongs to the conversation or to the handshake. It is required from the networks in the settings and
//! not read from any other, so nobody else can choose their address.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;

use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest header of version 1, with its line end.
const TEXT_MAX: usize = 107;
/// The fixed part of version 2.
const BINARY_HEAD: usize = 16;
/// The longest rest of version 2 that is read: addresses and what load balancers add to them.
const BINARY_REST_MAX: usize = 2048;
/// Both versions have at least that many bytes.
const FIRST: usize = 12;

/// A network: all addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u32,
}

/// Not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address or network; write for example 10.0.0.0/8 or 192.0.2.7")]
pub struct NotANetwork;

impl Network {
    /// Does the address lie in it?
    pub fn holds(&self, ip: IpAddr) -> bool {
        match (self.base, ip.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => same(base.to_bits().into(), ip.to_bits().into(), 32, self.bits),
            (IpAddr::V6(base), IpAddr::V6(ip)) => same(base.to_bits(), ip.to_bits(), 128, self.bits),
            _ => false,
        }
    }
}

/// Are the first `bits` of `width` the same?
fn same(one: u128, other: u128, width: u32, bits: u32) -> bool {
    (one ^ other).checked_shr(width.saturating_sub(bits)).unwrap_or(0) == 0
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.trim().parse().map_err(|_| NotANetwork)?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| NotANetwork)?;
        // A network of everybody would let everybody name their own address.
        if bits == 0 || bits > width { Err(NotANetwork) } else { Ok(Self { base, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// Reads the header. `None`: the load balancer speaks for itself, or does not know.
pub(super) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<IpAddr>> {
    let mut head = vec![0; FIRST];
    stream.read_exact(&mut head).await?;
    if head == v2::PROTOCOL_PREFIX { binary(stream, head).await } else { text(stream, head).await }
}

async fn binary<S: AsyncRead + Unpin>(stream: &mut S, mut head: Vec<u8>) -> io::Result<Option<IpAddr>> {
    head.resize(BINARY_HEAD, 0);
    stream.read_exact(head.get_mut(FIRST..).unwrap_or_default()).await?;
    let rest = head.last_chunk::<2>().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
    if rest > BINARY_REST_MAX {
        return Err(unreadable());
    }
    head.resize(BINARY_HEAD + rest, 0);
    stream.read_exact(head.get_mut(BINARY_HEAD..).unwrap_or_default()).await?;
    let header = v2::Header::try_from(head.as_slice()).map_err(|_| unreadable())?;
    Ok(match (header.command, header.addresses) {
        (v2::Command::Proxy, v2::Addresses::IPv4(ip)) => Some(ip.source_address.into()),
        (v2::Command::Proxy, v2::Addresses::IPv6(ip)) => Some(IpAddr::from(ip.source_address).to_canonical()),
        (v2::Command::Local, _) | (_, v2::Addresses::Unix(_) | v2::Addresses::Unspecified) => None,
    })
}

async fn text<S: AsyncRead + Unpin>(stream: &mut S, mut head: Vec<u8>) -> io::Result<Option<IpAddr>> {
    if !head.starts_with(v1::PROTOCOL_PREFIX.as_bytes()) {
        return Err(unreadable());
    }
    // Byte by byte, a hundred at the most: what follows the line is not ours to take.
    while !head.ends_with(b"\n") {
        if head.len() >= TEXT_MAX {
            return Err(unreadable());
        }
        head.push(stream.read_u8().await?);
    }
    let header = v1::Header::try_from(head.as_slice()).map_err(|_| unreadable())?;
    Ok(match header.addresses {
        v1::Addresses::Tcp4(ip) => Some(ip.source_address.into()),
        v1::Addresses::Tcp6(ip) => Some(IpAddr::from(ip.source_address).to_canonical()),
        v1::Addresses::Unknown => None,
    })
}

fn unreadable() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn told(bytes: &[u8]) -> (Option<Option<String>>, Vec<u8>) {
        let mut stream = bytes;
        let told = read(&mut stream).await.ok().map(|ip| ip.map(|ip| ip.to_string()));
        (told, stream.to_vec())
    }

    fn v2(command: u8, family: u8, body: &[u8], said: u16) -> Vec<u8> {
        let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
        bytes.extend([command, family]);
        bytes.extend(said.to_be_bytes());
        bytes.extend(body);
        bytes
    }

    #[tokio::test]
    async fn headers_of_both_versions() {
        let four = [192, 0, 2, 7, 10, 0, 0, 1, 0x80, 0, 0, 25];
        let mut six = [0; 36];
        six[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
        six[15] = 9;
        let mut with_more = four.to_vec();
        with_more.extend([0x04, 0, 2, 0, 0]);
        for (bytes, expected) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 33000 25\r\n".to_vec(), Some(Some("192.0.2.7"))),
            (b"PROXY TCP6 2001:db8::9 ::1 33000 25\r\n".to_vec(), Some(Some("2001:db8::9"))),
            (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 33000 25\r\n".to_vec(), Some(Some("192.0.2.7"))),
            (b"PROXY UNKNOWN\r\n".to_vec(), Some(None)),
            (v2(0x21, 0x11, &four, 12), Some(Some("192.0.2.7"))),
            (v2(0x21, 0x11, &with_more, 17), Some(Some("192.0.2.7"))),
            (v2(0x21, 0x21, &six, 36), Some(Some("2001:db8::9"))),
            (v2(0x20, 0x11, &four, 12), Some(None)),
            (v2(0x20, 0x00, &[], 0), Some(None)),
            (v2(0x21, 0x11, &four, 11), None),
            (v2(0x21, 0x21, &four, 12), None),
            (v2(0x31, 0x11, &four, 12), None),
            (v2(0x21, 0x11, &four, 2_049), None),
            (v2(0x21, 0x11, &four, u16::MAX), None),
            (b"EHLO mx.example.org\r\n".to_vec(), None),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 33000\r\n".to_vec(), None),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 33000 25\n".to_vec(), None),
            (b"PROXY TCP4 \xc3\xbc\r\xc3\xbc\r\n".to_vec(), None),
            (format!("PROXY UNKNOWN {}\r\n", "x".repeat(200)).into_bytes(), None),
        ] {
            let mut whole = bytes.clone();
            whole.extend(b"EHLO a\r\n");
            let (ip, rest) = told(&whole).await;
            assert_eq!(ip.as_ref().map(Option::as_deref), expected, "{}", bytes.escape_ascii());
            if expected.is_some() {
                assert_eq!(rest, b"EHLO a\r\n", "{}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn networks() {
        for (network, ip, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/128", "2001:db8::1", false),
            ("10.0.0.0/8", "::1", false),
        ] {
            assert_eq!(network.parse::<Network>().unwrap().holds(ip.parse().unwrap()), expected, "{network} {ip}");
        }
        for text in ["", "10.0.0.0/0", "::/0", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", "mx.example.org"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(proxy in prop::bool::ANY, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let head: &[u8] = if proxy { b"\r\n\r\n\0\r\nQUIT\n" } else { b"PROXY TCP4 " };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                told(&bytes).await;
                told(&[head, &bytes].concat()).await;
            });
        }
    }
}
