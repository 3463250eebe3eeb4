//! What stands before a subject: `Re:`, `TRS:`, `Fwd: Re[2]:`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lines::{fold, is_blank};

/// What a prefix says. Weak ones also begin ordinary subjects: they count only beside something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::classify) enum Way {
    Reply,
    WeakReply,
    Forward,
    WeakForward,
    /// `VS:` answers in Finnish and forwards in Danish and Norwegian.
    Nordic,
}

impl Way {
    pub(in crate::classify) const fn answers(self) -> bool {
        matches!(self, Self::Reply | Self::WeakReply)
    }

    pub(in crate::classify) const fn forwards(self) -> bool {
        matches!(self, Self::Forward | Self::WeakForward)
    }
}

const REPLY: &str = "\
    re|bls|balas|balasan|membalas|aw|antw|antwort|antwoord|betr|rép|réf|rif|sv|svar|ynt|yanıt|odp|odpověď|odpoveď|vá|válasz\
    |απ|απαντ|απάντηση|回复|回覆|答复|答覆|返信|회신|답장|답변|رد|השב|תשובה|ตอบ|ตอบกลับ|trả lời|ответ|відп|відповідь\
    |odg|odgovor|отг|отговор|atb|ats|vast|respuesta|resposta|risposta|réponse|reply";
const WEAK_REPLY: &str = "r|res|ref|tl|на";
const FORWARD: &str = "\
    fw|fwd|forward|forwarded|trs|terusan|teruskan|diteruskan|maju|dimajukan|wg|weitergeleitet|weiterl|reenviar|reenviado\
    |encaminhado|encaminhada|reencaminhado|doorst|doorgestuurd|inoltro|inoltra|inoltrato|vb|vidarebefordrat|vl\
    |välitetty|videresend|videresendt|ilt|ilet|ilt.|iletilmiş|yönlendirme|转发|转寄|轉寄|轉發|転送|전달|إعادة توجيه|تحويل|הועבר\
    |העבר|ส่งต่อ|chuyển tiếp|пересл|пересылка|переслано|переадр|пересилання|podaj dalej|prosl|proslijeđeno\
    |prosleđeno|továbbítás|továbbítva|tovabbitas|redir|redirecționat|πρθ|προωθ|σχετ|edasi|pārs|persiųsta\
    |transf|transféré|réexp|přeposláno|preposlané|fwd.|videres";
const WEAK_FORWARD: &str = "i|tr|rv|rm|enc|fs|pd|pr|ct|пер";

static WAYS: LazyLock<HashMap<String, Way>> = LazyLock::new(|| {
    let all = [
        (REPLY, Way::Reply),
        (WEAK_REPLY, Way::WeakReply),
        (FORWARD, Way::Forward),
        (WEAK_FORWARD, Way::WeakForward),
        ("vs", Way::Nordic),
    ];
    let words = all.iter().flat_map(|(words, way)| words.split('|').map(|word| (fold(word), *way)));
    words.collect()
});

/// Longest prefix, in bytes.
const PREFIX_BYTES_MAX: usize = 60;

/// A subject with its prefixes taken off.
pub(super) struct Prefixed<'s> {
    /// The outermost prefix.
    pub(super) way: Option<Way>,
    /// What is left.
    pub(super) rest: &'s str,
}

/// Takes the stack of prefixes off a subject.
pub(super) fn read(subject: &str) -> Prefixed<'_> {
    let mut out = Prefixed { way: None, rest: subject.trim_matches(is_blank) };
    // A list's or a filter's tag may stand between, and old Mozilla wrote `[Fwd: subject]`.
    while let Some((way, rest)) = one(out.rest).or_else(|| one(untag(out.rest)?)) {
        out.way.get_or_insert(way);
        out.rest = rest;
    }
    if subject.trim_start().starts_with('[') && out.way.is_some() && !out.rest.contains('[') {
        out.rest = out.rest.trim_end_matches(']');
    }
    out
}

fn untag(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    if one(inner).is_some() {
        return Some(inner);
    }
    Some(inner.split_once(']')?.1.trim_start_matches(is_blank))
}

fn one(text: &str) -> Option<(Way, &str)> {
    let at = text.find([':', '\u{ff1a}', '\u{fe55}', '\u{fe13}']).filter(|at| *at <= PREFIX_BYTES_MAX)?;
    let (word, rest) = text.split_at_checked(at)?;
    let word = fold(word);
    // `Re[2]`, `Re(3)`, `Re^2`, `Fwd 2`
    let bare = word.trim_end_matches(|c: char| c.is_numeric() || "[](){}^ -".contains(c));
    let way = WAYS.get(bare)?;
    let mut chars = rest.chars();
    chars.next();
    Some((*way, chars.as_str().trim_start_matches(is_blank)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_of_many_kinds() {
        for (subject, way, rest) in [
            ("Re: a", Some(Way::Reply), "a"),
            ("RE[2]: Fwd: a", Some(Way::Reply), "a"),
            ("Re(3) : a", Some(Way::Reply), "a"),
            ("Bls: Trs: curhat", Some(Way::Reply), "curhat"),
            ("TRS: Re: curhat", Some(Way::Forward), "curhat"),
            ("Ｆｗｄ：a", Some(Way::Forward), "a"),
            ("İLT: a", Some(Way::Forward), "a"),
            ("ilt : a", Some(Way::Forward), "a"),
            ("回复：转发: a", Some(Way::Reply), "a"),
            ("[desk] Fwd: a", Some(Way::Forward), "a"),
            ("[Fwd: a b]", Some(Way::Forward), "a b"),
            ("\u{200f}Fwd: a", Some(Way::Forward), "a"),
            ("I: a", Some(Way::WeakForward), "a"),
            ("VS: a", Some(Way::Nordic), "a"),
            ("Hasil: a", None, "Hasil: a"),
            ("", None, ""),
        ] {
            let found = read(subject);
            assert_eq!((found.way, found.rest), (way, rest), "{subject}");
        }
    }

    proptest! {
        #[test]
        fn any_subject_is_read(subject in "(Re|Fwd|TRS|:|\\[|\\]| |2|.){0,30}") {
            let rest = read(&subject).rest;
            prop_assert!(subject.contains(rest));
            prop_assert!(read(rest).way.is_none() || rest.ends_with(']') || rest.is_empty());
        }
    }
}
