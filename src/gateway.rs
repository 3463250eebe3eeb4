//! The house behind the mail doors: who has an address here, and what becomes of a mail.

use std::sync::Arc;

use crate::flow::receive::{self, Destination, NoDestination, Received, Refused};
use crate::house::House;
use crate::intake::{Peer, Protocol, Reception, Reply, Sender};
use crate::provenance::{Origin, Provenance};
use crate::secret::PlainBytes;

/// Answers the doors for a house.
pub struct Gateway(pub Arc<House>);

impl Reception for Gateway {
    type Recipient = Destination;

    async fn recipient(&self, _: &Peer, _: &Sender, local: &str, domain: &str) -> Result<Destination, Reply> {
        receive::destination(&self.0, local, domain).await.map_err(|why| refused(&self.0, why))
    }

    async fn deliver(
        &self,
        peer: &Peer,
        sender: &Sender,
        recipients: Vec<Destination>,
        mail: PlainBytes,
    ) -> Vec<Reply> {
        let null_sender = matches!(sender, Sender::Null);
        let mut replies = Vec::with_capacity(recipients.len());
        let last = recipients.len().saturating_sub(1);
        let provenance = provenance(&self.0, peer, sender, &recipients, &mail).await;
        let mut mail = Some(mail);
        for (n, recipient) in recipients.iter().enumerate() {
            // The last one takes the bytes; the others a copy.
            let bytes = if n == last { mail.take() } else { mail.clone() };
            let bytes = bytes.unwrap_or_default();
            let outcome = receive::by_mail(&self.0, recipient, null_sender, &provenance, bytes).await;
            replies.push(match outcome {
                Ok(Received::Refused(why)) => not_taken(&self.0, why),
                Ok(_) => Reply::accepted(),
                Err(failure) => {
                    tracing::warn!(error = %failure, "a mail could not be stored and was put off");
                    Reply::try_later()
                }
            });
        }
        replies
    }
}

/// The sentence for a mail that is not taken although its address is right: the same for every address.
pub fn not_taken(house: &House, why: Refused) -> Reply {
    match why {
        Refused::Loop => Reply::spoken(554, (5, 4, 6), "door-loop"),
        Refused::NobodyReads => refused(house, NoDestination::NoReply),
    }
}

/// Who sent it. Asked only where a sender can open a door: a thread with a confirmed address.
async fn provenance(
    house: &House,
    peer: &Peer,
    sender: &Sender,
    recipients: &[Destination],
    mail: &PlainBytes,
) -> Provenance {
    let open = |to: &Destination| matches!(to, Destination::Thread(target) if target.sender_hash.is_some());
    if !recipients.iter().any(open) {
        return Provenance::default();
    }
    // LMTP is spoken by a mail server of ours, and so is what comes from this machine.
    let ours = peer.protocol == Protocol::Lmtp || peer.ip.to_canonical().is_loopback();
    let origin = Origin {
        ip: (!ours).then_some(peer.ip),
        hello: &peer.hello,
        from: if let Sender::Address(address) = sender { Some(address) } else { None },
        here: &house.rules.mail_domain,
    };
    let found = house.witnesses.ask(&origin, mail.reveal(), house.now()).await;
    metrics::counter!("merpati_senders_total", "dmarc" => found.dmarc.word()).increment(1);
    found
}

/// The sentence for an address that takes no mail.
pub fn refused(house: &House, why: NoDestination) -> Reply {
    let spoken = |enhanced, key| Reply::spoken(550, enhanced, key).at(&house.rules.public_url);
    match why {
        NoDestination::NotOurs => Reply::no_relaying(),
        NoDestination::Mistyped => spoken((5, 1, 1), "door-mistyped"),
        NoDestination::NoReply => spoken((5, 7, 1), "door-no-reply"),
        NoDestination::Unknown => spoken((5, 1, 1), "door-unknown"),
        NoDestination::Failure(failure) => {
            tracing::warn!(error = %failure, "a recipient could not be looked up");
            Reply::try_later()
        }
    }
}
