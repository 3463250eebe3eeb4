-- Clients' own OpenPGP keys, sealed to the house key: user ids are names. `key_hash` is the keyed hash of the fingerprint.
-- state: seen (came with a mail, used for nothing but telling that a letter was signed with it), confirmed (by the client).
CREATE TABLE client_key (
    person_id BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    key_hash BLOB NOT NULL,
    cert_sealed BLOB NOT NULL,
    state TEXT NOT NULL,
    how TEXT NOT NULL,
    seen_us INTEGER NOT NULL,
    confirmed_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, key_hash)
) STRICT;

-- What of a reply is mailed: notification (also where there is no row), pgp, clear. `warning` is the edition of the warning
-- the client said yes to before the first letter in clear.
CREATE TABLE delivery (
    person_id BLOB NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    mode TEXT NOT NULL,
    warning TEXT NOT NULL,
    chosen_us INTEGER NOT NULL
) STRICT;

-- The mail of a reply that waits for its release: written when the reply is handed in, because later nobody here can read
-- it. Sealed to the house key; goes when the mail has left, or with the reply when that is taken back.
CREATE TABLE reply_mail (
    letter_id BLOB NOT NULL PRIMARY KEY REFERENCES letter (id) ON DELETE CASCADE,
    outbox_id BLOB NOT NULL,
    mode TEXT NOT NULL,
    key_hash BLOB NOT NULL,
    body_sealed BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
CREATE INDEX reply_mail_outbox ON reply_mail (outbox_id);
