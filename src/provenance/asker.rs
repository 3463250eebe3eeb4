//! Asks the name servers who may send for a domain: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 9989), ARC (RFC 8617).
//!
//! Every question has a time limit, and a mail only so many questions: a stranger's slow name server delays nobody but
//! the stranger's own mail, and not for long. What could not be found out is a [`Verdict::TempError`], which is held
//! against nobody. Answers, also those that there is nothing, are kept in bounded memory for as long as they say.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use mail_auth::common::headers::Header;
use mail_auth::dkim::Signature;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, DnsError, Error, MessageAuthenticator, SpfOutput,
    SpfResult, dmarc,
};
use tokio::time::timeout;

use super::results::{best, sealed_by_trusted, seals_are_plain};
use super::{Origin, Policy, Provenance, Verdict, Witness};
use crate::clock::Moment;
use crate::limits::{DNS_ANSWERS_KEPT, DNS_TIME_MAX, MAIL_INLINE_BYTES_MAX, SENDER_STEP_TIME_MAX, SIGNATURES_MAX};
use crate::parse::Head;

/// Seals of one chain that are looked at: each asks for a key.
const SEALS_MAX: usize = 10;
/// An answer that names no time of its own, or a very long one, is kept this long.
const KEPT_AT_LEAST: Duration = Duration::from_secs(60);
const KEPT_AT_MOST: Duration = Duration::from_secs(24 * 3600);

/// Somebody to ask about domains.
#[derive(Clone)]
pub struct Asker(MessageAuthenticator);

impl Asker {
    /// Asks the machine's name servers; `None` when it has none.
    pub fn system() -> Option<Self> {
        let (config, opts) = read_system_conf().ok()?;
        Self::new(config, opts)
    }

    /// Asks this name server.
    pub fn at(server: SocketAddr) -> Option<Self> {
        let mut name_server = NameServerConfig::udp_and_tcp(server.ip());
        for connection in &mut name_server.connections {
            connection.port = server.port();
        }
        Self::new(ResolverConfig::from_parts(None, Vec::new(), vec![name_server]), ResolverOpts::default())
    }

    fn new(config: ResolverConfig, mut opts: ResolverOpts) -> Option<Self> {
        opts.timeout = DNS_TIME_MAX;
        opts.attempts = 1;
        opts.cache_size = DNS_ANSWERS_KEPT;
        opts.use_hosts_file = ResolveHosts::Never;
        opts.negative_min_ttl = Some(KEPT_AT_LEAST);
        opts.positive_max_ttl = Some(KEPT_AT_MOST);
        opts.negative_max_ttl = Some(KEPT_AT_MOST);
        MessageAuthenticator::new(config, opts).ok().map(Self)
    }

    /// Checks a mail. Takes at most two times [`SENDER_STEP_TIME_MAX`].
    pub(super) async fn ask(
        &self,
        origin: &Origin<'_>,
        mail: &[u8],
        head: &Head<'_>,
        forwarders: &[String],
        now: Moment,
    ) -> Provenance {
        // Hashing a large mail takes long enough that other connections would wait for it.
        let message = if mail.len() <= MAIL_INLINE_BYTES_MAX {
            read(mail, head, now)
        } else {
            tokio::task::block_in_place(|| read(mail, head, now))
        };
        let Some(message) = message else {
            return Provenance { witness: Witness::Ourselves, ..Provenance::default() };
        };
        let (spf, dkim, arc) = tokio::join!(self.spf(origin), self.dkim(&message), self.arc(&message, head));
        let domain = origin.from.map_or(origin.hello, |address| address.domain());
        let params = DmarcParameters {
            message: &message,
            dkim_output: &dkim,
            dkim2_output: None,
            rfc5321_mail_from_domain: domain,
            spf_output: &spf,
        };
        let dmarc = timeout(SENDER_STEP_TIME_MAX, self.0.verify_dmarc(params)).await.ok();
        let unreadable = message.has_dkim_errors.then_some(Verdict::Neutral);
        Provenance {
            witness: Witness::Ourselves,
            spf: spf_verdict(spf.result()),
            dkim: best(dkim.iter().map(|d| dkim_verdict(d.result())).chain(unreadable)),
            dmarc: dmarc.as_ref().map_or(Verdict::TempError, |d| dmarc_verdict(&d.result())),
            policy: dmarc.as_ref().map(|d| policy(d.policy())).unwrap_or_default(),
            arc,
            arc_trusted: arc == Verdict::Pass && sealed_by_trusted(head, forwarders),
        }
    }

    async fn spf(&self, origin: &Origin<'_>) -> SpfOutput {
        let Some(ip) = origin.ip.filter(|ip| is_public(*ip)) else {
            // Nobody publishes addresses of a private network.
            return SpfOutput::new(String::new());
        };
        let from = origin.from.map(|address| address.text());
        let params = match &from {
            Some(from) => SpfParameters::verify_mail_from(ip, origin.hello, origin.here, from),
            None => SpfParameters::verify_ehlo(ip, origin.hello, origin.here),
        };
        timeout(SENDER_STEP_TIME_MAX, self.0.verify_spf(params))
            .await
            .unwrap_or_else(|_| SpfOutput::new(String::new()).with_result(SpfResult::TempError))
    }

    /// Each signature by itself, all at once: a slow one hides no other.
    async fn dkim<'x>(&self, message: &'x AuthenticatedMessage<'x>) -> Vec<DkimOutput<'x>> {
        join_all(chosen(message).into_iter().map(|header| async move {
            let alone =
                AuthenticatedMessage { dkim_headers: vec![header.clone()], errors: Vec::new(), ..message.clone() };
            let result = match timeout(SENDER_STEP_TIME_MAX, self.0.verify_dkim(&alone)).await {
                Ok(outputs) => outputs.into_iter().next().map(|o| o.result().clone()),
                Err(_) => Some(DkimResult::TempError(Error::Dns(DnsError::Resolver(String::new())))),
            };
            output(result.unwrap_or(DkimResult::None)).with_signature(&header.header)
        }))
        .await
    }

    async fn arc<'x>(&self, message: &'x AuthenticatedMessage<'x>, head: &Head<'_>) -> Verdict {
        let many = message.as_headers.len() > SEALS_MAX || message.ams_headers.len() > SEALS_MAX;
        if many || !seals_are_plain(head) {
            return Verdict::Fail;
        }
        let outcome = timeout(SENDER_STEP_TIME_MAX, self.0.verify_arc(message)).await;
        outcome.map_or(Verdict::TempError, |arc| match arc.result() {
            // A broken chain proves nothing, however it broke (RFC 8617, 5.2).
            DkimResult::Neutral(_) | DkimResult::PermError(_) => Verdict::Fail,
            result => dkim_verdict(result),
        })
    }
}

/// The mail as the library reads it, but with the sender that the house reads, and with the house's clock: two readings of
/// one From would be a gap to slip through.
fn read<'x>(mail: &'x [u8], head: &Head<'_>, now: Moment) -> Option<AuthenticatedMessage<'x>> {
    let mut message = AuthenticatedMessage::parse(mail)?;
    message.from = head.sender().map(|address| address.text()).into_iter().collect();
    let now = u64::try_from(now.seconds()).unwrap_or(0);
    for header in &mut message.dkim_headers {
        (header.header.t, header.header.x) = times(header.header.t, header.header.x, now);
    }
    for header in &mut message.ams_headers {
        (header.header.t, header.header.x) = times(header.header.t, header.header.x, now);
    }
    Some(message)
}

/// Signing time and expiry that read the same on any day: 0 for no expiry, 1 for long expired. The library asks the
/// machine's clock; the signed bytes are not touched.
const fn times(signed: u64, expires: u64, now: u64) -> (u64, u64) {
    let expired = expires != 0 && (expires <= signed || expires <= now);
    if expired { (2, 1) } else { (signed, 0) }
}

/// The signatures that are looked at, those of the sender's own domain first.
fn chosen<'m, 'x>(message: &'m AuthenticatedMessage<'x>) -> Vec<&'m Header<'x, Signature>> {
    let own = message.from.first().and_then(|a| a.rsplit_once('@')).map_or("", |(_, domain)| domain);
    let mut all: Vec<_> = message.dkim_headers.iter().collect();
    all.sort_by_key(|h| !own.ends_with(&h.header.d.to_ascii_lowercase()));
    all.truncate(SIGNATURES_MAX);
    all
}

fn output<'x>(result: DkimResult) -> DkimOutput<'x> {
    match result {
        DkimResult::Pass => DkimOutput::pass(),
        DkimResult::Fail(e) => DkimOutput::fail(e),
        DkimResult::Neutral(e) => DkimOutput::neutral(e),
        DkimResult::PermError(e) => DkimOutput::perm_err(e),
        DkimResult::TempError(e) => DkimOutput::temp_err(e),
        DkimResult::None => DkimOutput::neutral(Error::MissingParameters),
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local()),
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()),
    }
}

const fn spf_verdict(result: SpfResult) -> Verdict {
    match result {
        SpfResult::Pass => Verdict::Pass,
        SpfResult::Fail => Verdict::Fail,
        SpfResult::SoftFail => Verdict::SoftFail,
        SpfResult::Neutral => Verdict::Neutral,
        SpfResult::TempError => Verdict::TempError,
        SpfResult::PermError => Verdict::PermError,
        SpfResult::None => Verdict::None,
    }
}

/// The library calls a changed body and an expired signature neutral; for RFC 8601 they have failed.
fn dkim_verdict(result: &DkimResult) -> Verdict {
    use mail_auth::dkim::DkimError::{FailedBodyHashMatch, SignatureExpired};
    match result {
        DkimResult::Pass => Verdict::Pass,
        DkimResult::Fail(_) | DkimResult::Neutral(Error::Dkim(FailedBodyHashMatch | SignatureExpired)) => Verdict::Fail,
        DkimResult::Neutral(_) => Verdict::Neutral,
        DkimResult::PermError(_) => Verdict::PermError,
        DkimResult::TempError(_) => Verdict::TempError,
        DkimResult::None => Verdict::None,
    }
}

const fn dmarc_verdict(result: &DmarcResult) -> Verdict {
    match result {
        DmarcResult::Pass => Verdict::Pass,
        DmarcResult::Fail(_) => Verdict::Fail,
        DmarcResult::TempError(_) => Verdict::TempError,
        DmarcResult::PermError(_) => Verdict::PermError,
        DmarcResult::None => Verdict::None,
    }
}

const fn policy(policy: dmarc::Policy) -> Policy {
    match policy {
        dmarc::Policy::Reject => Policy::Reject,
        dmarc::Policy::Quarantine => Policy::Quarantine,
        dmarc::Policy::None | dmarc::Policy::Unspecified => Policy::None,
    }
}
