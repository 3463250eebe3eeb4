//! Real `gpg --locate-keys`: it asks a name server and the real directory by HTTPS, in both ways the draft knows, and what
//! it encrypts to the key it found is opened.
//!
//! HTTPS means port 443 and a certificate that the system trusts, so this needs root: each test draws a loopback address of
//! its own, and `gpg` runs where only this test's names and authority exist.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use merpati::chance::OsChance;
use merpati::role::Language;
use merpati::seal::ThreadToken;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::gnupg::Gnupg;
use crate::support::app::{DOMAIN, TestApp};
use crate::support::engine::{Scratch, both_engines};
use crate::support::names::Names;
use crate::support::post::lmtp;

both_engines!(
    gpg_finds_our_keys_and_writes_with_them,
    who_is_not_there_is_answered_like_a_mistake,
    addresses_of_a_hosted_mailbox_are_found,
);

const BINTANG: &str = "bintang@rumah.example";
const DIRECTORY: &str = "/.well-known/openpgpkey";
/// Addresses that are drawn before it is taken for certain that none can be had.
const DRAWS: usize = 20;

/// An Internet with one host: a name server, an authority, and a TLS proxy in front of the web door.
struct Internet {
    folder: TempDir,
    names: Names,
    proxy: JoinHandle<()>,
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.proxy.abort();
    }
}

impl Internet {
    /// Only `host` is known in it.
    async fn with(app: &TestApp, host: &str) -> Self {
        let (listener, socket, ip) = places().await;
        let names = Names::at(socket);
        names.a(host, ip);
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        put("resolv.conf", format!("nameserver {ip}\n"));
        put("nsswitch.conf", "hosts: dns\n".to_owned());
        let (config, authority) = certified(host);
        put("authority.pem", authority);
        let web = app.url.strip_prefix("http://").unwrap().parse().unwrap();
        let proxy = tokio::spawn(pass(listener, TlsAcceptor::from(Arc::new(config)), web));
        Self { folder, names, proxy }
    }

    #[track_caller]
    fn finds(&self, gpg: &Gnupg, address: &str) {
        let found = gpg.locate(self.folder.path(), address);
        assert!(found.status.success(), "{address}: {}", String::from_utf8_lossy(&found.stderr));
        let listed = String::from_utf8(gpg.run(&["--with-colons", "--list-keys", address], b"")).unwrap();
        assert!(listed.lines().any(|l| l.starts_with("uid") && l.contains(&format!("<{address}>"))), "{listed}");
    }

    #[track_caller]
    fn misses(&self, gpg: &Gnupg, address: &str) {
        let found = gpg.locate(self.folder.path(), address);
        let said = String::from_utf8_lossy(&found.stderr).into_owned();
        assert!(!found.status.success() && said.contains("via WKD: No data"), "{address}: {said}");
    }
}

/// The ports of HTTPS and DNS at a loopback address that nobody else uses.
async fn places() -> (TcpListener, UdpSocket, Ipv4Addr) {
    let mut why = String::new();
    for draw in 0..DRAWS {
        let [b, c, d, ..] = RandomState::new().hash_one(draw).to_ne_bytes();
        let ip = Ipv4Addr::new(127, b.max(1), c, d.clamp(1, 254));
        match (TcpListener::bind((ip, 443)).await, UdpSocket::bind((ip, 53)).await) {
            (Ok(listener), Ok(socket)) => return (listener, socket, ip),
            (Err(error), _) | (_, Err(error)) => why = error.to_string(),
        }
    }
    panic!("gpg asks key directories on port 443 only, and no loopback address gives ports 443 and 53 (root?): {why}");
}

/// What a TLS server of this name needs, and the authority that vouches for it.
fn certified(host: &str) -> (ServerConfig, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_cert = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let cert = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], secret).unwrap();
    (config, authority_cert.pem())
}

/// Takes TLS off, as the proxy in front of the web door does.
async fn pass(listener: TcpListener, acceptor: TlsAcceptor, web: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let mut inside = TcpStream::connect(web).await?;
            let mut outside = acceptor.accept(stream).await?;
            tokio::io::copy_bidirectional(&mut outside, &mut inside).await
        });
    }
}

fn entity(text: &str) -> String {
    format!("Content-Type: text/plain; charset=utf-8; hp=\"cipher\"\nSubject: Rahasia\n\n{text}\n")
}

async fn gpg_finds_our_keys_and_writes_with_them(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    let (_, ratna) = app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    app.confirm_address(&client, BINTANG).await;
    let (desk, secret) = (format!("uji@{DOMAIN}"), app.secret_address(&client).await);
    let ways = [(format!("openpgpkey.{DOMAIN}"), "Cara maju."), (DOMAIN.to_owned(), "Cara langsung.")];
    for (host, words) in &ways {
        let internet = Internet::with(&app, host).await;
        let gpg = Gnupg::at(app.house.now());
        gpg.make_key(BINTANG);
        internet.finds(&gpg, &desk);
        internet.finds(&gpg, &secret);
        internet.misses(&gpg, &format!("siapa@{DOMAIN}"));
        assert!(internet.names.asked(host) > 0, "it asked for the name");
        // A key counts from the second on in which it was made.
        app.wait(2);
        let mail = gpg.mail(BINTANG, &secret, &secret, &entity(words));
        let answers = lmtp(app.lmtp, BINTANG, &[&secret], &mail).await;
        assert!(answers[0].starts_with("250 "), "{answers:?}");
    }
    let page = app.take(&ratna, &client).await;
    page.must_say("Cara maju.").must_say("Cara langsung.").must_say("Rahasia").must_say("Came encrypted.");
    // To the practice itself: opened on the shelf.
    let internet = Internet::with(&app, DOMAIN).await;
    let gpg = Gnupg::at(app.house.now());
    gpg.make_key(BINTANG);
    internet.finds(&gpg, &desk);
    let answers = lmtp(app.lmtp, BINTANG, &[&desk], &gpg.mail(BINTANG, &desk, &desk, &entity("Untuk meja."))).await;
    assert!(answers[0].starts_with("250 "), "{answers:?}");
    let held = ratna.get("/queue?tab=held").await.links("/held/");
    ratna.get(held.last().unwrap()).await.must_say("Untuk meja.");
    app.close().await;
}

/// All that an answer tells.
async fn answer(app: &TestApp, path: &str) -> (u16, Vec<String>, Vec<u8>) {
    let got = reqwest::get(format!("{}{DIRECTORY}{path}", app.url)).await.unwrap();
    let fields = got.headers().iter().filter(|(n, _)| *n != "date").map(|(n, v)| format!("{n}: {v:?}"));
    let (status, mut fields) = (got.status().as_u16(), fields.collect::<Vec<_>>());
    fields.sort();
    (status, fields, got.bytes().await.unwrap().to_vec())
}

async fn who_is_not_there_is_answered_like_a_mistake(scratch: Scratch) {
    let app = TestApp::open_at_rest(&scratch).await;
    app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    app.confirm_address(&client, BINTANG).await;
    let secret = app.secret_address(&client).await;
    let local = secret.split_once('@').unwrap().0;
    let gpg = Gnupg::at(app.house.now());
    let name = |local: &str| gpg.directory_name(&format!("{local}@{DOMAIN}"));
    assert_eq!(answer(&app, &format!("/hu/{}?l={local}", name(local))).await.0, 200);
    let last = if local.ends_with('a') { "b" } else { "a" };
    let mistyped = format!("{}{last}", &local[..local.len() - 1]);
    // Well formed, and nobody's.
    let nobody = ThreadToken::draw(&OsChance).local_part(&app.house.keys.house);
    let expected = answer(&app, &format!("/hu/{}?l={mistyped}", name(&mistyped))).await;
    assert_eq!(expected.0, 404);
    let paths = [
        format!("/hu/{}?l={nobody}", name(&nobody)),
        format!("/{DOMAIN}/hu/{}?l={nobody}", name(&nobody)),
        format!("/hu/{}?l=siapa", name("siapa")),
        format!("/hu/{}?l=no-reply", name("no-reply")),
        // Only who says the secret address is told that it is one.
        format!("/hu/{}", name(local)),
        format!("/hu/{}?l={nobody}", name(local)),
        format!("/lain.example/hu/{}?l={local}", name(local)),
        format!("/hu/{}?l={local}", &name(local)[1..]),
    ];
    for path in paths {
        assert_eq!(answer(&app, &path).await, expected, "{path}");
    }
    app.close().await;
}

async fn addresses_of_a_hosted_mailbox_are_found(scratch: Scratch) {
    const SCHOOL: &str = "sekolah.example";
    let app = TestApp::open_hosted(&scratch, &format!("Konseling@{SCHOOL}")).await;
    app.furnish().await;
    let client = app.open_mailbox("Bintang Sore", Language::English).await;
    app.confirm_address(&client, BINTANG).await;
    let secret = app.secret_address(&client).await;
    assert!(secret.starts_with("Konseling+") && secret.ends_with(SCHOOL), "{secret}");
    for host in [format!("openpgpkey.{SCHOOL}"), SCHOOL.to_owned()] {
        let internet = Internet::with(&app, &host).await;
        let gpg = Gnupg::at(app.house.now());
        for address in [secret.to_lowercase(), format!("konseling@{SCHOOL}"), format!("konseling+uji@{SCHOOL}")] {
            internet.finds(&gpg, &address);
        }
        // In this domain other names are other people.
        internet.misses(&gpg, &format!("uji@{SCHOOL}"));
        internet.misses(&gpg, &format!("konseling+siapa@{SCHOOL}"));
    }
    // The doors take the same addresses, the canary's among them.
    let answers = lmtp(app.lmtp, BINTANG, &[&secret], b"From: bintang@rumah.example\r\n\r\nHalo\r\n").await;
    assert!(answers[0].starts_with("250 "), "{answers:?}");
    let flight = merpati::flow::canary::set_out(&app.house).await.unwrap();
    assert!(flight.to.text().starts_with("Konseling+canary-out-"), "the form in which letters come");
    let answers = lmtp(app.lmtp, "no-reply@surat.example", &[&flight.to.text()], flight.mail.reveal()).await;
    assert!(answers[0].starts_with("250 "), "{answers:?}");
    app.run_due().await;
    let standing = merpati::flow::canary::standing(&app.house).await.unwrap();
    assert!(standing.last_returned.is_some(), "it came home");
    app.close().await;
}
