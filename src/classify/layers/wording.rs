//! What mail programs write around forwarded and answered letters, in many languages: stems, because endings vary.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lines::fold;

/// Stems of "forwarded".
const FORWARD: &str = "\
    forward|diteruskan|terusan|dimajukan|dikirim semula|dihantar semula|dipanjangkan|weitergeleit|weiterleit\
    |transfér|transfere|transmis|réexpédi|fait suivre|reenvi|remitido|redirigid|rediri|encaminha|doorgestuur\
    |doorgezonden|inoltr|reinviau|reunviáu|reencami|ممر|توجيه|إعادة|معاد|הועבר|מועבר|转发|轉寄|轉遞|轉發|转寄|転送\
    |전달|chuyển tiếp|ส่งต่อ|iletil|ilet-|yönlendir|пересыл|пересил|переслан|перенаправ|переадрес|перасла\
    |перанакір|pierasy|przesłan|przekaz|przekier|přeposl|přeposíl|předan|preposl|ďalej|videresend|vidaresend|vidarebefordra\
    |vidarebefordrat|välitet|edelleenlä|edasta|edasisuun|továbbít|redirecț|redirect|înaint|προωθ|proslijeđ|prosljeđ\
    |prosleđ|прослеђ|persiųst|pārsūt|posredovan|препра|препратен|birbidal|plusend|aangestuur|mandât indenant\
    |transmisset|përcjell|yrrwyd|curtha ar aghaidh|ötürül|გადაგზავნილი|қайта бағдар|បញ្ជូន|අග්‍රේෂ|ඉදිරියට\
    |अग्रेषित|फरवार्ड|ফরওয়ার্ড|ফৰৱাৰ্ড|ਅੱਗੇ|આગળ|ପଠାଯାଇ|அனுப்பு|ముందుకు|ಫಾರ್ವಾರ್ಡ್|ارجاع|ارسال مجدد\
    |başlangici|مخکې|odqithis|ogqithis|གདོང་བསྐྱོད|ipinasa|uliosambaz|بازارسال|هدایت|فارورڈ|áframsen|yönləndir|փոխանց";

/// Stems of "original", for a letter that is answered or passed on.
const ORIGINAL: &str = "\
    original|orginal|origina|orichinal|orixinal|origjin|orgjinal|oryginal|originel|origineel|originele|orgineel\
    |asli|asal|ursprüng|ursprung|origine|initial|oorspronk|oarspronk|أصل|أساس|מקור|原始|元の|オリジナル|원본|gốc\
    |ต้นฉบับ|เดิม|orijinal|özgün|исходн|оригинал|оригінал|арыгінал|aryhinal|původní|pôvodn|oprindelig|opprinn\
    |opphavleg|alkuper|eredeti|αρχικ|izvorn|izvirn|sākotn|esialgne|algupär|jatorri|orin|wreiddiol|bunaidh|uppruna\
    |asl xat|اصل|ئەسلى|मूल|मौलिक|मुळ|खरा|মূল|প্ৰকৃত|મૂળ|ਅਸਲ|ପ୍ରକୃତ|மூல|వాస్త|ಮೂಲ|യഥാര|ორიგინალ|ដើម|առաջին\
    |orîjînal|oriģināl|algne|orihinal|asili";

/// Stems of "message", "mail", "letter".
const MESSAGE: &str = "\
    message|mesej|pesan|surat|email|e-mail|surel|mail|nachricht|mesaj|mesaĵ|mesaĝ|messaç|missatge|mensa|mesazh|messagg\
    |missage|messatge|bericht|berjocht|boodskap|meddelande|melding|meddelelse|besked|brev|viesti|zpráv|správ|wiadomoś\
    |list|сообщени|повідомлен|паведамлен|письм|писмо|лист|ліст|порака|порук|poruk|courriel|mensaje|mensagem|邮件|郵件\
    |消息|訊息|信息|信件|メッセージ|メール|메시지|메일|thư|tin nhắn|ข้อความ|จดหมาย|رسال|הודע|μήνυμα|μηνύματος|üzenet|levél|ileti|məktub\
    |sõnum|kiri|laišk|vēstul|sporočil|skilabo|boð|neges|teachtaire|bunteachtaire|mezua|kemennadenn|sipor|хат|xat\
    |xabar|پیام|خەت|ئۇچۇر|استوزه|संदेश|सन्देश|বার্তা|বাৰ্তা|સંદેશ|ਸੁਨੇਹਾ|ସନ୍ଦେଶ|செய்தி|సందేశ|ಸಂದೇಶ|സന്ദേശ|පණිවිඩ\
    |შეტყობინება|សារ|հաղորդագր|umyalezo|peyam|འཕྲིན་དོན|съобщени|ziņ|mensah|ujumbe|پیغام|skeyti";

/// Words that say a forwarded letter ends here.
const END: &str = "\
    end |ende |akhir |fin |fine |fim |final |fino |slut |konec |koniec |einde |конец |кінець |крај |kraj |loppu|sonu\
    |pabaiga|tamat |penghujung ";

/// What stands in a line above a quotation: "wrote", "menulis".
const WROTE: &str = "\
    wrote|writes|sent|said|menulis|membalas|menulis di|mengirim|berkata|schrieb|geschrieben|schreift|a écrit|à écrit\
    |écrit|a scrit|escribió|escribio|escreveu|skrev|skreiv|skryf|schreef|geschreven|skreau|scritto|scrivè|a scris|napsal\
    |napsáno|píše|napísal|napisal|napisał|napisao|napisaŭ|pisze|пишет|писал|написал|напісаў|написав|пише|напиша|написа\
    |написано|писав|kirjoitti|kirjutas|írta|έγραψε|yazdı|yazmış|yazıb|şunu yazdı|写道|寫道|寫到|寫下|写到|提到\
    |書きました|のメール|已寫入|作成|작성|쓴 내용|쓴 글|쓰기|viết|เขียน|كتب|כתב|نوشت|yozgan|rašė|rakstīja|skribis|skrifaði|skrivaði\
    |va escriure|ha escrit|escribiu|escriguèt|escrich|scribite|shkruar|shkroi|scríobh|ysgrifennodd|skrivet|idatzi\
    |nivîsî|жазған|დაწერა|მოგწერათ|գրեց|សរសេរ|लिखा|लिहिले|लिहीले|লিখে|লিখি|লিখিছিল|લખાયેલ|ਲਿਖਿਆ|వ్రాశారు\
    |ಬರೆದ|എഴുതി|ලියන|يازدى|يازدىكى|ubhale|quoting|mengutip|zitat von|citando|citant|citerar|piše|sporoča\
    |བྲིས|𐑮𐑴𐑑|geschreben|geantwortet|respondeu|respondió|a répondu|menjawab|balas";

/// First words of a line above a quotation.
const OPENING: &str = "\
    on|pada|dalam|am|le|el|em|en|op|il|lo|vào|den|d.|der|dne|dnia|w|dana|v|u|в|у|на|а|la|în|a|στις|στο|在|於|于|เมื่อ|في\
    |בתאריך|je|ar|as|o|di|dňa|dana|þann|tann|më|ditën|po|כתב|كتب|na|y|it|ai|ühel|de|mengutip|quoting|zitat|citando\
    |jatorrizko|написано|дана|ngày|lúc|da|del|در|روز|tanggal|hari|ob|dn|kl|el|ha|ho|at|sent|dikirim|på";

/// How mail programs on phones sign.
const SENT_FROM: &str = "\
    sent from my |sent from mail for |sent from yahoo|sent from outlook|sent from samsung|sent from proton\
    |sent from gmail|sent via |sent with |sent on the move|get outlook for |dikirim dari |terkirim dari |dihantar dari \
    |dihantar daripada |diposting dari |dapatkan outlook untuk |von meinem |gesendet von |gesendet mit |envoyé de mon \
    |envoyé depuis |envoyé à partir |télécharger outlook |enviado desde mi |enviado desde |enviado do meu |enviado de \
    |enviada do meu |obtener outlook |obter o outlook |inviato da |inviato dal |verzonden vanaf |verstuurd vanaf \
    |skickat från min |sendt fra min |sendt fra mitt |lähetetty |отправлено с |отправлено из |надіслано з |wysłane z \
    |odesláno z |odoslané z |iphone'umdan |ipad'imden |gönderildi|发自我的|從我的|发送自|iphoneから|iphone から送信\
    |나의 iphone|내 iphone|gửi từ |đã gửi từ |ส่งจาก |αποστολή από |στάλθηκε από |poslano s |trimis de pe \
    |elküldve: |az iphone|נשלח מ|أرسلت من|أُرسلت من|מה-iphone שלי|saadetud minu ";

/// Stems by their first character, so that a text is walked once and not once for each.
pub(super) struct Stems {
    all: Vec<String>,
    by_first: HashMap<char, Vec<String>>,
    by_last: HashMap<char, Vec<String>>,
}

impl Stems {
    fn read(words: &str) -> Self {
        // A blank at the end says that the word ends there.
        let all: Vec<_> = words.split('|').map(|w| fold(w) + if w.ends_with(' ') { " " } else { "" }).collect();
        let (mut by_first, mut by_last) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for stem in &all {
            if let (Some(first), Some(last)) = (stem.chars().next(), stem.chars().next_back()) {
                by_first.entry(first).or_default().push(stem.clone());
                by_last.entry(last).or_default().push(stem.clone());
            }
        }
        Self { all, by_first, by_last }
    }

    /// Whether a folded text holds one of them.
    pub(super) fn within(&self, text: &str) -> bool {
        text.char_indices().any(|(at, c)| {
            let rest = text.get(at..).unwrap_or_default();
            self.by_first.get(&c).is_some_and(|stems| stems.iter().any(|stem| rest.starts_with(stem.as_str())))
        })
    }

    /// Whether a folded text begins with one of them.
    pub(super) fn begin(&self, text: &str) -> bool {
        let likely = text.chars().next().and_then(|first| self.by_first.get(&first));
        likely.is_some_and(|stems| stems.iter().any(|stem| text.starts_with(stem.as_str())))
    }

    /// Whether a folded text ends with one of them.
    pub(super) fn end(&self, text: &str) -> bool {
        let likely = text.chars().next_back().and_then(|last| self.by_last.get(&last));
        likely.is_some_and(|stems| stems.iter().any(|stem| text.ends_with(stem.as_str())))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(String::as_str)
    }
}

macro_rules! stems {
    ($($(#[$doc:meta])* $name:ident: $words:ident;)*) => {
        $($(#[$doc])*
        pub(super) static $name: LazyLock<Stems> = LazyLock::new(|| Stems::read($words));)*
    };
}

stems! {
    /// Stems of "forwarded".
    FORWARDED: FORWARD;
    /// Stems of "original".
    ORIGINALS: ORIGINAL;
    /// Stems of "message".
    MESSAGES: MESSAGE;
    /// Words that end a forwarded letter.
    ENDS: END;
    /// "wrote".
    VERBS: WROTE;
    /// First words of a line above a quotation.
    OPENINGS: OPENING;
    /// Beginnings of what phones sign with.
    DEVICES: SENT_FROM;
}

/// Whether a folded text begins with one of the words.
pub(super) fn opens(text: &str) -> bool {
    let first = text.split([' ', ',', '\u{ff0c}']).next().unwrap_or_default();
    OPENINGS.iter().any(|word| first == word)
        // Scripts that put no blank between words.
        || ["在", "於", "于", "เมื่อ"].iter().any(|word| text.starts_with(word))
}

/// Longest line a phone signs with, in characters.
const DEVICE_CHARS_MAX: usize = 80;

/// Whether a folded line is what a phone signs with, and not a sentence that begins alike.
pub(super) fn is_device(line: &str) -> bool {
    let line = line.trim_start_matches(['-', ' ']);
    if line.chars().nth(DEVICE_CHARS_MAX).is_some() {
        return false;
    }
    let bare = line.split(['<', '(']).next().unwrap_or_default();
    let sentence = bare.contains(',') || bare.trim_end().ends_with(['.', '?', '!']) && bare.split(' ').count() > 6;
    let ends_so =
        ["gesendet", "gönderildi", "から送信", "에서 보냄", "'umdan gönderildi"].iter().any(|e| line.ends_with(e));
    let device = ["iphone", "ipad", "android", "samsung", "outlook", "mobile", "yahoo", "hp", "ponsel", "smartphone"];
    let named = device.iter().any(|d| bare.contains(d));
    let begins = DEVICES.begin(line);
    !sentence && (begins && (named || bare.split(' ').count() <= 6) || named && ends_so)
}
