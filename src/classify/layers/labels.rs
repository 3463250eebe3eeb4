//! What mail programs call the header lines above an earlier letter, in many languages.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lines::fold;

/// What a header line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    From,
    To,
    Cc,
    /// A date under a word for "date".
    Date,
    /// A date under a word for "sent", as Outlook writes.
    Sent,
    Subject,
    ReplyTo,
    /// Known, but of no use here.
    Other,
}

/// The field a folded label names. A word that stands for two fields in two languages is the first of them.
pub(super) fn field(label: &str) -> Option<Field> {
    FIELDS.get(label).copied()
}

static FIELDS: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
    let all = [
        (Field::From, FROM),
        (Field::Subject, SUBJECT),
        (Field::Sent, SENT),
        (Field::Date, DATE),
        (Field::To, TO),
        (Field::Cc, CC),
        (Field::ReplyTo, REPLY_TO),
        (Field::Other, OTHER),
    ];
    let mut map = HashMap::new();
    for (field, words) in all {
        for word in words.split('|') {
            map.entry(fold(word)).or_insert(field);
        }
    }
    map
});

const FROM: &str = "\
    from|dari|daripada|pengirim|von|absender|de|da|desde|des de|van|fra|från|lähettäjä|od|odesílatel|nadawca\
    |feladó|expeditor|expeditorul|de la|от|от кого|від|від кого|отправитель|відправник|από|kimden|gönderen\
    |من|מאת|发件人|寄件人|寄件者|差出人|送信元|送信者|보낸 사람|보낸사람|발신|từ|người gửi|จาก|šalje\
    |saatja|remetente|remitente|mittente|expéditeur|afsender|avsender|avsändare|odosielateľ|pošiljatelj\
    |siuntėjas|afzender|bivuye|eus|fan|frá|frå|gant|gönderici|göndərən|gửi từ|ivela|kimdan|kimdən|nga|nondik\
    |nork|nuo|oddi wrth|remitent|sendanto|seolaí|sɣur|uri-დან|vun|şandyar|αποστολέας|ад|кімнен|од|хэнээс\
    |шаље|ուղարկող|ارسال کننده|از|استوونکی|المرسل|دىن|فرستنده|له|لە|يوللىغۇچى|कडून|पासून|प्रेषक|बाट\
    |भेजने वाला|यहाँ से|सँ|से|থেকে|প্রেরক|প্ৰেৰক|পৰা|ਵਲੋਂ|તરફથી|ଠାରୁ|ପ୍ରେରକ|அனுப்புநர்|அனுப்புனர்|నుండి\
    |పంపినవారు|ಇಂದ|ಯಿಂದ|എവിടെ നിന്ന്|പ്രേഷിതന്|වෙතින්|ผู้ส่ง|ལས།|გამგზავნი|ვისგან|ከ|ካብ|មកពី|អ្នកផ្ញើ|来自\
    |発信者|𐑓𐑮𐑪𐑥";
const SUBJECT: &str = "\
    subject|subjek|subyek|perkara|perihal|hal|tajuk|judul|betreff|objet|sujet|asunto|assunto|onderwerp|oggetto|emne\
    |ämne|aihe|temat|předmět|predmet|věc|tárgy|subiect|subiectul|konu|başlik|тема|θέμα|الموضوع|נושא|הנדון\
    |主题|主題|主旨|标题|件名|제목|chủ đề|tiêu đề|เรื่อง|หัวเรื่อง|naslov|teema|tema|tēma|zadeva|afer\
    |asentel|assumpte|asuntu|danvez|efni|evni|gaia|ikivugwaho|inholl|isihloko|mavzu|mijar|mövzu|objècte\
    |ogjet|pealkiri|pwnc|subjecto|subjekt|subjekti|subxhect|sudjet|sujed|temats|temo|titill|titular|ábhair\
    |ábhar|ûnderwerp|гарчиг|заглавие|наслов|тақырыбы|тэма|վերնագիր|تىما|تېما|سرليک|سەردێڕ|مضمون|موضوع\
    |ناونیشان|विशय|विषय|বিষয়|ਵਿਸ਼ਾ|વિષય|ବିଷୟ|தலைப்பு|பொருள்|విషయం|సంగతి|ವಿಷಯ|വിഷയം|මාතෘකාව|หัวจดหมาย\
    |དོན་ཚན།|სათაური|შინაარსი|ዋኒን|ጉዳዩ|ចំណងជើង|ប្រធានបទ|𐑕𐑩𐑚𐑡𐑧𐑒𐑑";
const SENT: &str = "\
    sent|dikirim|dihantar|terkirim|gesendet|envoyé|envoyé le|enviado|enviada|enviado el|enviada em\
    |enviado em|inviato|verzonden|sendt|skickat|lähetetty|wysłano|wysłane|odesláno|odoslané|odoslaná\
    |elküldve|küldve|trimis|trimisă|gönderilen|gönderildi|gönderme tarihi|отправлено|відправлено|надіслано\
    |изпратено|poslano|poslato|послато|στάλθηκε|εστάλη|تاريخ الإرسال|تم الإرسال|نشر|נשלח|发送时间|发送日期|發送時間\
    |寄件日期|傳送時間|傳送日期|送信日時|送信日|보낸 날짜|보낸날짜|보낸 시간|đã gửi|ngày gửi|ส่ง|ส่งเมื่อ\
    |saadetud|išsiųsta|nosūtīts|send|enviados|dikirim pada|tanggal kirim|tarikh hantar|sent on|sent at|gesendet am\
    |verzonden op|date d'envoi|fecha de envío|data de envio|data invio|data wysłania|datum odeslání";
const DATE: &str = "\
    date|tanggal|tarikh|hari/tanggal|waktu|datum|dato|data|fecha|päiväys|päivämäärä|dátum|dată|tarih|дата\
    |ημερομηνία|التاريخ|תאריך|日期|日付|日時|时间|날짜|ngày|วันที่|kuupäev|dátum a čas|date et heure|azemz\
    |calendata|dag|dagsetning|datums|datë|deiz|deiziad|dyddiad|dáta|däts|dîrok|itariki|tann|tarix|umhla\
    |ημ/νία|аамҭарба|датум|күні|огноо|ամսաթիվ|التّاريخ|بەروار|تاريخ|تاریخ|نېټه|چېسلا|तारिख|तारीख|तिथि|दिनांक\
    |मिति|তারিখ|তাৰিখ|ਮਿਤੀ|તારીખ|ତାରିଖ|தேதி|తారీఖు|తేదీ|ದಿನಾಂಕ|തീയതി|දිනය|ཚེས་གྲངས།|თარიღი|ቀን|ዕለት\
    |កាលបរិច្ឆេត|កាលបរិច្ឆេទ|𐑛𐑱𐑑";
const TO: &str = "\
    to|kepada|untuk|ke|penerima|an|à|a|para|aan|til|till|vastaanottaja|do|komu|adresat|címzett|către\
    |destinatarul|destinatario|destinatário|destinataire|pour|кому|получатель|одержувач|προς|kime|alici|إلى\
    |الى|אל|收件人|收件者|宛先|받는 사람|받는사람|수신|đến|tới|người nhận|ถึง|prima|za|empfänger|mottagare\
    |modtager|ontvanger|příjemce|adresát|saaja|kellele|primatelj|cho|chuig|derbyniwr|destinatar|destinatari\
    |destinatario(a)|gavėjas|hona|iya|kam|kimga|kimə|kuri|mottaker|nora|nori|oan|per a|pre|për|ricevanto\
    |standyar|παραλήπτης|до|за|каму|кімге|прима|примач|хэнд|ստացող|المستقبل|الي|به|بۆ|تاپشۇرۇپ ئالغۇچى\
    |ترلاسه کوونکی|ته|غا|ګيرينده|گیرنده|केँ|पाने वाला|प्रति|प्रती|प्रापक|लाई|প্রাপক|প্ৰাপক|ਵੱਲ|પ્રતિ|ଏଠାକୁ\
    |பெறுநர்|பெறுனர்|కు|వీరికి|ಗೆ|എങ്ങോട്ടേക്ക്|സ്വീകര്ത്താവ്|වෙත|ผู้รับ|ལུ།|ვის|ናብ|ወደ|ផ្ញើទៅ|អ្នកទទួល|𐑑";
const CC: &str = "\
    cc|kopie|kopie (cc)|kopia|kopi|kopio|kópia|copie|copie à|copia|cópia|cc (kopie)|másolat|másolatot kap\
    |bilgi|dw|udw|копия|копія|в копию|копіювати|κοιν|κοινοποίηση|抄送|副本|参照|참조|salinan|salinan kepada\
    |sk|s.k|lampiran|tembusan|koopia|cópia para|ccn|العنونة|نسخة|עותק|สําเนา|kópia (cc)|kopie an|kopiya\
    |afrit|copi|copia (cc)|copie (cc)|copy|in copia a|kopela ku|kopi kuri|kopi til|kopija|kopija (cc)|kopiot\
    |kopiya karbon|kopya|kp|nusxasi|nüsxə|prima kopiju|đồng gửi|đồng kính gửi|αντίγραφο|копие|копие до\
    |копирај|копија|копија на пораката|көшірмесі|цц|לידיעה|تکثیر|رونوشت|قۇشۇمچە|كۆچۈرۈپ يوللا|لمېسل|ن.ك\
    |نسخة إلي|څ.ل|कार्बन|प्रत|बोधार्थ|অনুলিপি প্রাপক|অনুলিপির ঠিকানা|কপি প্ৰাপক|ને પણ|கரிநகல்|நகல்|సిసి\
    |පිටපත|คัดลอก|สําเนาถึง|ཤོག་ནག་འདྲ་བཤུས།|ასლი|ካኮ|ចម្លង|写し(cc)|𐑕𐑰𐑕𐑰";
const REPLY_TO: &str = "\
    reply-to|reply to|balas ke|balas kepada|répondre à|antwort an|responder a|rispondi a|svar til|svara till\
    |svar till|antwoord aan|odpověď na|odpověď|yanit adresi|ответить|回复至|回覆至|返信先|yanitla\
    |antwoord-aan|antwoorden aan|antwurd oan|atbildēt-uz|ateb-i|atsakymą gaus|balasan kepada|cavabla\
    |contestar a|erantzun honi|freagair go|javob berish|navnîşanên standyar|odgovor na|odgovori|odpovedať na\
    |odpowiedź do|reply-to adresa|respon a|responder para|respondu-al|respont-da|răspunde la|svara-til\
    |trả lời cho|vastaus osoitteeseen|vastus aadressile|válaszcím|äntwert un|απάντηση στο|адказаць-на\
    |зворотня адреса|одговори|отговор до|препрати на|хариулах-хэнд|כתובת למענה|الرد إلى|جواب نامه\
    |غا جاۋاپ قايتۇرۇش|وەڵامدانەوە-بۆ|پاسخ-به|ځوابول|जवाब यहाँ|यास उत्तर द्या|लाई-जवाफ|উত্তর পাঠানোর ঠিকানা\
    |பதிலளி|පිළිතුරු සඳහා|ตอบกลับ|პასუხი|ተመላሲ ናብ|ឆ្លើយតបទៅកាន់|회신 주소";
const OTHER: &str = "\
    bcc|bilindkopi|importance|priority|prioritas|prioritet|attachments|attachment|file lampiran|anlagen\
    |sender|organization|organisation|newsgroups|mailing-list|list-id|message-id|resent-from|resent-date\
    |resent-to|x-mailer|categories|sensitivity|signed by|mailed-by|security|via|importancia|priorité\
    |wichtigkeit|prioridad";
