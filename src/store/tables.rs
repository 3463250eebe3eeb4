//! The tables and their columns, in the order in which foreign keys allow them to be written.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A number.
    Int(&'static str),
    /// A word or a text.
    Text(&'static str),
    /// Bytes.
    Bytes(&'static str),
    /// Bytes or nothing.
    MaybeBytes(&'static str),
}

use Column::{Bytes, Int, MaybeBytes, Text};

/// A table and its columns.
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// Columns in order; the first ones are the key.
    pub columns: &'static [Column],
    /// The columns rows are read in order of.
    pub key: &'static str,
}

/// All tables but `session`: nobody stays signed in across a restore.
pub const TABLES: &[Table] = &[
    Table {
        name: "desk",
        columns: &[
            Bytes("id"),
            Text("slug"),
            Text("name"),
            Text("about_id"),
            Text("about_en"),
            Text("zone"),
            Text("hours"),
            Int("reads_per_day"),
            Int("is_open"),
            Bytes("cert"),
            Int("created_us"),
        ],
        key: "id",
    },
    Table {
        name: "person",
        columns: &[
            Bytes("id"),
            Text("roles"),
            Bytes("name_hash"),
            Bytes("name_sealed"),
            Text("language"),
            Bytes("cert"),
            Bytes("locked_key"),
            Bytes("locked_recovery"),
            Int("created_us"),
            Int("seen_us"),
            Int("disabled_us"),
        ],
        key: "id",
    },
    Table {
        name: "notice",
        columns: &[
            Bytes("person_id"),
            Text("mode"),
            Bytes("address_sealed"),
            Bytes("address_hash"),
            Bytes("token_hash"),
            Int("asked_us"),
            Int("confirmed_us"),
            Int("hard_bounces"),
            Int("soft_bounces"),
            Int("stopped_us"),
        ],
        key: "person_id",
    },
    Table {
        name: "client_key",
        columns: &[
            Bytes("person_id"),
            Bytes("key_hash"),
            Bytes("cert_sealed"),
            Text("state"),
            Text("how"),
            Int("seen_us"),
            Int("confirmed_us"),
        ],
        key: "person_id, key_hash",
    },
    Table {
        name: "delivery",
        columns: &[Bytes("person_id"), Text("mode"), Text("warning"), Int("chosen_us")],
        key: "person_id",
    },
    Table {
        name: "invitation",
        columns: &[
            Bytes("token_hash"),
            Text("roles"),
            MaybeBytes("desk_id"),
            Int("created_us"),
            Int("expires_us"),
            Int("used_us"),
        ],
        key: "token_hash",
    },
    Table {
        name: "member",
        columns: &[Bytes("desk_id"), Bytes("person_id"), Bytes("desk_grant"), Int("since_us")],
        key: "desk_id, person_id",
    },
    Table {
        name: "thread",
        columns: &[
            Bytes("id"),
            Bytes("desk_id"),
            Bytes("client_id"),
            Text("state"),
            Int("urgent"),
            MaybeBytes("assignee_id"),
            Bytes("epoch_id"),
            Bytes("token_hash"),
            Bytes("token_sealed"),
            Int("created_us"),
            Int("waiting_us"),
            Int("last_us"),
            Bytes("traits"),
        ],
        key: "id",
    },
    Table {
        name: "retired_address",
        columns: &[Bytes("token_hash"), Bytes("thread_id"), Int("retired_us")],
        key: "token_hash",
    },
    Table {
        name: "epoch",
        columns: &[
            Bytes("id"),
            Bytes("thread_id"),
            Int("number"),
            Bytes("cert"),
            Bytes("previous_sealed"),
            Int("created_us"),
        ],
        key: "id",
    },
    Table {
        name: "epoch_grant",
        columns: &[Bytes("epoch_id"), Bytes("reader_id"), Bytes("body"), Int("created_us")],
        key: "epoch_id, reader_id",
    },
    Table {
        name: "letter",
        columns: &[
            Bytes("id"),
            Bytes("thread_id"),
            Bytes("epoch_id"),
            Text("author"),
            MaybeBytes("author_id"),
            Text("door"),
            Int("received_us"),
            Int("released_us"),
            Int("read_us"),
            Int("covers_us"),
            Int("files"),
            Bytes("body"),
            Bytes("dedup"),
            Text("flags"),
            Bytes("mail_hash"),
        ],
        key: "id",
    },
    Table {
        name: "attachment",
        columns: &[Bytes("id"), Bytes("letter_id"), Int("position"), Bytes("body")],
        key: "id",
    },
    Table {
        name: "reply_mail",
        columns: &[
            Bytes("letter_id"),
            Bytes("outbox_id"),
            Text("mode"),
            Bytes("key_hash"),
            Bytes("body_sealed"),
            Int("created_us"),
        ],
        key: "letter_id",
    },
    Table {
        name: "held",
        columns: &[
            Bytes("id"),
            Bytes("desk_id"),
            MaybeBytes("thread_id"),
            Text("reasons"),
            Int("received_us"),
            Bytes("body"),
            Bytes("dedup"),
            Text("state"),
            Text("provenance"),
            Text("was"),
            Int("decided_us"),
            Bytes("decided_by"),
            Bytes("letter_id"),
        ],
        key: "id",
    },
    Table {
        name: "draft",
        columns: &[Bytes("thread_id"), Bytes("author_id"), Bytes("body"), Int("updated_us")],
        key: "thread_id, author_id",
    },
    Table {
        name: "draft_file",
        columns: &[Bytes("id"), Bytes("thread_id"), Bytes("author_id"), Bytes("body"), Int("created_us")],
        key: "id",
    },
    Table {
        name: "note",
        columns: &[Bytes("id"), Bytes("thread_id"), Bytes("author_id"), Bytes("body"), Int("created_us")],
        key: "id",
    },
    Table {
        name: "outbox",
        columns: &[
            Bytes("id"),
            Text("kind"),
            Text("language"),
            Bytes("recipient_sealed"),
            Bytes("link_sealed"),
            Text("state"),
            Int("due_us"),
            Int("leased_until_us"),
            Int("tries"),
            Text("reason"),
            Int("created_us"),
            Int("done_us"),
            Bytes("address_hash"),
            Text("bounced"),
        ],
        key: "id",
    },
    Table {
        name: "job",
        columns: &[
            Bytes("id"),
            Text("kind"),
            Bytes("subject"),
            Text("state"),
            Int("due_us"),
            Int("leased_until_us"),
            Int("tries"),
            Text("reason"),
            Int("created_us"),
            Int("done_us"),
        ],
        key: "id",
    },
    Table { name: "schedule", columns: &[Text("name"), Int("next_us")], key: "name" },
    Table {
        name: "fetched",
        columns: &[
            Bytes("account"),
            Int("uid_validity"),
            Int("last_uid"),
            Bytes("holder"),
            Int("leased_until_us"),
            Int("done_us"),
            Int("failed_us"),
            Text("reason"),
        ],
        key: "account",
    },
    Table {
        name: "fetch_trouble",
        columns: &[Bytes("account"), Int("uid"), Int("tries"), Text("reason")],
        key: "account, uid",
    },
    Table {
        name: "audit",
        columns: &[
            Bytes("id"),
            Int("at_us"),
            MaybeBytes("actor_id"),
            Text("action"),
            MaybeBytes("thread_id"),
            Text("detail"),
            Bytes("tag"),
        ],
        key: "id",
    },
    Table { name: "audit_link", columns: &[Int("number"), Bytes("line_id"), Bytes("hash")], key: "number" },
    Table {
        name: "audit_head",
        columns: &[Int("id"), Int("number"), Bytes("hash"), Int("untagged"), Bytes("tag")],
        key: "id",
    },
    Table { name: "audit_unchained", columns: &[Bytes("line_id")], key: "line_id" },
    Table {
        name: "fine",
        columns: &[Bytes("thread_id"), Text("signal"), Bytes("sender_hash"), Int("since_us")],
        key: "thread_id, signal, sender_hash",
    },
    Table {
        name: "alarm",
        columns: &[Bytes("desk_id"), Text("signal"), Int("cases"), Int("false_alarms")],
        key: "desk_id, signal",
    },
    Table {
        name: "hint",
        columns: &[
            Bytes("thread_id"),
            Text("kind"),
            Bytes("about_id"),
            Int("created_us"),
            Int("seen_us"),
            Text("answer"),
        ],
        key: "thread_id, kind",
    },
    Table { name: "code_word", columns: &[Bytes("person_id"), Bytes("hidden"), Int("set_us")], key: "person_id" },
    Table {
        name: "code_question",
        columns: &[
            Bytes("thread_id"),
            Int("asked_us"),
            Text("result"),
            Int("answered_us"),
            Int("tries"),
            Int("day_us"),
        ],
        key: "thread_id",
    },
    Table {
        name: "incident",
        columns: &[Text("kind"), Bytes("desk_id"), Int("day_us"), Int("last_us"), Int("times")],
        key: "kind, desk_id, day_us",
    },
    Table {
        name: "canary",
        columns: &[Bytes("id"), Int("sent_us"), Int("stored_us"), Int("returned_us"), Bytes("body")],
        key: "id",
    },
];
