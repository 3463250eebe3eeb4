//! What a door hangs in: TCP, or a socket in the file system.

use std::fs;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Who may write to a socket in the file system: its owner and its group.
const SOCKET_MODE: u32 = 0o660;

/// Something that connections come through.
pub trait Door: Send + Sync + 'static {
    /// The stream of one connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection and where it comes from, if that can be told.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<IpAddr>)>> + Send;

    /// Sends a connection away with one line, without waiting.
    fn turn_away(stream: Self::Stream, line: &[u8]);
}

impl Door for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Option<IpAddr>)> {
        let (stream, from) = self.accept().await?;
        // Replies are written in one piece already; a stream that cannot take the option ends by itself.
        let _ = stream.set_nodelay(true);
        Ok((stream, Some(from.ip().to_canonical())))
    }

    fn turn_away(stream: TcpStream, line: &[u8]) {
        // The send buffer of a new connection is empty: one write that does not wait is enough.
        if let Ok(mut stream) = stream.into_std() {
            let _ = stream.write(line);
        }
    }
}

/// A socket in the file system; its file goes when it is dropped.
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and number of the file: another one of the same name is not ours to remove.
    file: (u64, u64),
}

impl Socket {
    /// Opens a socket at `path`. A file that a program left there when it ended suddenly is removed first; one that
    /// somebody listens at, or that is no socket, is an error.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(found) if !found.file_type().is_socket() => return Err(io::ErrorKind::AlreadyExists.into()),
            Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
                Err(error) => return Err(error),
                Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            },
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
        Ok(Self { listener, path: path.to_owned(), file: file(path)? })
    }
}

fn file(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

impl Drop for Socket {
    fn drop(&mut self) {
        if file(&self.path).is_ok_and(|file| file == self.file) {
            // What cannot be removed is removed at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Door for Socket {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Option<IpAddr>)> {
        let (stream, _) = self.listener.accept().await?;
        Ok((stream, None))
    }

    fn turn_away(stream: UnixStream, line: &[u8]) {
        if let Ok(mut stream) = stream.into_std() {
            let _ = stream.write(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_comes_and_goes_and_takes_nobodys_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lmtp");
        let first = Socket::bind(&path).unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode() & 0o777, SOCKET_MODE);
        assert_eq!(Socket::bind(&path).err().unwrap().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(!path.exists());

        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "left behind");
        let second = Socket::bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let third = Socket::bind(&path).unwrap();
        drop(second);
        assert!(path.exists(), "the file of another one stays");
        drop(third);

        fs::write(&path, "a letter").unwrap();
        assert_eq!(Socket::bind(&path).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        assert!(Socket::bind(&folder.path().join("no/such")).is_err());
    }
}
