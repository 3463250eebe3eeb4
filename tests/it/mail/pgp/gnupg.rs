//! Real GnuPG, in a home of its own that lives in the house's time.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use merpati::clock::Moment;

/// One person's GnuPG.
pub(super) struct Gnupg {
    home: tempfile::TempDir,
    at: i64,
}

impl Gnupg {
    pub(super) fn at(now: Moment) -> Self {
        // Below the shortest folder there is: an agent's socket path may have 107 characters.
        Self { home: tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap(), at: now.seconds() + 1 }
    }

    /// Looks for a key as `gpg` does by itself, with names, name server and authorities from `folder`. They are put in place
    /// for this one run only, in a mount namespace of its own.
    pub(super) fn locate(&self, folder: &Path, address: &str) -> Output {
        const PUT: &str = "mount --bind \"$1/authority.pem\" /etc/ssl/certs/ca-certificates.crt && \
            mount --bind \"$1/resolv.conf\" /etc/resolv.conf && mount --bind \"$1/nsswitch.conf\" /etc/nsswitch.conf && \
            shift && exec gpg \"$@\"";
        // Its own resolver would look for Tor.
        std::fs::write(self.home.path().join("dirmngr.conf"), "standard-resolver\n").unwrap();
        let mut command = self.command("unshare");
        command.args(["--mount", "sh", "-c", PUT, "sh"]).arg(folder).args([
            "--batch",
            "--no-tty",
            "--trust-model",
            "always",
        ]);
        command.args(["--faked-system-time", &self.at.to_string()]);
        let found =
            command.args(["--auto-key-locate", "clear,nodefault,wkd", "--locate-keys", address]).output().unwrap();
        // The helper that asks the network lives on in that namespace, and keeps in mind whom it asked.
        let _ = self.command("gpgconf").args(["--kill", "dirmngr"]).output();
        found
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("GNUPGHOME", self.home.path());
        command
    }

    pub(super) fn try_run(&self, args: &[&str], input: &[u8]) -> Output {
        let mut command = self.command("gpg");
        command.args(["--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]);
        command.args(["--trust-model", "always", "--faked-system-time", &self.at.to_string()]).args(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("gnupg");
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    pub(super) fn run(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        let done = self.try_run(args, input);
        assert!(done.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    }

    /// Makes a key and returns its fingerprint.
    pub(super) fn make_key(&self, address: &str) -> String {
        self.run(&["--quick-gen-key", &format!("Somebody <{address}>"), "future-default", "default", "never"], b"");
        let listed = String::from_utf8(self.run(&["--with-colons", "--list-keys", address], b"")).unwrap();
        listed.lines().find(|l| l.starts_with("fpr")).unwrap().split(':').nth(9).unwrap().to_owned()
    }

    pub(super) fn public(&self, address: &str) -> String {
        String::from_utf8(self.run(&["--armor", "--export", address], b"")).unwrap()
    }

    /// The name under which a key directory keeps the key of an address.
    pub(super) fn directory_name(&self, address: &str) -> String {
        let client = Path::new("/usr/lib/gnupg/gpg-wks-client");
        let done = self.command(client.to_str().unwrap()).args(["--print-wkd-hash", address]).output().unwrap();
        let line = String::from_utf8(done.stdout).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    }

    /// A PGP/MIME mail around an entity, encrypted to the recipient's key and signed with the sender's.
    pub(super) fn mail(&self, from: &str, to: &str, key: &str, entity: &str) -> Vec<u8> {
        let entity = entity.replace('\n', "\r\n");
        let armored = self.run(&["--armor", "-u", from, "-r", key, "--sign", "--encrypt"], entity.as_bytes());
        let armored = String::from_utf8(armored).unwrap().replace('\n', "\r\n");
        format!(
            "From: <{from}>\r\nTo: <{to}>\r\nSubject: ...\r\nMessage-ID: <{}@t.example>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/encrypted; boundary=\"b\"; protocol=\"application/pgp-encrypted\"\r\n\r\n--b\r\n\
             Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\n\
             Content-Type: application/octet-stream\r\n\r\n{armored}\r\n--b--\r\n",
            armored.len() + armored.bytes().map(usize::from).sum::<usize>()
        )
        .into_bytes()
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        let _ = self.command("gpgconf").args(["--kill", "all"]).output();
    }
}
