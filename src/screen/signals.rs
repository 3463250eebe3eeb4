//! What can be odd about a mail, one word each, and what each of these signals counts.

/// A case of misaddressed, forwarded or doubtful mail.
///
/// The missing numbers: M17 is about what we write (the outgoing guard), M20 about groups, which do not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Case {
    /// The client passes on somebody else's mail.
    M1,
    /// Somebody else writes about a person.
    M2,
    /// Somebody else may be writing for the client.
    M3,
    /// Others got it too.
    M4,
    /// It was meant for somebody else.
    M5,
    /// It came without being addressed to us.
    M6,
    /// The client's mailbox passes mail on by itself.
    M7,
    /// Our own mail comes back.
    M8,
    /// A machine answers.
    M9,
    /// A report about a mail.
    M10,
    /// It came through a list.
    M11,
    /// An address that looks like another.
    M12,
    /// A mailbox several people read.
    M13,
    /// A chat, copied.
    M14,
    /// A sender that could not be proven.
    M15,
    /// It cannot be opened.
    M16,
    /// It belongs to another desk.
    M18,
    /// It belongs to another thread of the same client.
    M19,
    /// Somebody asks whether a person writes to us.
    M21,
}

impl Case {
    /// The word in `check mail`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::M1 => "M1",
            Self::M2 => "M2",
            Self::M3 => "M3",
            Self::M4 => "M4",
            Self::M5 => "M5",
            Self::M6 => "M6",
            Self::M7 => "M7",
            Self::M8 => "M8",
            Self::M9 => "M9",
            Self::M10 => "M10",
            Self::M11 => "M11",
            Self::M12 => "M12",
            Self::M13 => "M13",
            Self::M14 => "M14",
            Self::M15 => "M15",
            Self::M16 => "M16",
            Self::M18 => "M18",
            Self::M19 => "M19",
            Self::M21 => "M21",
        }
    }
}

/// What one signal counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// Two of one case make up one hard signal.
    Soft,
    /// Enough by itself.
    Hard,
}

impl Strength {
    /// The word in `check mail`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

/// A signal with what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The case it speaks for.
    pub code: Case,
    /// What it counts.
    pub strength: Strength,
    /// What was seen.
    pub signal: Signal,
}

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident $case:ident $strength:ident $word:literal;)+) => {
        /// What was seen in a mail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Signal { $($(#[$doc])* $name),+ }

        impl Signal {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in tables and text keys.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The case it speaks for.
            pub const fn case(self) -> Case {
                match self { $(Self::$name => Case::$case),+ }
            }

            /// What it counts.
            pub const fn strength(self) -> Strength {
                match self { $(Self::$name => Strength::$strength),+ }
            }
        }
    };
}

signals! {
    /// The subject begins like a forwarded mail's.
    ForwardPrefix M1 Soft "forward-prefix";
    /// Somebody else's mail stands in the text, with its head.
    ForwardDivider M1 Hard "forward-divider";
    /// Somebody else's mail is enclosed as a part.
    EnclosedMail M1 Hard "enclosed-mail";
    /// Hardly a word of the sender's own stands before what was passed on.
    FewOwnWords M1 Soft "few-own-words";
    /// A forwarded mail from somebody without a thread.
    ThirdPartyForward M2 Hard "third-party-forward";
    /// Not the confirmed address.
    UnknownSender M3 Hard "unknown-sender";
    /// The client confirmed no address.
    NoConfirmedAddress M3 Hard "no-confirmed-address";
    /// No sender, or several.
    UnclearSender M3 Hard "unclear-sender";
    /// Another mail program than ever before in this thread.
    NewMailer M3 Soft "new-mailer";
    /// Another name in From than ever before in this thread.
    OtherName M3 Soft "other-name";
    /// Another language than all letters before in this thread.
    OtherLanguage M3 Soft "other-language";
    /// Signed with another name than all letters before.
    OtherSignature M3 Soft "other-signature";
    /// Another kind of greeting than all letters before.
    OtherGreeting M3 Soft "other-greeting";
    /// At an hour at which this thread was never written to.
    OddHour M3 Soft "odd-hour";
    /// Addresses of others in To or Cc.
    OthersAddressed M4 Hard "others-addressed";
    /// It greets somebody who does not work here.
    GreetsAnother M5 Soft "greets-another";
    /// Files of business: an application, an invoice.
    BusinessFiles M5 Soft "business-files";
    /// It speaks of business, and of nothing one tells a counselor.
    BusinessWords M5 Soft "business-words";
    /// To and Cc name others only.
    NotAddressedToUs M5 Soft "not-addressed-to-us";
    /// It used no thread's address.
    NoThread M6 Hard "no-thread";
    /// To and Cc are empty: a hidden copy.
    HiddenDelivery M6 Soft "hidden-delivery";
    /// The mail server delivered it to another address first.
    DeliveredElsewhere M6 Soft "delivered-elsewhere";
    /// A machine notes that it passed the mail on.
    PassedOnByMachine M7 Soft "passed-on-by-machine";
    /// It was sent again (RFC 5322 3.6.6).
    Resent M7 Soft "resent";
    /// A chain of forwarders sealed it (RFC 8617).
    ArcChain M7 Soft "arc-chain";
    /// The signature holds, the way does not.
    SpfLost M7 Soft "spf-lost";
    /// Our own mail.
    OwnMail M8 Hard "own-mail";
    /// More servers than any honest road has.
    TooManyHops M8 Hard "too-many-hops";
    /// A program answered.
    Automatic M9 Hard "automatic";
    /// The empty envelope sender of machines.
    EmptyReturnPath M9 Hard "empty-return-path";
    /// A calendar entry and nothing else.
    Calendar M9 Hard "calendar";
    /// It could not be delivered, for good.
    Bounce M10 Hard "bounce";
    /// It has not been delivered yet.
    Delay M10 Hard "delay";
    /// Some other report about a mail.
    Report M10 Hard "report";
    /// "Read": a receipt.
    ReadReceipt M10 Hard "read-receipt";
    /// "Prove that you are a person."
    Challenge M10 Hard "challenge";
    /// A mailing list or bulk mail.
    List M11 Hard "list";
    /// One letter away from a common mail provider.
    CommonTypo M12 Soft "common-typo";
    /// One or two letters away from the confirmed address.
    NearConfirmed M12 Soft "near-confirmed";
    /// Letters of several scripts, or ones that look like others.
    MixedLetters M12 Soft "mixed-letters";
    /// An address as families, classes and offices have.
    SharedName M13 Soft "shared-name";
    /// A school or university runs the mailbox.
    SchoolDomain M13 Soft "school-domain";
    /// Several people have written from this address, by their names.
    SeveralNames M13 Soft "several-names";
    /// Lines of a chat with their times.
    ChatLog M14 Soft "chat-log";
    /// "Forwarded", as chat programs write it.
    ChatForward M14 Soft "chat-forward";
    /// A picture named as programs name what was on a screen, or came by a chat.
    ScreenName M14 Soft "screen-name";
    /// A picture as tall and narrow as the screen of a phone.
    ScreenShape M14 Soft "screen-shape";
    /// The domain in From disowns it.
    DmarcFail M15 Hard "dmarc-fail";
    /// It bears the name of somebody who works here.
    CounselorName M15 Hard "counselor-name";
    /// Nothing in it can be read.
    Unreadable M16 Hard "unreadable";
    /// Locked with a key we do not have.
    Locked M16 Hard "locked";
    /// It speaks of another desk of this house.
    NamesOtherDesk M18 Soft "names-other-desk";
    /// Another desk's address, or one like it, stands in To or Cc.
    OtherDeskAddress M18 Soft "other-desk-address";
    /// It comes back again and again to what another desk is for.
    OtherDeskTopic M18 Soft "other-desk-topic";
    /// It speaks of a desk where the same client has a thread.
    OtherThread M19 Soft "other-thread";
    /// It came to an address this thread had before.
    RetiredAddress M19 Hard "retired-address";
    /// It answers a mail of another thread of the same client.
    AnswersOtherThread M19 Hard "answers-other-thread";
    /// It asks whether somebody writes to us.
    AsksAboutPerson M21 Soft "asks-about-person";
    /// Police, court, press, lawyers.
    OfficialDomain M21 Soft "official-domain";
    /// The writer speaks as police, court, press, lawyer or parent.
    OfficialWords M21 Soft "official-words";
}

impl Signal {
    /// The signal with its case and strength.
    pub const fn finding(self) -> Finding {
        Finding { code: self.case(), strength: self.strength(), signal: self }
    }

    /// Whether "this is fine" may be remembered. What says who wrote it is remembered for that sender's address only
    /// ([`Self::is_about_sender`]); what could be said of any stranger's mail never is.
    /// A new mail program, name or way of writing is learned instead.
    pub const fn can_be_fine(self) -> bool {
        !matches!(
            self,
            Self::NoThread
                | Self::UnclearSender
                | Self::NewMailer
                | Self::OtherName
                | Self::OtherLanguage
                | Self::OtherSignature
                | Self::OtherGreeting
                | Self::OddHour
                | Self::SeveralNames
                | Self::ThirdPartyForward
                | Self::DmarcFail
                | Self::CounselorName
                | Self::Unreadable
                | Self::Locked
                | Self::RetiredAddress
                | Self::AnswersOtherThread
                | Self::OwnMail
                | Self::TooManyHops
        )
    }

    /// Whether it speaks of the sender's address, so that "fine" holds for that address only.
    pub const fn is_about_sender(self) -> bool {
        matches!(
            self,
            Self::UnknownSender
                | Self::NoConfirmedAddress
                | Self::CommonTypo
                | Self::NearConfirmed
                | Self::MixedLetters
        )
    }

    /// How and when somebody writes changes with their day. Together these count once, so that a frightened letter at
    /// night, without its usual greeting, is never kept waiting for that alone.
    pub const fn is_mood(self) -> bool {
        matches!(self, Self::OtherGreeting | Self::OddHour)
    }

    /// Whether a desk's experience may turn it into a grey tag. The rule that a thread is entered by its secret address
    /// *and* a sender that fits is not up for experience.
    pub const fn can_turn_grey(self) -> bool {
        self.can_be_fine() && !matches!(self, Self::UnknownSender | Self::NoConfirmedAddress)
    }

    /// The signals behind a stored list of words; unknown words are left out.
    pub fn read(words: &str) -> Vec<Self> {
        words.split(',').filter_map(|w| Self::ALL.iter().copied().find(|s| s.word() == w)).collect()
    }

    /// The list of words to store.
    pub fn write(signals: impl IntoIterator<Item = Self>) -> String {
        let words: Vec<_> = signals.into_iter().map(Self::word).collect();
        words.join(",")
    }
}
