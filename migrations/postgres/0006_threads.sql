-- Several threads of one client; addresses that were replaced; decisions that can be undone.

-- An address a thread had before: mail to it is recognized. The address itself is forgotten.
CREATE TABLE retired_address (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    thread_id BYTEA NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    retired_us BIGINT NOT NULL
);
CREATE INDEX retired_address_thread ON retired_address (thread_id, retired_us);

-- Keyed hash of the thread and of the Message-ID a letter came or left with: a later mail that refers to it is
-- recognized as this thread's. No bytes: it never was a mail.
ALTER TABLE letter ADD COLUMN mail_hash BYTEA NOT NULL DEFAULT '';
CREATE INDEX letter_mail ON letter (mail_hash) WHERE length(mail_hash) > 0;

-- Further states: tray (the client sorts it; `body` is encrypted to the client), discarded and entered (decided on; kept
-- a little while so that it can be undone). `was` is the state before, `decided_by` a person, `letter_id` the letter it
-- became. `provenance`: what was found out about the sender, in the words of `provenance`.
ALTER TABLE held ADD COLUMN provenance TEXT NOT NULL DEFAULT '';
ALTER TABLE held ADD COLUMN was TEXT NOT NULL DEFAULT '';
ALTER TABLE held ADD COLUMN decided_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN decided_by BYTEA NOT NULL DEFAULT '';
ALTER TABLE held ADD COLUMN letter_id BYTEA NOT NULL DEFAULT '';
CREATE INDEX held_decided ON held (decided_us) WHERE decided_us > 0;
