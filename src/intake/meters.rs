//! What the doors count. Numbers only.

use metrics::{Counter, Gauge, counter, gauge};

use super::reply::Reply;

/// The counters of one door, looked up once.
pub(super) struct Meters {
    pub(super) connections: Counter,
    pub(super) open: Gauge,
    pub(super) turned_away: Counter,
    pub(super) timeouts: Counter,
    pub(super) bad_commands: Counter,
    pub(super) recipients_refused: Counter,
    pub(super) bytes: Counter,
    pub(super) panics: Counter,
    pub(super) tls: Counter,
    pub(super) tls_failed: Counter,
    pub(super) proxy_failed: Counter,
    pub(super) held_up: Counter,
    accepted: Counter,
    put_off: Counter,
    refused: Counter,
}

impl Meters {
    pub(super) fn new(door: &'static str) -> Self {
        Self {
            connections: counter!("merpati_intake_connections_total", "door" => door),
            open: gauge!("merpati_intake_connections_open", "door" => door),
            turned_away: counter!("merpati_intake_connections_turned_away_total", "door" => door),
            timeouts: counter!("merpati_intake_timeouts_total", "door" => door),
            bad_commands: counter!("merpati_intake_bad_commands_total", "door" => door),
            recipients_refused: counter!("merpati_intake_recipients_refused_total", "door" => door),
            bytes: counter!("merpati_intake_mail_bytes_total", "door" => door),
            panics: counter!("merpati_intake_panics_total", "door" => door),
            tls: counter!("merpati_intake_tls_total", "door" => door),
            tls_failed: counter!("merpati_intake_tls_failed_total", "door" => door),
            proxy_failed: counter!("merpati_intake_proxy_failed_total", "door" => door),
            held_up: counter!("merpati_intake_held_up_total", "door" => door),
            accepted: counter!("merpati_intake_mails_total", "door" => door, "class" => "2xx"),
            put_off: counter!("merpati_intake_mails_total", "door" => door, "class" => "4xx"),
            refused: counter!("merpati_intake_mails_total", "door" => door, "class" => "5xx"),
        }
    }

    /// Counts the answer to a mail: one with SMTP, one per recipient with LMTP.
    pub(super) fn answered(&self, reply: &Reply) {
        if reply.is_success() {
            self.accepted.increment(1);
        } else if reply.is_temporary() {
            self.put_off.increment(1);
        } else {
            self.refused.increment(1);
        }
    }
}
