//! What a front server may say, how it may say it, and who else may not.

use proptest::prelude::*;

use super::super::{Policy, Provenance, Verdict, Witness, Witnesses};
use super::Front;

fn witnesses(hops: usize) -> Witnesses {
    let front = Front { authserv_id: "mx.sekolah.sch.id".into(), hops };
    Witnesses { asker: None, front: Some(front), forwarders: vec!["gmail.com".into()] }
}

fn read(mail: &str) -> Provenance {
    witnesses(1).read(mail.as_bytes())
}
