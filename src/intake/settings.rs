//! What a door may be told: its name and its limits.

use std::sync::Arc;
use std::time::Duration;

use super::{Identity, Network};
use crate::limits;

/// Commands that move nothing forward (NOOP, RSET, HELP, commands out of order) between two mails.
const CHATTER_MAX: usize = 100;
/// A mail being received may finish for this long after the stop signal.
const GRACE: Duration = Duration::from_secs(20);
/// The house must have answered about a recipient or a mail by then (clients wait ten minutes, RFC 5321 4.5.3.2.6).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Name, certificate and limits of the doors of one house; `Settings::new` takes the limits from the one table of the product.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name in the greeting.
    pub hostname: String,
    /// The certificate; without one no encryption is offered.
    pub identity: Option<Arc<Identity>>,
    /// No mail by SMTP without encryption.
    pub tls_required: bool,
    /// Load balancers, which say where the client is.
    pub proxies: Vec<Network>,
    /// One mail, in bytes.
    pub mail_bytes_max: usize,
    /// Mails in memory over all connections, in bytes.
    pub mail_memory_bytes_max: usize,
    /// Recipients of one mail.
    pub recipients_max: usize,
    /// One command line with its line end, in bytes.
    pub command_bytes_max: usize,
    /// Bad commands of one connection.
    pub bad_commands_max: usize,
    /// Idle talk between two mails before it counts as bad.
    pub chatter_max: usize,
    /// Mails of one connection.
    pub mails_per_connection_max: usize,
    /// Recipients of one connection that do not exist; SMTP only.
    pub refused_per_connection_max: usize,
    /// Mails of one source in a minute; SMTP from outside only.
    pub mails_per_source_max: usize,
    /// Recipients that do not exist, of one source in a minute; SMTP from outside only.
    pub refused_per_source_max: usize,
    /// Sources that are counted at the same time.
    pub sources_max: usize,
    /// Open connections over all doors of the house.
    pub connections_max: usize,
    /// Open connections from one source address (IPv6: from one /64).
    pub connections_per_source_max: usize,
    /// A load balancer has said where the client is by then.
    pub proxy_timeout: Duration,
    /// The handshake of TLS is done by then.
    pub handshake_timeout: Duration,
    /// Silence, and one command line, last no longer.
    pub command_timeout: Duration,
    /// One mail has arrived by then.
    pub data_timeout: Duration,
    /// The house has answered by then.
    pub answer_timeout: Duration,
    /// After the stop signal a mail may finish for this long.
    pub grace: Duration,
}

impl Settings {
    /// The usual limits under a given name. Whatever cannot stand in a greeting is left out of the name.
    pub fn new(hostname: &str) -> Self {
        let hostname: String = hostname.chars().filter(char::is_ascii_graphic).take(255).collect();
        Self {
            hostname: if hostname.is_empty() { "localhost".to_owned() } else { hostname },
            identity: None,
            tls_required: false,
            proxies: Vec::new(),
            mail_bytes_max: limits::MAIL_BYTES_MAX,
            mail_memory_bytes_max: limits::MAIL_MEMORY_BYTES_MAX,
            recipients_max: limits::RECIPIENTS_MAX,
            command_bytes_max: limits::COMMAND_BYTES_MAX,
            bad_commands_max: limits::BAD_COMMANDS_MAX,
            chatter_max: CHATTER_MAX,
            mails_per_connection_max: limits::MAILS_PER_CONNECTION_MAX,
            refused_per_connection_max: limits::REFUSED_PER_CONNECTION_MAX,
            mails_per_source_max: limits::MAILS_PER_SOURCE_MAX,
            refused_per_source_max: limits::REFUSED_PER_SOURCE_MAX,
            sources_max: limits::SOURCES_MAX,
            connections_max: limits::CONNECTIONS_MAX,
            connections_per_source_max: limits::CONNECTIONS_PER_SOURCE_MAX,
            proxy_timeout: limits::PROXY_TIMEOUT,
            handshake_timeout: limits::HANDSHAKE_TIMEOUT,
            command_timeout: limits::COMMAND_TIMEOUT,
            data_timeout: limits::DATA_TIMEOUT,
            answer_timeout: ANSWER_TIMEOUT,
            grace: GRACE,
        }
    }
}
