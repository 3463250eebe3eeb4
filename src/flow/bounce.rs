//! A report comes back about a mail of ours: the client's address is marked, and mail there stops.
//!
//! Only a return address that this house made counts, and each mail counts once: nobody can stop a client's mail by
//! writing reports.

use super::receive::{Judged, Received, Refused};
use crate::address::MailAddress;
use crate::classify::{Action, Kind, Nature};
use crate::house::{Failure, House};
use crate::ids::OutboxId;
use crate::limits::{HARD_BOUNCES_MAX, SOFT_BOUNCES_MAX};
use crate::store::{bounces, outbox};

/// What a report says of a mail that did not arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Hard,
    Soft,
    /// It arrived, or may still.
    Nothing,
}

/// Takes what came to the return address of one of our mails.
pub(super) async fn take(house: &House, mail: OutboxId, judged: &Judged) -> Result<Received, Failure> {
    let Judged::Read(judged) = judged else { return Ok(Received::Filed) };
    let nature = judged.screened.nature();
    let is_machine = !nature.kind.is_human() || judged.screened.letter().signs.auto_submitted;
    let verdict = verdict(nature, &house.rules.mail_domain);
    if verdict == Verdict::Nothing {
        return Ok(if is_machine { Received::Filed } else { Received::Refused(Refused::NobodyReads) });
    }
    let is_hard = verdict == Verdict::Hard;
    let mut tx = house.db.begin().await?;
    if let Some(address) = outbox::mark_bounced(&mut tx, mail, is_hard).await?.filter(|a| !a.is_empty()) {
        let limits = (HARD_BOUNCES_MAX, SOFT_BOUNCES_MAX);
        bounces::count_bounce(&mut tx, &address, is_hard, limits, house.now()).await?;
    }
    tx.commit().await?;
    metrics::counter!("merpati_bounces_total", "kind" => if is_hard { "hard" } else { "soft" }).increment(1);
    Ok(Received::Filed)
}

/// The worst that a report says. What it says of our own addresses is about a loop, not about the client.
fn verdict(nature: &Nature, our_domain: &str) -> Verdict {
    if !matches!(nature.kind, Kind::Bounce | Kind::Challenge) {
        return Verdict::Nothing;
    }
    let is_ours = |text: &str| MailAddress::parse(text).is_ok_and(|a| a.domain() == our_domain);
    let mut about: Vec<_> = nature.reports.iter().filter(|r| r.action == Action::Failed).collect();
    if about.is_empty() {
        // It says so in words only: it may be full or gone.
        return if nature.reports.is_empty() { Verdict::Soft } else { Verdict::Nothing };
    }
    about.retain(|r| !r.recipient.as_ref().is_some_and(|to| is_ours(to.reveal())));
    match (about.is_empty(), about.iter().any(|r| r.hard)) {
        (true, _) => Verdict::Nothing,
        (false, true) => Verdict::Hard,
        (false, false) => Verdict::Soft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Report;
    use crate::secret::PlainText;

    fn nature(kind: Kind, reports: &[(&str, Action, bool)]) -> Nature {
        let report = |r: &(&str, Action, bool)| Report {
            recipient: Some(PlainText::from(r.0)),
            action: r.1,
            status: None,
            hard: r.2,
        };
        Nature { kind, reports: reports.iter().map(report).collect(), ..Nature::unknown() }
    }

    #[test]
    fn what_a_report_is_worth() {
        let judge = |kind, reports: &[_]| verdict(&nature(kind, reports), "surat.example");
        let sari = "sari@rumah.example";
        assert_eq!(judge(Kind::Bounce, &[(sari, Action::Failed, true)]), Verdict::Hard);
        assert_eq!(judge(Kind::Bounce, &[(sari, Action::Failed, false)]), Verdict::Soft);
        assert_eq!(judge(Kind::Bounce, &[]), Verdict::Soft);
        assert_eq!(judge(Kind::Delay, &[(sari, Action::Delayed, false)]), Verdict::Nothing);
        assert_eq!(judge(Kind::Report, &[(sari, Action::Delivered, false)]), Verdict::Nothing);
        assert_eq!(judge(Kind::Letter, &[]), Verdict::Nothing);
        assert_eq!(judge(Kind::Bounce, &[("aaaa@surat.example", Action::Failed, true)]), Verdict::Nothing, "a loop");
    }
}
