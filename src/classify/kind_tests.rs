//! Mails of each kind, and letters of people that look like them.

use proptest::prelude::*;

use crate::classify::{Envelope, Kind, Nature, classify};
use crate::parse::{self, Outline, RawLetter};

fn nature(mail: &str, envelope: &Envelope<'_>) -> Nature {
    let raw = mail.replace('\n', "\r\n").into_bytes();
    let outline = Outline::read(&raw).ok().unwrap();
    let letter = parse::read(RawLetter::new(raw.clone())).ok().unwrap();
    classify(&outline, &letter, envelope)
}

fn kind(head: &str, text: &str) -> Kind {
    nature(&format!("To: surat@example.org\n{head}\n\n{text}\n"), &Envelope::default()).kind
}

const DESK: &str = "From: sari@example.net\nSubject: ";

#[test]
fn letters_of_people_are_letters() {
    for (subject, text) in [
        ("Halo", "Saya ingin bercerita. Saya sedang cuti dari kuliah dan sendirian di rumah."),
        ("Out of the office", "My boss says I am lazy whenever I leave early. I do not know what to do."),
        ("Help", "I am out of the office next week, so please write to my private address."),
        ("My mail", "I wrote to my sister and the mail could not be delivered: 550 user unknown. Did she block me?"),
        ("Undelivered love", "I never sent the letter. It was returned to sender, like everything."),
        ("Cuti", "Bu, saya di luar kantor sampai Senin. Tolong jangan telepon saya."),
        ("Thank you for your message", "It helped me to read it. I slept well for the first time."),
        ("Spam", "He uses a spam filter and says I should click here to see my photos. I am afraid."),
        ("Read: my story", "Please tell me what you think of it."),
        ("Mailbox full", "My head is a mailbox full of other people's letters, and nothing is delivered."),
        ("Re: Automatic reply: Halo", "I saw that you are away. I will wait for you."),
        ("I am away", "I am away from home, out of the office all day, and cannot talk to anyone about it."),
        ("Absence", "My absence at school is noticed. I was on vacation with him and it went wrong."),
        ("On leave", "I'm on maternity leave and cannot stop crying. I have no access to email at work."),
        ("Email saya gagal", "Bu, email saya kemarin gagal dikirim karena kotak surat penuh. Ini saya kirim lagi."),
        ("Re: Halo", "On Monday Ratna wrote:\n> This is an automatic reply.\nI will wait."),
        ("Saya sudah dibaca", "Surat saya sudah dibaca ibu. Saya takut."),
    ] {
        let found = kind(&format!("{DESK}{subject}"), text);
        assert!(found.is_human(), "{subject}: {found:?}");
    }
    let suppress = format!("{DESK}Halo\nX-Auto-Response-Suppress: All\nAuto-Submitted: no");
    assert!(kind(&suppress, "Saya sedih.").is_human());
}

#[test]
fn programs_that_answer_are_found() {
    for (head, text) in [
        ("Subject: Away until May 5\nAuto-Submitted: auto-replied", "I am away."),
        ("Subject: Automatic reply: Halo", "I will be back on Monday."),
        ("Subject: Balasan otomatis: Halo", "Saya sedang cuti."),
        ("Subject: Jawaban Otomatis", "Terima kasih."),
        ("Subject: Di luar kantor: Halo", "Saya kembali Senin."),
        ("Subject: Di Luar Pejabat: Halo", "Saya bercuti."),
        ("Subject: Balasan automatik: Halo", "Saya bercuti sehingga Isnin."),
        ("Subject: Sedang cuti", "Saya sedang cuti dan akan membalas setelah tanggal 5."),
        ("Subject: Out of Office", "Saya sedang di luar kantor sampai 5 Januari."),
        ("Subject: Terima kasih telah menghubungi kami", "Pesan Anda telah kami terima."),
        ("Subject: Re: Halo", "Ini adalah balasan otomatis. Saya sedang cuti melahirkan sampai Maret."),
        ("Subject: Halo", "Pesan ini dikirim secara otomatis. Jangan dibalas."),
        ("Subject: Halo\nReturn-Path: <>", "Kami akan membalas."),
        ("Subject: Automatische Antwort: Halo", "Ich bin nicht im Büro."),
        ("Subject: Respuesta automática: Halo\nPrecedence: auto_reply", "Estoy de vacaciones."),
        ("Subject: [Automatyczna odpowiedź] Halo\nPrecedence: junk", "Jestem na urlopie."),
        ("Subject: Re: Halo (Out of Office)", "Back soon."),
        ("Subject: Halo\nX-Autoreply: yes", "Hello."),
        ("Subject: Out of office", "I am out of the office until Monday and will respond to you upon my return."),
    ] {
        let found = kind(&format!("From: sari@example.net\n{head}"), text);
        assert_eq!(found, Kind::AutoReply, "{head}");
    }
}

#[test]
fn a_bounce_that_calls_itself_an_answer_is_a_bounce() {
    let found = nature(
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: no-reply@surat.example\nReturn-Path: <>\n\
         Auto-Submitted: auto-replied\nSubject: Undelivered Mail Returned to Sender\n\n\
         I'm sorry to have to inform you that your message could not be delivered.\n\n\
         <sari@example.net>: host mx.example.net[192.0.2.7] said: 550 5.1.1\n    <sari@example.net>: User unknown\n\n\
         --- Below this line is a copy of the message.\n\nReceived: by mx.example\nTo: other@example.net\n",
        &Envelope::default(),
    );
    assert_eq!(found.kind, Kind::Bounce);
    let [report] = &found.reports[..] else { panic!("{} reports", found.reports.len()) };
    assert_eq!(report.recipient.as_ref().unwrap().reveal(), "sari@example.net");
    assert_eq!((report.status.as_deref(), report.hard), (Some("5.1.1"), true));
}

#[test]
fn notices_in_indonesian_and_malay() {
    for text in [
        "Pesan Anda tidak dapat dikirim ke alamat berikut:\n\nsari@example.net\n\nAlasan: kotak surat penuh",
        "Mesej anda gagal dihantar kepada penerima berikut:\n\n  sari@example.net\n\npeti mel penuh",
    ] {
        let head = "From: Mail Delivery Subsystem <mailer-daemon@mx.example>\nSubject: Pemberitahuan";
        let found = nature(&format!("To: surat@example.org\n{head}\n\n{text}\n"), &Envelope::default());
        assert_eq!(found.kind, Kind::Bounce);
        assert_eq!(found.reports[0].recipient.as_ref().unwrap().reveal(), "sari@example.net");
        assert_eq!((found.reports[0].status.as_deref(), found.reports[0].hard), (Some("5.2.2"), false));
    }
}

#[test]
fn people_who_speak_of_mail_and_holidays_are_people() {
    for (subject, text) in [
        ("aku lagi liburan", "Kak, aku lagi liburan sampai minggu depan. Di luar kantor pos tidak ada sinyal."),
        ("Sedang cuti", "Saya sedang cuti melahirkan sampai bulan depan. Saya takut sendirian."),
        ("cuti", "Saya sedang cuti sakit. Saya akan kembali bekerja hari Senin, tapi saya takut bertemu dia."),
        ("on leave", "I am on leave until Monday because of what happened. Please reply as soon as possible."),
        ("thank you for your email", "Thank you for your email. I will talk to my mother when I return home."),
        ("Message not delivered", "My message could not be delivered, it said 550 5.1.1 user unknown. I am scared."),
        ("surat tidak terkirim", "Surat saya tidak dapat dikirim, katanya alamat tidak ditemukan. Tolong."),
        ("Dibaca: tolong", "Suratku dibaca ibu, dan sudah dibaca oleh semua orang di rumah. Saya malu."),
        (
            "laporan",
            "Saya lapor, lalu dijawab: \"Pesan ini dikirim secara otomatis.\" Sampai sekarang tidak ada kabar.",
        ),
        ("RV: camping", "We live in an old car. My stepfather drinks."),
        ("Enc: surat", "Saya lampirkan surat dari sekolah."),
    ] {
        let found = kind(&format!("From: sari@example.net\nSubject: {subject}"), text);
        assert_eq!(found, Kind::Letter, "{subject}");
    }
}

#[test]
fn people_who_quote_machines_are_people() {
    let notice = "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not\n\
        be delivered to one or more recipients.\n\n<desk@surat.example>: host mx said: 550 5.1.1\n    User unknown";
    let marked = notice.lines().map(|l| format!("> {l}\n")).collect::<String>();
    for text in [
        format!("Kak, kenapa begini?\n\n{marked}\nApa alamatnya salah?"),
        format!("Kak, kenapa begini? Ini yang saya dapat:\n\n{notice}\n\nApa alamatnya salah?"),
    ] {
        let found = kind("From: sari@example.net\nSubject: Surat saya tidak terkirim", &text);
        assert!(found.is_human(), "{text}");
    }
    let passed = format!(
        "Kenapa?\n\n---------- Pesan terusan ---------\nDari: MAILER-DAEMON@mx.example\nTanggal: Sab, 15 Jun 2024 \
        pukul 14.59\nSubjek: Undelivered Mail\nKepada: <sari@example.net>\n\n{notice}"
    );
    assert_eq!(kind("From: sari@example.net\nSubject: Trs: Undelivered Mail", &passed), Kind::Forward);
    let challenge = "> Your message is being held. Click on the following link to confirm that you are a human.";
    assert!(kind("From: sari@example.net\nSubject: ini apa", &format!("Kak, ini apa?\n\n{challenge}\n")).is_human());
}

#[test]
fn answering_machines_of_many_languages_are_found() {
    for (subject, text) in [
        ("Tidak di tempat", "Saya sedang dinas luar. Email ini dijawab secara otomatis."),
        ("Sedang cuti", "Saya tidak di kantor hingga 20 Juni. Untuk keperluan mendesak hubungi Budi."),
        ("Di luar kantor: Halo", "Akses email saya terbatas."),
        ("Vacation", "I am away until June 20 and will reply to your email when I am back."),
        ("Afwezig", "Ik ben er tot 20 juni niet. Voor dringende zaken kunt u Bob bellen."),
        ("Odpowiedź automatyczna: Halo", "Jestem na urlopie."),
        ("Mimo kancelář", "Jsem na dovolené, odpovím po návratu."),
        ("Нет на месте", "Я в отпуске. По срочным вопросам обращайтесь к Ивану."),
        ("自动答复: 你好", "我正在休假。"),
        ("[자동응답] 안녕", "부재중입니다."),
    ] {
        assert_eq!(kind(&format!("From: sari@example.net\nSubject: {subject}"), text), Kind::AutoReply, "{subject}");
    }
}

#[test]
fn other_machines() {
    let challenge = "Your message is being held. Please click on the following link to confirm that you are a human.";
    assert_eq!(kind(&format!("{DESK}RE: Halo"), challenge), Kind::Challenge);
    assert_eq!(kind(&format!("{DESK}Read: Halo"), "Your message was read on Monday."), Kind::Receipt);
    assert_eq!(kind(&format!("{DESK}Dibaca: Halo"), "Pesan Anda telah dibaca pada Senin."), Kind::Receipt);
    assert_eq!(kind(&format!("{DESK}News\nList-Id: <news.example>"), "All the news."), Kind::List);
    assert_eq!(kind(&format!("{DESK}News\nPrecedence: bulk"), "All the news."), Kind::List);
    assert_eq!(kind(&format!("{DESK}News\nX-BeenThere: news@lists.example"), "All the news."), Kind::List);
    let invitation = "Invitation\nContent-Type: text/calendar; method=REQUEST";
    assert_eq!(kind(&format!("{DESK}{invitation}"), "BEGIN:VCALENDAR\nEND:VCALENDAR"), Kind::Calendar);
    let complaint = "Report\nContent-Type: multipart/report; report-type=feedback-report; boundary=b";
    let parts = "--b\n\nabuse\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--";
    assert_eq!(kind(&format!("{DESK}{complaint}"), parts), Kind::Feedback);
}

#[test]
fn our_own_mail_is_known() {
    let envelope = Envelope { null_sender: false, our_domain: "surat.example" };
    let own = "From: Kotak Surat <no-reply@surat.example>\nTo: a@b.example\nMessage-ID: <x@surat.example>\n\nHalo\n";
    assert_eq!(nature(own, &envelope).kind, Kind::Own);
    assert_eq!(nature(own, &Envelope::default()).kind, Kind::Letter);
    let redirected = "From: list@b.example\nMessage-ID: <x@surat.example>\nX-Filler: ...\n\nHalo\n";
    assert_eq!(nature(redirected, &envelope).kind, Kind::Own);
    let answer = "From: a@b.example\nMessage-ID: <x@notsurat.example>\nX-Filler: ...\n\nHalo\n";
    assert_eq!(nature(answer, &envelope).kind, Kind::Letter);
}

#[test]
fn a_report_of_success_is_no_bounce() {
    let dsn = |action: &str, status: &str| {
        let head = "Report\nContent-Type: multipart/report; report-type=delivery-status; boundary=b";
        let fields = format!(
            "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\nAction: {action}\nStatus: {status}"
        );
        kind(
            &format!("From: MAILER-DAEMON@mx.example\nSubject: {head}"),
            &format!("--b\n\nsee below\n--b\nContent-Type: message/delivery-status\n\n{fields}\n--b--"),
        )
    };
    assert_eq!(dsn("relayed", "2.0.0"), Kind::Report);
    assert_eq!(dsn("delivered", "2.1.5"), Kind::Report);
    assert_eq!(dsn("delayed", "4.2.2"), Kind::Delay);
    assert_eq!(dsn("failed", "5.1.1"), Kind::Bounce);
    assert_eq!(dsn("failed", "4.4.7"), Kind::Bounce);
}

proptest! {
    #[test]
    fn any_mail_has_a_kind(subject in "\\PC{0,60}", text in "(\\PC|\n|<a@b.c>|550 5.1.1|could not be delivered){0,60}") {
        let mail = format!("From: MAILER-DAEMON@x.example\nSubject: {subject}\n\n{text}\n");
        let found = nature(&mail, &Envelope { null_sender: true, our_domain: "surat.example" });
        prop_assert!(!found.kind.word().is_empty());
    }
}
