//! A letter's words as a page shows them: new ones open, an earlier letter folded, another person's mail folded and named.

use super::read::FileLine;
use crate::classify::{LayerKind, Voices};
use crate::secret::PlainText;
use crate::texts::Texts;

/// Longest date shown beside a forwarded mail, in characters.
const DATE_CHARS_MAX: usize = 40;

/// What a letter says.
pub struct Words {
    /// One line; may be empty.
    pub subject: PlainText,
    /// The letter.
    pub text: PlainText,
    /// Its files.
    pub files: Vec<FileLine>,
    /// Whose words the text holds.
    pub voices: Voices,
}

/// A part of a letter's text in one voice.
pub struct Stretch<'w> {
    kind: LayerKind,
    text: &'w str,
    /// It is all there is: folded away, the letter would look empty.
    pub alone: bool,
}

impl<'w> Stretch<'w> {
    /// Whether it stands in the open.
    pub fn is_plain(&self) -> bool {
        matches!(self.kind, LayerKind::Fresh | LayerKind::Signature)
    }

    /// Whether another person wrote it.
    pub fn is_others(&self) -> bool {
        self.kind == LayerKind::Forwarded
    }

    /// Its paragraphs: blocks between empty lines.
    pub fn blocks(&self) -> impl Iterator<Item = &'w str> + use<'w> {
        self.text.split("\n\n").map(|b| b.trim_matches('\n')).filter(|b| !b.trim().is_empty())
    }
}

impl Words {
    /// The text in its voices, in order.
    pub fn stretches(&self) -> Vec<Stretch<'_>> {
        let layers = &self.voices.layers;
        let ends = layers.iter().skip(1).map(|next| next.begin).chain([self.text.reveal().len()]);
        let cut = |begin, end| self.text.reveal().get(begin..end).unwrap_or_default();
        let mut all: Vec<_> = layers
            .iter()
            .zip(ends)
            .map(|(layer, end)| Stretch { kind: layer.kind, text: cut(layer.begin, end), alone: false })
            .filter(|s| !s.text.trim().is_empty())
            .collect();
        if let [only] = all.as_mut_slice() {
            only.alone = only.kind == LayerKind::Quoted;
        }
        all
    }

    /// What stands above a forwarded mail: by whom and when, no more than a counselor needs to tell two voices apart.
    pub fn others_label(&self, texts: &Texts) -> String {
        let forward = self.voices.forward.as_ref();
        let who = forward.and_then(|f| f.from_name.as_ref().or(f.from.as_ref())).map(|who| masked(who.reveal()));
        let when = forward
            .and_then(|f| f.date.as_ref())
            .map(|date| -> String { date.reveal().chars().filter(|c| !c.is_control()).take(DATE_CHARS_MAX).collect() });
        match (who, when) {
            (Some(who), Some(when)) => texts.t2("layers-others-who-when", ("who", who), ("when", when)),
            (Some(who), None) => texts.t1("layers-others-who", "who", who),
            (None, _) => texts.t("layers-others"),
        }
    }
}

/// The initials of a name or an address.
fn masked(name: &str) -> String {
    let local = name.split('@').next().unwrap_or_default();
    let initials = local.split(|c: char| !c.is_alphanumeric()).filter_map(|word| word.chars().next()).take(3);
    let initials: Vec<_> = initials.map(|c| format!("{}…", c.to_uppercase())).collect();
    initials.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::voices_of_text;
    use crate::role::Language;

    fn words(text: &str) -> Words {
        let voices = voices_of_text("", text);
        Words { subject: PlainText::default(), text: text.into(), files: Vec::new(), voices }
    }

    #[test]
    fn a_letter_is_shown_in_its_voices() {
        let shown = words(
            "Halo\n\nLihat:\n\n---------- Pesan yang diteruskan ---------\nDari: Ani Lestari <ani@b.example>\nTanggal: 1 Mei 2024\n\nisi",
        );
        let parts: Vec<_> =
            shown.stretches().iter().map(|s| (s.is_plain(), s.is_others(), s.blocks().count())).collect();
        assert_eq!(parts, [(true, false, 2), (false, true, 2)]);
        let label = shown.others_label(&Texts(Language::English));
        assert!(label.contains("A… L…") && label.contains("1 Mei 2024") && !label.contains("Ani"), "{label}");
    }

    #[test]
    fn a_letter_that_only_quotes_stays_readable() {
        let quoted = words("> satu\n> dua");
        assert!(quoted.stretches().iter().all(|s| !s.is_plain() && s.alone));
        assert_eq!(words("").stretches().len(), 0);
    }
}
