//! Hand-made mails after programs the corpora do not hold: pages, other webmails, phones.

use merpati::classify::{Kind, LayerKind};

use super::{Seen, layer, mail, see};

const BODY: &str = "Jangan pulang malam lagi.";

/// Subject, media type, body.
const FORWARDS: [(&str, &str, &str); 19] = [
    (
        "Fwd: Pulang",
        "text/html",
        r#"<div dir="ltr">Lihat.<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>Dari: <strong class="gmail_sendername" dir="auto">Ani Lestari</strong> <span dir="auto">&lt;<a href="mailto:ani@surat.example">ani@surat.example</a>&gt;</span><br>Date: Sab, 15 Jun 2024 pukul 14.59<br>Subject: Pulang<br>To:  &lt;<a href="mailto:budi@surat.example">budi@surat.example</a>&gt;<br></div><br><br>Jangan pulang malam lagi.</div></div>"#,
    ),
    (
        "",
        "text/html",
        r#"<p>Lihat.</p><div class="moz-forward-container"><br>-------- Forwarded Message -------- <table class="moz-email-headers-table"><tbody><tr><th>Subject: </th><td>Pulang</td></tr><tr><th>Date: </th><td>Sat, 15 Jun 2024 14:59:01 +0700</td></tr><tr><th>From: </th><td>Ani Lestari <a href="mailto:ani@surat.example">&lt;ani@surat.example&gt;</a></td></tr><tr><th>To: </th><td>budi@surat.example</td></tr></tbody></table><br>Jangan pulang malam lagi.</div>"#,
    ),
    (
        "FW: Pulang",
        "text/html",
        r#"<div id="divRplyFwdMsg"><p>Lihat.</p><hr><font><b>From:</b> Ani Lestari &lt;ani@surat.example&gt;<br><b>Sent:</b> Saturday, June 15, 2024 2:59 PM<br><b>To:</b> Budi<br><b>Subject:</b> Pulang</font></div><div>Jangan pulang malam lagi.</div>"#,
    ),
    (
        "",
        "text/html",
        r#"<div>Lihat.</div><br><blockquote type="cite"><div>Begin forwarded message:</div><br><div><span><b>From: </b></span><span>Ani Lestari &lt;<a href="mailto:ani@surat.example">ani@surat.example</a>&gt;<br></span></div><div><span><b>Subject: </b></span><span><b>Pulang</b><br></span></div><div><span><b>Date: </b></span><span>15 June 2024 at 14.59.01 WIB<br></span></div><br><div>Jangan pulang malam lagi.</div></blockquote>"#,
    ),
    (
        "",
        "text/html",
        r#"<div class="yahoo_quoted"><div>Lihat.</div><div>----- Pesan yang Diteruskan -----</div><div><b>Dari:</b> Ani Lestari &lt;ani@surat.example&gt;</div><div><b>Kepada:</b> budi@surat.example</div><div><b>Terkirim:</b> Sabtu, 15 Juni 2024 pukul 14.59.01 WIB</div><div><b>Judul:</b> Pulang</div><div>Jangan pulang malam lagi.</div></div>"#,
    ),
    (
        "Fwd: Pulang",
        "text/plain",
        "Lihat.\n\n-------- Pesan asli --------\nDari: Ani Lestari <ani@surat.example>\nTanggal: 15/06/24 14.59 (GMT+07:00)\nKe: budi@surat.example\nSubjek: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "Lihat.\n\n------- Forwarded Message -------\nFrom: Ani Lestari <ani@surat.example>\nDate: On Saturday, June 15th, 2024 at 2:59 PM\nSubject: Pulang\nTo: budi@surat.example\n\n> Jangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "Lihat.\n\n============ Forwarded message ============\nFrom: Ani Lestari <ani@surat.example>\nTo: budi@surat.example\nDate: Sat, 15 Jun 2024 14:59:01 +0700\nSubject: Pulang\n============ Forwarded message ============\n\nJangan pulang malam lagi.",
    ),
    (
        "Fwd: Pulang",
        "text/plain",
        "-------- Пересылаемое сообщение --------\n15.06.2024, 14:59, \"Ani Lestari\" <ani@surat.example>:\n\nJangan pulang malam lagi.\n\n-------- Завершение пересылаемого сообщения --------",
    ),
    (
        "转发：Pulang",
        "text/plain",
        "------------------ 原始邮件 ------------------\n发件人: \"Ani Lestari\" <ani@surat.example>;\n发送时间: 2024年6月15日(星期六) 下午2:59\n收件人: \"budi\"<budi@surat.example>;\n主题: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "-------- 转发邮件信息 --------\n发件人：\"Ani Lestari\" <ani@surat.example>\n发送日期：2024-06-15 14:59:01\n收件人：budi@surat.example\n主题：Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "FW: Pulang",
        "text/plain",
        "-----Original Message-----\nFrom: \"Ani Lestari\" <ani@surat.example>\nTo: budi@surat.example\nCc: \nSent: 2024. 6. 15. (토) 오후 2:59\nSubject: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "Fw: Pulang",
        "text/plain",
        "----- Forwarded by Budi/Kantor on 06/15/2024 02:59 PM -----\n\nFrom: Ani Lestari <ani@surat.example>\nTo: Budi/Kantor\nDate: 06/15/2024 02:59 PM\nSubject: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "WG: Pulang",
        "text/plain",
        "Gesendet: Samstag, 15. Juni 2024 um 14:59 Uhr\nVon: \"Ani Lestari\" <ani@surat.example>\nAn: budi@surat.example\nBetreff: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "TRS: Pulang",
        "text/plain",
        "Lihat.\n\nDari: Ani Lestari <ani@surat.example>\nDikirim: 15 Juni 2024 14:59\nKepada: Budi\nPerihal: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "Lihat.\n\n---------- Mesej Dikirim Semula ----------\nDaripada: Ani Lestari <ani@surat.example>\nTarikh: Sab, 15 Jun 2024 pada 2:59 PTG\nPerkara: Pulang\nKepada: budi@surat.example\n\nJangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "رسالة\n\n---------- رسالة معاد توجيهها ----------\n‏من: Ani Lestari <ani@surat.example>\nالتاريخ: 15 يونيو 2024\nالموضوع: Pulang\nإلى: budi@surat.example\n\nJangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "Lihat.\n\n---------- แปลงข้อความที่ส่งต่อ ---------\nจาก: Ani Lestari <ani@surat.example>\nวันที่: ส. 15 มิ.ย. 2024 14:59\nเรื่อง: Pulang\nถึง: budi@surat.example\n\nJangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "----- Forwarded message from Ani Lestari <ani@surat.example> -----\n\nDate: Sat, 15 Jun 2024 14:59:01 +0700\nFrom: Ani Lestari <ani@surat.example>\nTo: budi@surat.example\nSubject: Pulang\n\nJangan pulang malam lagi.\n\n----- End forwarded message -----",
    ),
];

const REPLIES: [(&str, &str, &str); 9] = [
    (
        "Re: Pulang",
        "text/html",
        r#"<div dir="ltr">Lihat.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Pada Sab, 15 Jun 2024 pukul 14.59 Ani Lestari &lt;<a href="mailto:ani@surat.example">ani@surat.example</a>&gt; menulis:<br></div><blockquote class="gmail_quote">Jangan pulang malam lagi.</blockquote></div>"#,
    ),
    (
        "Re: Pulang",
        "text/html",
        r#"<p>Lihat.</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Dari:</b> Ani &lt;ani@surat.example&gt;<br><b>Dikirim:</b> 15 Juni 2024 14:59<br><b>Kepada:</b> Budi<br><b>Subjek:</b> Pulang</div><div>Jangan pulang malam lagi.</div>"#,
    ),
    (
        "Pulang",
        "text/plain",
        "Halo Bu Ani,\n\nLihat.\n\nDari: Ani Lestari <ani@surat.example>\nTanggal: 15 Juni 2024 14:59\nKepada: klien@mail.example\nPerihal: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "Re: Pulang",
        "text/plain",
        "Lihat.\n\n-------- Pesan asli --------\nDari: Ani Lestari <ani@surat.example>\nTanggal: 15/06/24 14.59 (GMT+07:00)\nKe: budi@surat.example\nSubjek: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "Re: Fwd: Pulang",
        "text/plain",
        "Lihat.\n\nOn Sat, Jun 15, 2024 at 2:59 PM Ani <ani@surat.example> wrote:\n\n> ---------- Forwarded message ---------\n> From: C <c@surat.example>\n> Subject: Pulang\n>\n> Jangan pulang malam lagi.",
    ),
    (
        "Pulang",
        "text/plain",
        "Lihat.\n\nGesendet: Samstag, 15. Juni 2024 um 14:59 Uhr\nVon: \"Ani\" <ani@surat.example>\nAn: budi@surat.example\nBetreff: Pulang\n\nJangan pulang malam lagi.",
    ),
    (
        "",
        "text/plain",
        "Lihat.\r\n\r\nVào 14:59, 15 tháng 6, 2024, Ani <ani@surat.example> đã viết:\r\n\r\n> Jangan pulang malam lagi.",
    ),
    ("", "text/plain", "Lihat.\n\n2024年6月15日(土) 14:59 Ani <ani@surat.example>:\n\n> Jangan pulang malam lagi."),
    (
        "",
        "text/plain",
        "Lihat.\n\n2024年6月15日 14:59、Ani <ani@surat.example>のメール:\n\n> Jangan pulang malam lagi.",
    ),
];

fn fresh(seen: &Seen) -> String {
    let all = seen.nature.fresh(seen.letter.text.reveal()).reveal().clone();
    all.replace("Halo Bu Ani,", "").trim().to_owned()
}

#[test]
fn forwards_of_other_programs_are_found() {
    for (subject, media, body) in FORWARDS {
        let seen = see(&mail(subject, media, body));
        let forward = seen.nature.forward.as_ref().unwrap_or_else(|| panic!("{body}"));
        assert_eq!(seen.nature.kind, Kind::Forward);
        assert_eq!(forward.from.as_ref().map(|f| f.reveal().as_str()), Some("ani@surat.example"), "{body}");
        assert_eq!(forward.from_name.as_ref().map(|f| f.reveal().as_str()), Some("Ani Lestari"), "{body}");
        let subject = forward.subject.as_ref().map(|f| f.reveal().as_str());
        assert!(subject == Some("Pulang") || body.contains("Пересылаемое"), "{subject:?} {body}");
        assert_eq!(forward.depth, 1, "{body}");
        assert!(layer(&seen, &[LayerKind::Forwarded]).contains(BODY) && !fresh(&seen).contains(BODY), "{body}");
        assert!(matches!(fresh(&seen).as_str(), "" | "Lihat." | "رسالة"), "{body}");
    }
}

#[test]
fn answers_of_other_programs_are_no_forwards() {
    for (subject, media, body) in REPLIES {
        let seen = see(&mail(subject, media, body));
        assert_eq!(seen.nature.kind, Kind::Reply, "{body}");
        assert_eq!(fresh(&seen), "Lihat.", "{body}");
    }
}

#[test]
fn a_mail_passed_on_as_a_file_is_a_forward() {
    let inner = "From: Ani Lestari <ani@surat.example>\r\nTo: budi@surat.example\r\nDate: Sat, 15 Jun 2024 14:59:01 +0700\r\n\
        Subject: Pulang\r\nContent-Type: text/plain\r\n\r\nJangan pulang malam lagi.\r\n";
    let raw = format!(
        "From: klien@mail.example\r\nTo: desk@merpati.example\r\nSubject: lihat\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nLihat.\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    );
    let seen = see(raw.as_bytes());
    let forward = seen.nature.forward.as_ref().expect("a forward");
    assert_eq!(forward.from.as_ref().map(|f| f.reveal().as_str()), Some("ani@surat.example"));
    assert_eq!(forward.subject.as_ref().map(|f| f.reveal().as_str()), Some("Pulang"));
    assert_eq!((seen.nature.kind, forward.depth), (Kind::Forward, 1));
    assert_eq!(fresh(&seen), "Lihat.");
}
