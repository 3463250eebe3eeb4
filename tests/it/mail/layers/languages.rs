//! Mails in the wording of many languages and the layouts of many programs, all of them made here.

use merpati::classify::Kind;

use super::{Seen, mail, see};

/// Words for from, sent, date, subject and to; above an answered letter, a forwarded one, and at the beginning of one; the
/// prefixes of answers and forwards; a date; and the lines above a quotation, with `{n}` and `{a}` for name and address.
const LANGUAGES: &str = "\
From|Sent|Date|Subject|To|Original Message|Forwarded Message|Begin forwarded message:|Re|Fwd|Saturday, June 15, 2024 2:59 PM|On Sat, Jun 15, 2024 at 2:59 PM {n} <{a}> wrote:|On 15 Jun 2024, at 14:59, {n} <{a}> wrote:|On 6/15/24 14:59, {n} wrote:|On Saturday, June 15, 2024, {n} <{a}> wrote:
Dari|Dikirim|Tanggal|Subjek|Kepada|Pesan Asli|Pesan yang Diteruskan|Awal pesan yang diteruskan:|Bls|Trs|Sabtu, 15 Juni 2024 14.59|Pada Sab, 15 Jun 2024 pukul 14.59 {n} <{a}> menulis:|Pada tanggal 15/06/24 14.59, {n} menulis:|Pada 15 Jun 2024, pukul 14.59, {n} <{a}> menulis:|{n} <{a}> menulis pada 15 Juni 2024 pukul 14.59:|Pada hari Sabtu, 15 Juni 2024 14.59, {n} menulis:
Daripada|Dihantar|Tarikh|Subjek|Kepada|Mesej Asal|Mesej Dikirim Semula|Permulaan mesej yang dikirim semula:|Balas|Maju|Sabtu, 15 Jun 2024 14:59|Pada Sab, 15 Jun 2024 pada 2:59 PTG {n} <{a}> menulis:|{n} <{a}> membalas pada 15 Jun 2024 14:59:
Von|Gesendet|Datum|Betreff|An|Ursprüngliche Nachricht|Weitergeleitete Nachricht|Anfang der weitergeleiteten Nachricht:|AW|WG|Samstag, 15. Juni 2024 14:59|Am Sa., 15. Juni 2024 um 14:59 Uhr schrieb {n} <{a}>:|Am 15.06.2024 um 14:59 schrieb {n} <{a}>:|{n} <{a}> schrieb am Sa., 15. Juni 2024, 14:59:|Am 15.06.24 um 14:59 schrieb {n}:|{n} schrieb am 15.06.2024 um 14:59:
De |Envoyé |Date |Objet |À |Message d'origine|Message transféré|Début du message transféré :|RE|TR|samedi 15 juin 2024 14:59|Le sam. 15 juin 2024 à 14:59, {n} <{a}> a écrit :|Le 15 juin 2024 à 14:59, {n} <{a}> a écrit :|Le 15/06/2024 à 14:59, {n} a écrit :
De|Enviado|Fecha|Asunto|Para|Mensaje original|Mensaje reenviado|Inicio del mensaje reenviado:|RE|RV|sábado, 15 de junio de 2024 14:59|El sáb, 15 jun 2024 a las 14:59, {n} (<{a}>) escribió:|El 15 jun 2024, a las 14:59, {n} <{a}> escribió:|El 15/6/24 a las 14:59, {n} escribió:
De|Enviado|Data|Assunto|Para|Mensagem original|Mensagem encaminhada|Início da mensagem encaminhada:|RES|ENC|sábado, 15 de junho de 2024 14:59|Em sáb., 15 de jun. de 2024 às 14:59, {n} <{a}> escreveu:|Em 15 de jun. de 2024, à(s) 14:59, {n} <{a}> escreveu:|Em 15/06/2024 14:59, {n} escreveu:|No dia 15/06/2024, às 14:59, {n} <{a}> escreveu:
Da|Inviato|Data|Oggetto|A|Messaggio originale|Messaggio inoltrato|Inizio messaggio inoltrato:|R|I|sabato 15 giugno 2024 14:59|Il giorno sab 15 giu 2024 alle ore 14:59 {n} <{a}> ha scritto:|Il giorno 15 giu 2024, alle ore 14:59, {n} <{a}> ha scritto:|Il 15/06/24 14:59, {n} ha scritto:
Van|Verzonden|Datum|Onderwerp|Aan|Oorspronkelijk bericht|Doorgestuurd bericht|Begin doorgestuurd bericht:|Antw|Doorst|zaterdag 15 juni 2024 14:59|Op za 15 jun 2024 om 14:59 schreef {n} <{a}>:|Op 15 jun. 2024 om 14:59 heeft {n} <{a}> het volgende geschreven:|Op 15-06-2024 om 14:59 schreef {n}:
Od|Wysłano|Data|Temat|Do|Wiadomość oryginalna|Treść przekazanej wiadomości|Początek przekazanej wiadomości:|Odp|PD|sobota, 15 czerwca 2024 14:59|sob., 15 cze 2024 o 14:59 {n} <{a}> napisał(a):|Wiadomość napisana przez {n} <{a}> w dniu 15.06.2024, o godz. 14:59:|W dniu 15.06.2024 o 14:59, {n} pisze:|Dnia 15 czerwca 2024 14:59 {n} <{a}> napisał(a):
Od|Odesláno|Datum|Předmět|Komu|Původní zpráva|Přeposlaná zpráva|Začátek přeposílané zprávy:|Re|Fw|sobota 15. června 2024 14:59|so 15. 6. 2024 v 14:59 odesílatel {n} <{a}> napsal:|15. 6. 2024 v 14:59, {n} <{a}>:|Dne 15. 06. 24 v 14:59 {n} napsal(a):
Od|Odoslané|Dátum|Predmet|Komu|Pôvodná správa|Preposlaná správa|Začiatok preposlanej správy:|RE|FW|sobota 15. júna 2024 14:59|so 15. 6. 2024 o 14:59 {n} <{a}> napísal(a):|Dňa 15. 6. 2024 o 14:59 {n} napísal(a):
Feladó|Elküldve|Dátum|Tárgy|Címzett|Eredeti üzenet|Továbbított üzenet|Továbbított levél kezdete:|Vá|Továbbítás|2024. június 15., szombat 14:59|{n} <{a}> ezt írta (időpont: 2024. jún. 15., Szo, 14:59):|2024. jún. 15. dátummal, 14:59 időpontban {n} <{a}> írta:|2024. 06. 15. 14:59 keltezéssel, {n} írta:
De la|Trimis|Dată|Subiect|Către|Mesaj original|Mesaj redirecționat|Începutul mesajului redirecționat:|RE|Redir|sâmbătă, 15 iunie 2024 14:59|În sâm., 15 iun. 2024 la 14:59, {n} <{a}> a scris:|Pe 15 iun. 2024, la 14:59, {n} <{a}> a scris:
Kimden|Gönderilen|Tarih|Konu|Kime|Özgün İleti|İletilmiş Mesaj|İleti başlangıcı:|YNT|İLT|15 Haziran 2024 Cumartesi 14:59|{n} <{a}>, 15 Haz 2024 Cmt, 14:59 tarihinde şunu yazdı:|{n} <{a}> şunları yazdı (15 Haz 2024 14:59):|15.06.2024 14:59 tarihinde {n} yazdı:
От|Отправлено|Дата|Тема|Кому|Исходное сообщение|Перенаправленное сообщение|Начало переадресованного сообщения:|Re|Fwd|15 июня 2024 г. 14:59|сб, 15 июн. 2024 г. в 14:59, {n} <{a}>:|15 июня 2024 г., в 14:59, {n} <{a}> написал(а):|15.06.2024 14:59, {n} пишет:|суббота, 15 июня 2024 г. пользователь {n} <{a}> написал:|Суббота, 15 июня 2024, 14:59 +03:00 от {n} <{a}>:
Від|Надіслано|Дата|Тема|Кому|Оригінальне повідомлення|Переслане повідомлення|Початок листа, що пересилається:|Re|Fwd|субота, 15 червня 2024 р. 14:59|сб, 15 черв. 2024 р. о 14:59 {n} <{a}> пише:|15.06.24 14:59, {n} пише:
Från|Skickat|Datum|Ämne|Till|Ursprungligt meddelande|Vidarebefordrat meddelande|Vidarebefordrat brev:|SV|VB|den 15 juni 2024 14:59|Den lör 15 juni 2024 kl 14:59 skrev {n} <{a}>:|15 juni 2024 kl. 14:59 skrev {n} <{a}>:|Den 2024-06-15 kl. 14:59, skrev {n}:
Fra|Sendt|Dato|Emne|Til|Oprindelig meddelelse|Videresendt meddelelse|Start på videresendt besked:|SV|VS|15. juni 2024 14:59|Den lør. 15. jun. 2024 kl. 14.59 skrev {n} <{a}>:|Den 15. jun. 2024 kl. 14.59 skrev {n} <{a}>:|Den 15/06/2024 kl. 14.59 skrev {n}:
Fra|Sendt|Dato|Emne|Til|Opprinnelig melding|Videresendt melding|Videresendt melding:|SV|VS|lørdag 15. juni 2024 14:59|lør. 15. juni 2024 kl. 14:59 skrev {n} <{a}>:|15. jun. 2024 kl. 14:59 skrev {n} <{a}>:
Lähettäjä|Lähetetty|Päiväys|Aihe|Vastaanottaja|Alkuperäinen viesti|Välitetty viesti|Välitetty viesti alkaa:|VS|VL|lauantai 15. kesäkuuta 2024 14.59|la 15. kesäk. 2024 klo 14.59 {n} ({a}) kirjoitti:|{n} <{a}> kirjoitti 15.6.2024 kello 14.59:|{n} kirjoitti 15.6.2024 klo 14.59:
Από|Στάλθηκε|Ημερομηνία|Θέμα|Προς|Αρχικό μήνυμα|Προωθημένο μήνυμα|Αρχή προωθημένου μηνύματος:|ΑΠ|ΠΡΘ|Σάββατο, 15 Ιουνίου 2024 2:59 μμ|Στις Σάβ 15 Ιουν 2024 στις 2:59 μ.μ., ο/η {n} <{a}> έγραψε:|Στις 15/6/24 14:59, ο/η {n} έγραψε:
发件人|发送时间|日期|主题|收件人|原始邮件|转发的消息|下面是被转发的邮件：|回复|转发|2024年6月15日 14:59|{n} <{a}> 于2024年6月15日周六 14:59写道：|在 2024年6月15日，下午2:59，{n} <{a}> 写道：|在 2024/6/15 14:59, {n} 写道:|2024年6月15日 14:59，{n} <{a}>写道：|在 2024-06-15 14:59:01，\"{n}\" <{a}> 写道：
寄件者|寄件日期|日期|主旨|收件者|原始郵件|轉寄郵件|開始轉寄郵件：|回覆|轉寄|2024年6月15日 下午 02:59|{n} <{a}> 於 2024年6月15日 週六 下午2:59寫道：|於 2024年6月15日 下午2:59，{n} <{a}> 寫道：
差出人|送信日時|日付|件名|宛先|元のメッセージ|Forwarded Message|転送されたメッセージ：|返信|転送|2024年6月15日 14:59|2024年6月15日(土) 14:59 {n} <{a}>:|2024/06/15 14:59、{n} <{a}>のメール:|On 2024/06/15 14:59, {n} wrote:|2024年6月15日 14:59、{n} <{a}>が書き込みました:
보낸 사람|보낸 날짜|날짜|제목|받는 사람|원본 메시지|전달된 메시지|전달된 메시지:|회신|전달|2024년 6월 15일 토요일 오후 2:59|2024년 6월 15일 (토) 오후 2:59, {n} <{a}>님이 작성:|2024. 6. 15. 오후 2:59, {n} <{a}> 작성:|24. 6. 15. 14:59에 {n} 이(가) 쓴 글:
Từ|Đã gửi|Ngày|Chủ đề|Đến|Thư gốc|Tin nhắn đã được chuyển tiếp|Bắt đầu thư được chuyển tiếp:|Re|Fwd|15 tháng 6 năm 2024 14:59|Vào Th 7, 15 thg 6, 2024 vào lúc 14:59 {n} <{a}> đã viết:|Vào 14:59, Th 7, 15 thg 6, 2024 {n} <{a}> đã viết:
จาก|ส่ง|วันที่|เรื่อง|ถึง|ข้อความต้นฉบับ|ข้อความที่ส่งต่อ|เริ่มต้นข้อความที่ส่งต่อ:|ตอบกลับ|ส่งต่อ|15 มิถุนายน 2024 14:59|ในวันที่ ส. 15 มิ.ย. 2024 เวลา 14:59 {n} <{a}> เขียนว่า:|เมื่อ ส. 15 มิ.ย. 2024 เวลา 14:59 {n} <{a}> เขียนว่า:
من|تاريخ الإرسال|التاريخ|الموضوع|إلى|الرسالة الأصلية|رسالة معاد توجيهها|بدء الرسالة المعاد توجيهها:|رد|إعادة توجيه|15 يونيو 2024 02:59 م|في السبت، 15 يونيو 2024 في 2:59 م تمت كتابة ما يلي بواسطة {n} <{a}>:|في ١٥‏/٠٦‏/٢٠٢٤، الساعة ٢:٥٩ م، كتب {n} <{a}>:
מאת|נשלח|תאריך|נושא|אל|הודעה מקורית|הודעה שהועברה|תחילת ההודעה שהועברה:|השב|הועבר|יום שבת 15 יוני 2024 14:59|‫בתאריך שבת, 15 ביוני 2024 ב-14:59 מאת ‪{n}‬‏ <‪{a}‬‏>:‬|ב-15 ביוני 2024, בשעה 14:59, {n} <{a}> כתב/ה:
प्रेषक|दिनांक|दिनांक|विषय|प्रति|मूल संदेश|अग्रेषित संदेश|Begin forwarded message:|Re|Fwd|15 जून 2024 14:59|शनि, 15 जून 2024 को 2:59 pm बजे को {n} <{a}> ने लिखा:
Šalje|Poslano|Datum|Predmet|Prima|Izvorna poruka|Proslijeđena poruka|Početak proslijeđene poruke:|Odg|Proslijeđeno|15. lipnja 2024. 14:59|sub, 15. lip 2024. u 14:59 {n} <{a}> napisao je:|{n} <{a}> je napisao/la dana 15. 6. 2024. u 14:59:
From|Sent|Date|Subject|To|Original Message|Forwarded Message|Begin forwarded message:|Re|Fwd|Sab, Hun 15, 2024 2:59 PM|Noong Sab, Hun 15, 2024 nang 2:59 PM si {n} <{a}> ay sumulat:
От|Изпратено|Дата|Тема|До|Оригинално съобщение|Препратено съобщение|Начало на препратеното съобщение:|Отг|Fwd|15 юни 2024 г. 14:59|На сб, 15.06.2024 г. в 14:59 {n} <{a}> написа:|На 15.06.24 г. в 14:59, {n} написа:";

const NAME: &str = "Ani Lestari";
const ADDRESS: &str = "ani@surat.example";
const BODY: &str = "Jangan pulang malam lagi.\n\nIbu menunggu di rumah sampai larut.";
const OWN: [&str; 3] =
    ["", "Lihat ini.", "Halo Kak,\n\nAku dapat ini dari ibu: tolong dibaca.\nAku bingung.\n\nTerima kasih\nBudi"];

fn quoted(text: &str) -> String {
    text.lines().map(|l| format!("> {l}").trim_end().to_owned() + "\n").collect()
}

fn fresh(seen: &Seen) -> String {
    seen.nature.fresh(seen.letter.text.reveal()).reveal().clone()
}

/// Fails unless the mail is a forward of Ani's letter with exactly these words above.
fn must_pass_on(own: &str, subject: &str, block: &str) {
    let text = if own.is_empty() { block.to_owned() } else { format!("{own}\n\n{block}") };
    let seen = see(&mail(subject, "text/plain", &text));
    let forward = seen.nature.forward.as_ref().unwrap_or_else(|| panic!("no forward: {subject}\n{text}"));
    let found = [&forward.from, &forward.from_name, &forward.subject].map(|f| f.as_ref().map(|t| t.reveal().as_str()));
    assert_eq!(found, [Some(ADDRESS), Some(NAME), Some("Pulang")], "{text}");
    assert!(seen.nature.kind == Kind::Forward && forward.date.is_some(), "{subject}\n{text}");
    assert_eq!(fresh(&seen), own, "{text}");
}

/// Fails unless the mail is an answer with exactly these fresh words.
fn must_answer(own: &str, subject: &str, text: &str) {
    let seen = see(&mail(subject, "text/plain", text));
    assert_eq!((seen.nature.kind, fresh(&seen).as_str()), (Kind::Reply, own), "{subject}\n{text}");
}

#[test]
fn forwards_and_answers_of_every_language() {
    for row in LANGUAGES.lines() {
        let cells: Vec<&str> = row.split('|').collect();
        let [from, sent, date, subject, to, original, forwarded, begin, re, fw, when] = cells[..11] else {
            panic!("{row}")
        };
        let head = |date: &str| {
            format!("{from}: {NAME} <{ADDRESS}>\n{date}: {when}\n{to}: Budi <budi@mail.example>\n{subject}: Pulang")
        };
        let (dated, outlook) = (head(date), head(sent));
        let line = "________________________________";
        for own in OWN {
            must_pass_on(own, "Fwd: Pulang", &format!("---------- Forwarded message ---------\n{dated}\n\n\n{BODY}"));
            must_pass_on(own, "", &format!("-------- {forwarded} --------\n{dated}\n\n\n{BODY}"));
            must_pass_on(own, "lihat", &format!("{begin}\n\n{}", quoted(&format!("{dated}\n\n{BODY}"))));
            must_pass_on(own, &format!("{fw}: Pulang"), &format!("{outlook}\n\n{BODY}"));
            must_pass_on(own, "FW: Pulang", &format!("{line}\n{outlook}\n\n{BODY}"));
            must_pass_on(own, "Fwd: Pulang", &format!("-----{original}-----\n{dated}\n\n{BODY}"));
        }
        let own = "Terima kasih, aku akan coba.\nTapi aku masih takut.";
        must_answer(own, &format!("{re}: Pulang"), &format!("{own}\n\n{outlook}\n\n{BODY}"));
        must_answer(own, "RE: Pulang", &format!("{own}\n\n-----{original}-----\n{outlook}\n\n{BODY}"));
        for line in &cells[11..] {
            let line = line.replace("{n}", NAME).replace("{a}", ADDRESS);
            must_answer(own, &format!("{re}: Pulang"), &format!("{own}\n\n{line}\n\n{}", quoted(BODY)));
            must_answer(own, "Re: Pulang", &format!("{line}\n{}\n{own}", quoted(BODY)));
            // Broken where programs break it, before the address.
            if let Some(at) = line.find(" <ani@") {
                let (above, below) = line.split_at(at);
                must_answer(own, "Re: Pulang", &format!("{own}\n\n{above}\n{}\n\n{}", &below[1..], quoted(BODY)));
            }
        }
    }
}

/// Lines above quotations that are written the same in every language, or by rare programs.
const LINES: [&str; 16] = [
    "In message <abc@surat.example> Ani <ani@surat.example> writes:",
    "At 02:59 PM 6/15/2024 +0700, Ani Lestari wrote:",
    "2013/10/2 camilo <camilo@surat.example>",
    "2024-06-15 14:59 GMT+07:00 Ani Lestari <ani@surat.example>:",
    "Ani Lestari via Merpati wrote:",
    "Quoting Ani Lestari <ani@surat.example>:",
    "* Ani Lestari <ani@surat.example> [2024-06-15 14:59]:",
    "Ani Lestari/Kantor/ID wrote on 06/15/2024 02:59:00 PM:",
    "15 Jun 2024, 14:59 oleh ani@surat.example:",
    "On Sat, 2024-06-15 at 14:59 +0700, Ani Lestari wrote:",
    "On Sat, 15 Jun 2024, 14:59 Ani Lestari, <ani@surat.example> wrote:",
    "Pada Sabtu, 15 Juni 2024 14.59.01 WIB, Ani Lestari <ani@surat.example> menulis:",
    "Ani Lestari <ani@surat.example> menulis pada Sabtu, 15 Juni 2024:",
    "---- Pada Sab, 15 Jun 2024 14:59:01 +0700 Ani <ani@surat.example> menulis ----",
    "-----Ani Lestari <ani@surat.example> wrote: -----",
    "On Sat, 15 Jun 2024 14:59:01 +0700\nAni Lestari <ani@surat.example> wrote:",
];

#[test]
fn lines_of_rare_programs_are_found() {
    let own = "Terima kasih.\nAku coba.";
    for line in LINES {
        for subject in ["Re: Pulang", ""] {
            must_answer(own, subject, &format!("{own}\n\n{line}\n\n{}", quoted(BODY)));
            must_answer(own, subject, &format!("{line}\n{}\n{own}", quoted(BODY)));
        }
    }
}

#[test]
fn own_words_that_look_like_marks_stay() {
    for text in [
        ">_< capek banget kak",
        "Pada 15 Juni 2024 jam 14.59 dia menulis:\nJangan cerita ke siapa pun\nAku takut.",
        "On June 15, 2024 at 2:59 PM he wrote:\nDo not tell anyone\nI am scared.",
        "ibu@mail.example menulis:\nAku harus pulang kak.",
        "Nama: Sari <sari@mail.example>\nTanggal lahir: 15/06/2008 10:00\nMasalah: aku takut",
        "Dari: ibuku aku belajar.\nKepada: ayah aku marah.",
        "Kronologi:\n15/06/2024 14:59 dia datang\n15/06/2024 15:10 dia memukul\n15/06/2024 16:00 aku lari",
        "Dikirim dari lubuk hati yang paling dalam, aku minta maaf.\nAku lelah.",
        "=====\nBab 1\n=====\nAku lahir di desa.",
    ] {
        let seen = see(&mail("curhat", "text/plain", text));
        assert_eq!((fresh(&seen).as_str(), seen.nature.kind), (text, Kind::Letter));
    }
    // Also in an answer, as long as something below tells more surely where the earlier letter begins.
    let own = "Pada 15 Juni 2024 jam 14.59 dia menulis:\nJangan cerita\nAku takut.";
    let above = "Pada Sab, 16 Jun 2024 pukul 14.59 Ani <ani@surat.example> menulis:";
    must_answer(own, "Re: Pulang", &format!("{own}\n\n{above}\n\n{}", quoted(BODY)));
}
