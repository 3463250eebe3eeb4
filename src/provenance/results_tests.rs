//! What a front server may say, how it may say it, and who else may not.

use proptest::prelude::*;

use super::super::{Policy, Provenance, Verdict, Witness, Witnesses};
use super::Front;

fn witnesses(hops: usize) -> Witnesses {
    let front = Front { authserv_id: "mx.sekolah.sch.id".into(), hops };
    Witnesses { asker: None, front: Some(front), forwarders: vec!["gmail.com".into()] }
}

fn read(mail: &str) -> Provenance {
    witnesses(1).read(mail.replace('\n', "\r\n").as_bytes())
}

const OURS: &str = "Received: from x by mx.sekolah.sch.id\n";
const FOREIGN: &str = "Received: from y by relay.example\n";
const END: &str = "From: bintang@rumah.example\n\nHalo\n";

#[test]
fn the_front_server_is_believed() {
    let mail = format!(
        "{OURS}Authentication-Results: MX.sekolah.sch.id;\n dkim=fail (bad key) header.d=iklan.example;\n dkim=pass header.d=rumah.example header.s=a;\n spf=softfail smtp.mailfrom=x@rumah.example;\n dmarc=pass (p=QUARANTINE sp=none dis=none) header.from=rumah.example\n{FOREIGN}{END}"
    );
    let p = read(&mail);
    assert_eq!(p.witness, Witness::FrontServer);
    assert_eq!((p.spf, p.dkim, p.dmarc), (Verdict::SoftFail, Verdict::Pass, Verdict::Pass));
    assert_eq!(p.policy, Policy::Quarantine);
    let view = p.view();
    assert_eq!((view.spf, view.policy, view.source), ("softfail", "quarantine", "front-server"));
}

#[test]
fn nobody_else_is() {
    for mail in [
        // Another server's.
        format!("Authentication-Results: mx.lain.example; dmarc=pass\n{OURS}{FOREIGN}{END}"),
        // A name that only begins like ours.
        format!("Authentication-Results: mx.sekolah.sch.id.jahat.example; dmarc=pass\n{END}"),
        // Written by the sender: below what the front server received.
        format!("{OURS}{FOREIGN}Authentication-Results: mx.sekolah.sch.id; dmarc=pass\n{END}"),
        // The name inside a comment or in another place.
        format!("Authentication-Results: (mx.sekolah.sch.id) mx.lain.example; dmarc=pass\n{END}"),
        // In the body.
        format!("{END}Authentication-Results: mx.sekolah.sch.id; dmarc=pass\n"),
    ] {
        assert_eq!(read(&mail), Provenance::default(), "{mail}");
    }
    let mail = format!("Authentication-Results: mx.sekolah.sch.id; dmarc=pass\n{END}");
    assert_eq!(Witnesses::default().read(mail.as_bytes()), Provenance::default());
}

#[test]
fn what_stands_above_counts_more() {
    let mail = format!(
        "Authentication-Results: mx.sekolah.sch.id; dmarc=fail (p=reject)\n{OURS}Authentication-Results: mx.sekolah.sch.id; dmarc=pass\n{FOREIGN}{END}"
    );
    let p = read(&mail);
    assert!(p.disowned());
    assert_eq!(p.dmarc, Verdict::Fail);
}

#[test]
fn more_hops_reach_further_down() {
    let mail =
        format!("{OURS}Received: by filter\n{OURS}Authentication-Results: mx.sekolah.sch.id; spf=pass\n{FOREIGN}{END}");
    assert_eq!(witnesses(1).read(mail.as_bytes()).witness, Witness::Nobody);
    assert_eq!(witnesses(3).read(mail.as_bytes()).spf, Verdict::Pass);
}

fn check_clause(clause: &str, expected: (Verdict, Policy)) {
    let p = read(&format!("Authentication-Results: mx.sekolah.sch.id 1; {clause}\n{END}"));
    assert_eq!((p.dmarc, p.policy), expected, "{clause}");
}

#[test]
fn every_spelling_of_the_standard_is_read() {
    use Policy::{None as Nothing, Quarantine, Reject};
    use Verdict::{Fail, Pass, PermError, TempError};
    check_clause("dmarc=pass", (Pass, Nothing));
    check_clause("DMARC = Pass (p=none)", (Pass, Nothing));
    check_clause("dmarc/1 = fail (a (nested; \\) p=none) comment) (p=reject dis=none)", (Fail, Nothing));
    check_clause("dmarc=fail (p=REJECT sp=NONE dis=NONE) header.from=a.example", (Fail, Reject));
    check_clause(
        "dmarc=fail reason=\"no; p=none (here\" header.from=a.example (policy=quarantine)",
        (Fail, Quarantine),
    );
    check_clause("dmarc=fail policy.dmarc=reject header.from=a.example", (Fail, Reject));
    check_clause("dmarc=fail action=oreject header.from=a.example", (Fail, Reject));
    check_clause("dkim=pass;dmarc=temperror", (TempError, Nothing));
    check_clause("none; dmarc=permerror;", (PermError, Nothing));
    check_clause("dmarc=bestguesspass", (Verdict::None, Nothing));
    check_clause("none", (Verdict::None, Nothing));
    check_clause("xdmarc=pass", (Verdict::None, Nothing));
}

fn sealed(seals: &[(&str, &str)], front: &str) -> Provenance {
    let mut mail = format!("Authentication-Results: mx.sekolah.sch.id; arc={front}; dmarc=fail (p=reject)\n{OURS}");
    for (n, (domain, results)) in seals.iter().enumerate().rev() {
        let n = n + 1;
        mail += &format!("ARC-Seal: i={n}; a=rsa-sha256; cv=pass; d={domain}; s=a; b=eA==\n");
        mail += &format!("ARC-Authentication-Results: i={n}; mx.{domain};\n {results}\n");
    }
    read(&format!("{mail}{END}"))
}

#[test]
fn a_forwarder_counts_when_all_sealers_are_trusted_and_the_first_saw_proof() {
    let good = sealed(&[("gmail.com", "dkim=pass; dmarc=pass (p=reject) header.from=rumah.example")], "pass");
    assert!(good.arc_trusted && !good.disowned());
    for (seals, front) in [
        (&[("gmail.com", "dmarc=pass")][..], "fail"),
        (&[("gmail.com", "dmarc=fail")], "pass"),
        (&[("jahat.example", "dmarc=pass")], "pass"),
        (&[("jahat-gmail.com", "dmarc=pass")], "pass"),
        // A liar first, honestly forwarded.
        (&[("jahat.example", "dmarc=pass"), ("gmail.com", "arc=pass; dmarc=fail")], "pass"),
        (&[("gmail.com", "dmarc=fail"), ("gmail.com", "dmarc=pass")], "pass"),
        (&[], "pass"),
    ] {
        let p = sealed(seals, front);
        assert!(!p.arc_trusted && p.disowned(), "{seals:?}");
    }
    let mut mail = format!("Authentication-Results: mx.sekolah.sch.id; arc=pass; dmarc=fail (p=reject)\n{OURS}");
    mail += "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=gmail.com; d=jahat.example; s=a; b=eA==\n";
    mail += "ARC-Authentication-Results: i=1; mx.gmail.com; dmarc=pass\n";
    assert!(read(&format!("{mail}{END}")).disowned(), "two domains in one seal");
    assert!(sealed(&[("mail.gmail.com", "dmarc=pass"), ("gmail.com", "dmarc=fail")], "pass").arc_trusted);
}

#[test]
fn a_check_that_could_not_be_made_disowns_nobody() {
    for dmarc in [Verdict::None, Verdict::Pass, Verdict::TempError, Verdict::PermError] {
        let p = Provenance { dmarc, policy: Policy::Reject, ..Provenance::default() };
        assert!(!p.disowned(), "{dmarc:?}");
    }
    let asks_nothing = Provenance { dmarc: Verdict::Fail, ..Provenance::default() };
    assert!(!asks_nothing.disowned());
}

proptest! {
    /// Whatever stands in the field, nothing breaks, and nothing is read from somebody else's.
    #[test]
    fn any_field_is_read(text in "[ -~]{0,200}", other in "[a-z.]{1,20}") {
        let mail = format!("Authentication-Results: {text}\n{END}");
        let _ = read(&mail);
        prop_assume!(other != "mx.sekolah.sch.id");
        let mail = format!("Authentication-Results: {other}; {text}\n{END}");
        prop_assert_eq!(read(&mail).witness, Witness::Nobody);
    }

    /// Bytes of any kind in front of a mail.
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = witnesses(1).read(&bytes);
    }
}
