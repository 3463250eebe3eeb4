//! The counselor's pages as a browser meets them: a house with two desks' worth of people, asked through the router.

mod room;

use room::{Room, plain};

use crate::flow::{answer, session};
use crate::role::Language;

const BOTH: [Language; 2] = Language::ALL;

/// A key that has no text is shown as itself.
fn assert_no_raw_key(html: &str) {
    for prefix in ["counselor-", "queue-", "thread-", "held-"] {
        for (at, _) in html.match_indices(prefix) {
            let next = html[at + prefix.len()..].chars().next().unwrap_or(' ');
            assert!(!next.is_ascii_lowercase(), "{}", &html[at.saturating_sub(60)..(at + 60).min(html.len())]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_both_languages() {
    for language in BOTH {
        let room = Room::furnish(language).await;
        let thread = room.thread;
        let mut ratna = room.ratna();
        let held_in_thread = room.hold_in_thread().await;
        let held_at_desk = room.hold_at_desk().await;
        let pages = [
            "/queue".to_owned(),
            "/queue?tab=unassigned".to_owned(),
            "/queue?tab=mine&done=given-back".to_owned(),
            "/queue?tab=waiting".to_owned(),
            "/queue?tab=held&shelf=tray&done=undo-late".to_owned(),
            format!("/queue/{thread}"),
            format!("/held/{held_in_thread}?done=undone"),
            format!("/held/{held_at_desk}"),
        ];
        for path in &pages {
            let page = ratna.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            assert_no_raw_key(&page.body);
        }
        ratna.post(&format!("/queue/{thread}/take"), &[]).await.leads_to(&format!("/queue/{thread}?done=taken"));
        ratna
            .post(&format!("/queue/{thread}/note"), &[("note", "besok tanya lagi")])
            .await
            .leads_to(&format!("/queue/{thread}?done=noted"));
        for path in ["", "?done=taken", "?before=1", "?done=nonsense"] {
            assert_no_raw_key(&ratna.get(&format!("/queue/{thread}{path}")).await.body);
        }
        let words = [
            "admitted",
            "carried",
            "changed",
            "choose",
            "draft-discarded",
            "draft-saved",
            "empty-note",
            "given-back",
            "handed-over",
            "kept",
            "late",
            "note-deleted",
            "noted",
            "quicker",
            "reason",
            "recalled",
            "safe",
            "sent",
            "taken",
            "taken-over",
            "tray",
            "undo-late",
            "undone",
            "unsafe",
        ];
        for word in words {
            let page = ratna.get(&format!("/queue?done={word}")).await.body;
            assert!(page.contains("class=\"notice"), "{word}");
            assert_no_raw_key(&page);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_taken_answered_recalled_and_released() {
    let room = Room::furnish(Language::English).await;
    let (thread, mut ratna) = (room.thread, room.ratna());
    let page = ratna.get("/queue").await.body;
    assert!(
        page.contains("Bintang Sore")
            && page.contains("data-next")
            && page.contains("Nobody yet")
            && page.contains("Not safe")
    );
    let path = format!("/queue/{thread}");
    let page = ratna.get(&path).await.body;
    assert!(
        page.contains("Halo Kak,</p>") && page.contains("aku bingung &#60;b&#62;"),
        "readable before taking, and escaped: {page}"
    );
    assert!(!page.contains("<textarea"), "no reply before taking");
    ratna.post(&format!("{path}/take"), &[]).await.leads_to(&format!("{path}?done=taken"));
    let covers = ratna.field(&path, "covers").await;
    assert_ne!(covers, "0");
    let form_id = ratna.field(&path, "form_id").await;

    let empty =
        ratna.post(&path, &[("text", " \r\n"), ("subject", "Re"), ("covers", &covers), ("form_id", &form_id)]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.body.contains("still empty") && empty.body.contains("value=\"Re\"") && empty.body.contains(&form_id));

    let draft = ratna.post(&format!("{path}/draft"), &[("text", "Halo,\r\n\r\nterima"), ("subject", "Re")]).await;
    assert_eq!(draft.status, 204);
    let page = ratna.get(&path).await.body;
    assert!(page.contains(">\nHalo,\n\nterima</textarea>") && page.contains("Draft saved at"));

    let reply = [
        ("text", "Halo,\r\n\r\nterima kasih."),
        ("subject", "Re"),
        ("covers", covers.as_str()),
        ("form_id", form_id.as_str()),
    ];
    ratna.post(&path, &reply).await.leads_to(&format!("{path}?done=sent"));
    ratna.post(&path, &reply).await.leads_to(&format!("{path}?done=sent"));
    let page = ratna.get(&path).await.body;
    assert_eq!(page.matches("terima kasih.").count(), 1, "sent twice is sent once");
    assert!(page.contains("Leaves at") && page.contains("Take it back") && !page.contains("Draft saved at"));
    assert!(ratna.get("/queue?tab=waiting").await.body.contains("Reply leaving soon"));
    let letter = plain(&page, "name=\"letter\" value=\"");
    ratna.post(&format!("{path}/recall"), &[("letter", letter)]).await.leads_to(&format!("{path}?done=recalled"));
    ratna.post(&format!("{path}/recall"), &[("letter", letter)]).await.leads_to(&format!("{path}?done=late"));
    let page = ratna.get(&path).await.body;
    assert!(page.contains("terima kasih.</textarea>") && page.contains("Waiting since"));

    ratna.post(&path, &[("text", "Sampai besok."), ("covers", &covers)]).await.leads_to(&format!("{path}?done=sent"));
    let page = ratna.get(&path).await.body;
    let letter = plain(&page, "name=\"letter\" value=\"").parse().unwrap();
    answer::release(&room.house, letter).await.unwrap();
    let page = ratna.get(&path).await.body;
    assert!(page.contains("Not opened yet.") && page.contains("Nobody is waiting") && !page.contains("Take it back"));
    ratna.post(&path, &[("discard", "1")]).await.leads_to(&format!("{path}?done=draft-discarded"));
    ratna.post(&path, &[("keep", "1"), ("text", "nanti")]).await.leads_to(&format!("{path}?done=draft-saved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_never_lost() {
    let room = Room::furnish(Language::English).await;
    let (path, mut ratna) = (format!("/queue/{}", room.thread), room.ratna());
    ratna.post(&format!("{path}/take"), &[]).await.leads_to(&format!("{path}?done=taken"));
    // The token is lost.
    let page = ratna.post_with_token("wrong", &path, &[("text", "satu & dua")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("satu &#38; dua</textarea>") && page.body.contains("open for too long"));
    assert_eq!(ratna.post_with_token("wrong", &format!("{path}/draft"), &[("text", "satu")]).await.status, 400);
    // A colleague took over meanwhile.
    let mut yusuf = room.yusuf().await;
    let reason = [("from", room.ratna_id.as_str()), ("reason", "Ratna sakit")];
    yusuf.post(&format!("{path}/take-over"), &reason).await.leads_to(&format!("{path}?done=taken-over"));
    ratna.post(&path, &[("text", "tiga empat")]).await.leads_to(&format!("{path}?done=kept"));
    let page = ratna.get(&path).await.body;
    assert!(page.contains("tiga empat") && page.contains("What you wrote here") && !page.contains("aku bingung"));
    assert_eq!(ratna.post(&format!("{path}/draft"), &[("text", "lima")]).await.status, 409);
    // The screen is locked.
    let session::Visit::Open(reader) = session::visit(&room.house, &ratna.cookie).await.unwrap() else {
        panic!("locked too early")
    };
    session::lock(&room.house, &reader.who.session).await.unwrap();
    let page = ratna.post(&path, &[("text", "enam\r\n\"tujuh\""), ("subject", "Re")]).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("name=\"carry_text\" value=\"enam\n&#34;tujuh&#34;\"")
            && page.body.contains("action=\"/unlock\"")
    );
    assert!(page.body.contains("name=\"carry_subject\" value=\"Re\"") && page.body.contains(&room.thread.to_string()));
    assert_no_raw_key(&page.body);
    let fields = [
        ("secret", room::SECRET),
        ("carry_thread", &room.thread.to_string()),
        ("carry_subject", "Re"),
        ("carry_text", "enam"),
    ];
    ratna.post("/unlock", &fields).await.leads_to(&format!("{path}?done=carried"));
    // The session is over.
    session::sign_out(&room.house, &reader.who.session).await.unwrap();
    let page = ratna.post(&path, &[("text", "delapan")]).await;
    assert!(page.body.contains("name=\"carry_text\" value=\"delapan\"") && page.body.contains("action=\"/staff\""));
    assert_no_raw_key(&page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_goes_from_hand_to_hand() {
    let room = Room::furnish(Language::English).await;
    let (thread, mut ratna) = (room.thread, room.ratna());
    let path = format!("/queue/{thread}");
    let mut waiting = room.yusuf_waiting();
    let page = waiting.get("/queue").await.body;
    assert!(page.contains("still locked for you") && !page.contains("Bintang Sore"));
    assert_eq!(waiting.get(&path).await.status, 404);
    assert!(ratna.get("/queue").await.body.contains("Pak Yusuf"));
    let mut yusuf = room.yusuf().await;
    assert!(yusuf.get(&path).await.body.contains("aku bingung"));
    ratna.post(&format!("{path}/take"), &[]).await.leads_to(&format!("{path}?done=taken"));
    yusuf.post(&format!("{path}/take"), &[]).await.leads_to(&format!("{path}?done=quicker"));
    let page = yusuf.get(&path).await.body;
    assert!(page.contains("Bu Ratna") && page.contains("name=\"reason\"") && !page.contains("aku bingung"));
    assert_no_raw_key(&page);
    yusuf
        .post(&format!("{path}/take-over"), &[("from", &room.ratna_id), ("reason", " ")])
        .await
        .leads_to(&format!("{path}?done=reason"));
    assert_no_raw_key(&yusuf.get(&format!("{path}?done=reason")).await.body);
    for step in ["urgent", "give-back", "note", "hand-over", "recall"] {
        yusuf.post(&format!("{path}/{step}"), &[("note", "x")]).await.leads_to(&format!("{path}?done=changed"));
    }
    ratna.post(&format!("{path}/urgent"), &[("urgent", "0")]).await.leads_to(&format!("{path}?done=safe"));
    ratna.post(&format!("{path}/note"), &[("note", "rahasia")]).await.leads_to(&format!("{path}?done=noted"));
    let page = ratna.get(&path).await.body;
    assert!(page.contains("rahasia") && page.contains("Mark as not safe"));
    let note = plain(&page, "name=\"note\" value=\"");
    ratna.post(&format!("{path}/note/delete"), &[("note", note)]).await.leads_to(&format!("{path}?done=note-deleted"));
    assert!(!ratna.get(&path).await.body.contains("rahasia"));
    ratna.post(&format!("{path}/hand-over"), &[("to", "")]).await.leads_to(&format!("{path}?done=choose"));
    ratna.post(&format!("{path}/hand-over"), &[("to", &room.yusuf_id)]).await.leads_to("/queue?done=handed-over");
    assert!(yusuf.get(&path).await.body.contains("aku bingung"));
    yusuf.post(&format!("{path}/give-back"), &[]).await.leads_to("/queue?done=given-back");
    assert!(ratna.get("/queue").await.body.contains("Bintang Sore"));
}

#[tokio::test(flavor = "multi_thread")]
async fn held_mail_waits_for_a_decision() {
    let room = Room::furnish(Language::English).await;
    let mut ratna = room.ratna();
    let (in_thread, at_desk) = (room.hold_in_thread().await, room.hold_at_desk().await);
    let page = ratna.get("/queue?tab=held").await.body;
    assert!(page.contains("No address confirmed") && page.contains("Without a mailbox"));
    let page = ratna.get(&format!("/held/{in_thread}")).await.body;
    assert!(page.contains("baris satu") && page.contains("<details class=\"fold\">") && page.contains("Bintang Sore"));
    let page = ratna.get(&format!("/held/{at_desk}")).await.body;
    assert!(!page.contains("/let-in"), "without a mailbox it cannot be let in");
    ratna.post(&format!("/held/{in_thread}/let-in"), &[]).await.leads_to("/queue?tab=held");
    ratna.post(&format!("/held/{at_desk}/discard"), &[]).await.leads_to("/queue?tab=held");
    assert_eq!(ratna.get(&format!("/held/{at_desk}")).await.status, 404);
    let page = ratna.get(&format!("/queue/{}", room.thread)).await.body;
    assert!(page.contains("By mail") && page.contains("baris satu"));
    let name = plain(&page, "<a href=\"/queue/").to_owned();
    assert!(name.contains("/file/"), "{name}");
    let file = ratna.get(&format!("/queue/{name}")).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-disposition"), "attachment; filename*=UTF-8''catatan%20h%C3%A4ri.txt");
    assert!(file.header("content-security-policy").contains("sandbox"));
    assert_eq!(file.body.trim(), "isi berkas");
    for path in ["/queue/nobody", "/held/nobody", "/queue?desk=nobody", "/queue/aaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        assert_eq!(ratna.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_and_a_long_thread_come_in_pages() {
    let room = Room::furnish(Language::English).await;
    let mut ratna = room.ratna();
    room.more_threads(60).await;
    let first = ratna.get("/queue?tab=unassigned").await.body;
    assert_eq!(first.matches("class=\"name\"").count(), 50);
    assert_eq!(first.matches("data-next").count(), 1);
    let next = plain(&first, "class=\"button\" href=\"").replace("&#38;", "&");
    let second = ratna.get(&next).await.body;
    assert_eq!(second.matches("class=\"name\"").count(), 11);
    assert!(!second.contains("data-next") && second.contains("First page") && !second.contains("Next page"));
    room.more_letters(14).await;
    let path = format!("/queue/{}", room.thread);
    ratna.post(&format!("{path}/take"), &[]).await;
    let page = ratna.get(&path).await.body;
    assert_eq!(page.matches("<article").count(), 10);
    let older = ratna
        .get(
            plain(&page, "<p><a href=\"/queue/")
                .split('"')
                .next()
                .map(|rest| format!("/queue/{rest}"))
                .unwrap()
                .as_str(),
        )
        .await
        .body;
    assert_eq!(older.matches("<article").count(), 5);
    assert!(older.contains("To the newest letters") && !older.contains("letter-paper"), "no reply from an old page");
}
