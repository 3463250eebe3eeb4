-- Rules of every table: STRICT, NOT NULL, ids random (16 bytes), times in UTC microseconds (0 = not yet),
-- what a stranger must not learn is sealed before it comes here. The PostgreSQL text differs in type names only.

CREATE TABLE desk (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    about_id TEXT NOT NULL DEFAULT '',
    about_en TEXT NOT NULL DEFAULT '',
    zone TEXT NOT NULL,
    hours TEXT NOT NULL,
    reads_per_day INTEGER NOT NULL DEFAULT 1,
    is_open INTEGER NOT NULL DEFAULT 1,
    cert BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;

-- Everybody who signs in. `name_hash` finds them, `name_sealed` shows their name; the key opens only with their secret.
CREATE TABLE person (
    id BLOB NOT NULL PRIMARY KEY,
    roles TEXT NOT NULL,
    name_hash BLOB NOT NULL UNIQUE,
    name_sealed BLOB NOT NULL,
    language TEXT NOT NULL,
    cert BLOB NOT NULL,
    locked_key BLOB NOT NULL,
    locked_recovery BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL DEFAULT 0,
    disabled_us INTEGER NOT NULL DEFAULT 0
) STRICT;

-- How a client is told that an answer waits. No row: never. An address counts only once `confirmed_us` is set.
CREATE TABLE notice (
    person_id BLOB NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    mode TEXT NOT NULL,
    address_sealed BLOB NOT NULL,
    address_hash BLOB NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    asked_us INTEGER NOT NULL,
    confirmed_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX notice_address ON notice (address_hash);

CREATE TABLE invitation (
    token_hash BLOB NOT NULL PRIMARY KEY,
    roles TEXT NOT NULL,
    desk_id BLOB REFERENCES desk (id) ON DELETE CASCADE,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    used_us INTEGER NOT NULL DEFAULT 0
) STRICT;

-- `desk_grant` is the desk's secret key encrypted to this counselor; empty until a holder of the key admits them,
-- and for ever for people who read no letters.
CREATE TABLE member (
    desk_id BLOB NOT NULL REFERENCES desk (id) ON DELETE CASCADE,
    person_id BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    desk_grant BLOB NOT NULL,
    since_us INTEGER NOT NULL,
    PRIMARY KEY (desk_id, person_id)
) STRICT;
CREATE INDEX member_person ON member (person_id);

-- `id` is a hash of the cookie; `sealed_keys` opens only with the cookie and is empty while the screen is locked.
CREATE TABLE session (
    id BLOB NOT NULL PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    sealed_keys BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL
) STRICT;
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_seen ON session (seen_us);

-- state: fresh (no letter yet), waiting (the client wrote last), leaving (a reply is in its recall window), answered.
-- `waiting_us` is the receipt of the oldest unanswered letter; `urgent` is 1 when the client is not sure to be safe.
CREATE TABLE thread (
    id BLOB NOT NULL PRIMARY KEY,
    desk_id BLOB NOT NULL REFERENCES desk (id),
    client_id BLOB NOT NULL REFERENCES person (id),
    state TEXT NOT NULL,
    urgent INTEGER NOT NULL DEFAULT 0,
    assignee_id BLOB REFERENCES person (id),
    epoch_id BLOB NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    token_sealed BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    waiting_us INTEGER NOT NULL DEFAULT 0,
    last_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX thread_client ON thread (client_id, desk_id);
CREATE INDEX thread_unassigned ON thread (desk_id, urgent DESC, waiting_us, id) WHERE state = 'waiting' AND assignee_id IS NULL;
CREATE INDEX thread_mine ON thread (assignee_id, urgent DESC, waiting_us, id) WHERE state = 'waiting';
CREATE INDEX thread_waiting ON thread (desk_id, waiting_us) WHERE state = 'waiting';
CREATE INDEX thread_answered ON thread (assignee_id, last_us, id) WHERE state IN ('answered', 'leaving');

-- A period of a thread. `previous_sealed` is the key of the period before, encrypted to this one, so that one grant
-- opens the whole history; empty where the history must stay shut.
CREATE TABLE epoch (
    id BLOB NOT NULL PRIMARY KEY,
    thread_id BLOB NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    cert BLOB NOT NULL,
    previous_sealed BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    UNIQUE (thread_id, number)
) STRICT;

-- `reader_id` is a person or a desk.
CREATE TABLE epoch_grant (
    epoch_id BLOB NOT NULL REFERENCES epoch (id) ON DELETE CASCADE,
    reader_id BLOB NOT NULL,
    body BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (epoch_id, reader_id)
) STRICT;

-- released_us: when the other side may see it (a reply waits for the recall window); read_us: when the client first did;
-- covers_us: receipt of the last letter of the client that the author of a reply had before them.
-- `dedup` recognises a mail or a form that arrives twice.
CREATE TABLE letter (
    id BLOB NOT NULL PRIMARY KEY,
    thread_id BLOB NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    epoch_id BLOB NOT NULL REFERENCES epoch (id),
    author TEXT NOT NULL,
    author_id BLOB REFERENCES person (id),
    door TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    released_us INTEGER NOT NULL,
    read_us INTEGER NOT NULL DEFAULT 0,
    covers_us INTEGER NOT NULL DEFAULT 0,
    files INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL,
    dedup BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX letter_thread ON letter (thread_id, received_us, id);

CREATE INDEX letter_unreleased ON letter (thread_id) WHERE released_us = 0;

CREATE TABLE attachment (
    id BLOB NOT NULL PRIMARY KEY,
    letter_id BLOB NOT NULL REFERENCES letter (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (letter_id, position)
) STRICT;

-- Mail that waits for a person's decision, encrypted to the desk's key.
CREATE TABLE held (
    id BLOB NOT NULL PRIMARY KEY,
    desk_id BLOB NOT NULL REFERENCES desk (id),
    thread_id BLOB REFERENCES thread (id) ON DELETE CASCADE,
    reasons TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    body BLOB NOT NULL,
    dedup BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX held_desk ON held (desk_id, received_us, id);

-- Encrypted to the author's own key: nobody else reads an unfinished letter.
CREATE TABLE draft (
    thread_id BLOB NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    body BLOB NOT NULL,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (thread_id, author_id)
) STRICT;
CREATE INDEX draft_updated ON draft (updated_us);

CREATE TABLE draft_file (
    id BLOB NOT NULL PRIMARY KEY,
    thread_id BLOB NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    body BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
CREATE INDEX draft_file_owner ON draft_file (thread_id, author_id, created_us);

CREATE TABLE note (
    id BLOB NOT NULL PRIMARY KEY,
    thread_id BLOB NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    body BLOB NOT NULL,
    created_us INTEGER NOT NULL
) STRICT;
CREATE INDEX note_owner ON note (thread_id, author_id, created_us);

-- Mails waiting to leave. state: waiting, sent, dead. Address and link are sealed to the house key.
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    recipient_sealed BLOB NOT NULL,
    link_sealed BLOB NOT NULL,
    state TEXT NOT NULL,
    due_us INTEGER NOT NULL,
    leased_until_us INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_us INTEGER NOT NULL,
    done_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_due ON outbox (due_us) WHERE state = 'waiting';
CREATE INDEX outbox_done ON outbox (done_us) WHERE state <> 'waiting';

-- Work for later. One waiting job per kind and subject.
CREATE TABLE job (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject BLOB NOT NULL,
    state TEXT NOT NULL,
    due_us INTEGER NOT NULL,
    leased_until_us INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_us INTEGER NOT NULL,
    done_us INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX job_due ON job (due_us) WHERE state = 'waiting';
CREATE UNIQUE INDEX job_once ON job (kind, subject) WHERE state = 'waiting';
CREATE INDEX job_done ON job (done_us) WHERE state <> 'waiting';

-- When each repeated piece of housekeeping runs next: a restart forgets nothing and two nodes agree.
CREATE TABLE schedule (
    name TEXT NOT NULL PRIMARY KEY,
    next_us INTEGER NOT NULL
) STRICT;

-- Who did what, when and why; never content, subject or address.
CREATE TABLE audit (
    id BLOB NOT NULL PRIMARY KEY,
    at_us INTEGER NOT NULL,
    actor_id BLOB,
    action TEXT NOT NULL,
    thread_id BLOB,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX audit_thread ON audit (thread_id, at_us);
CREATE INDEX audit_at ON audit (at_us);
