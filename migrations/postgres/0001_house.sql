-- Rules of every table: NOT NULL, ids random (16 bytes), times in UTC microseconds (0 = not yet),
-- what a stranger must not learn is sealed before it comes here. The SQLite text differs in type names and STRICT only.

CREATE TABLE desk (
    id BYTEA NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    about_id TEXT NOT NULL DEFAULT '',
    about_en TEXT NOT NULL DEFAULT '',
    zone TEXT NOT NULL,
    hours TEXT NOT NULL,
    reads_per_day BIGINT NOT NULL DEFAULT 1,
    is_open BIGINT NOT NULL DEFAULT 1,
    cert BYTEA NOT NULL,
    created_us BIGINT NOT NULL
);

-- Everybody who signs in. `name_hash` finds them, `name_sealed` shows their name; the key opens only with their secret.
CREATE TABLE person (
    id BYTEA NOT NULL PRIMARY KEY,
    roles TEXT NOT NULL,
    name_hash BYTEA NOT NULL UNIQUE,
    name_sealed BYTEA NOT NULL,
    language TEXT NOT NULL,
    cert BYTEA NOT NULL,
    locked_key BYTEA NOT NULL,
    locked_recovery BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL DEFAULT 0,
    disabled_us BIGINT NOT NULL DEFAULT 0
);

-- How a client is told that an answer waits. No row: never. An address counts only once `confirmed_us` is set.
CREATE TABLE notice (
    person_id BYTEA NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    mode TEXT NOT NULL,
    address_sealed BYTEA NOT NULL,
    address_hash BYTEA NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    asked_us BIGINT NOT NULL,
    confirmed_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX notice_address ON notice (address_hash);

CREATE TABLE invitation (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    roles TEXT NOT NULL,
    desk_id BYTEA REFERENCES desk (id) ON DELETE CASCADE,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT NOT NULL DEFAULT 0
);

-- `desk_grant` is the desk's secret key encrypted to this counselor; empty until a holder of the key admits them,
-- and for ever for people who read no letters.
CREATE TABLE member (
    desk_id BYTEA NOT NULL REFERENCES desk (id) ON DELETE CASCADE,
    person_id BYTEA NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    desk_grant BYTEA NOT NULL,
    since_us BIGINT NOT NULL,
    PRIMARY KEY (desk_id, person_id)
);
CREATE INDEX member_person ON member (person_id);

-- `id` is a hash of the cookie; `sealed_keys` opens only with the cookie and is empty while the screen is locked.
CREATE TABLE session (
    id BYTEA NOT NULL PRIMARY KEY,
    person_id BYTEA NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    sealed_keys BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_seen ON session (seen_us);

-- state: fresh (no letter yet), waiting (the client wrote last), leaving (a reply is in its recall window), answered.
-- `waiting_us` is the receipt of the oldest unanswered letter; `urgent` is 1 when the client is not sure to be safe.
CREATE TABLE thread (
    id BYTEA NOT NULL PRIMARY KEY,
    desk_id BYTEA NOT NULL REFERENCES desk (id),
    client_id BYTEA NOT NULL REFERENCES person (id),
    state TEXT NOT NULL,
    urgent BIGINT NOT NULL DEFAULT 0,
    assignee_id BYTEA REFERENCES person (id),
    epoch_id BYTEA NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    token_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    waiting_us BIGINT NOT NULL DEFAULT 0,
    last_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX thread_client ON thread (client_id, desk_id);
CREATE INDEX thread_unassigned ON thread (desk_id, urgent DESC, waiting_us, id) WHERE state = 'waiting' AND assignee_id IS NULL;
CREATE INDEX thread_mine ON thread (assignee_id, urgent DESC, waiting_us, id) WHERE state = 'waiting';
CREATE INDEX thread_waiting ON thread (desk_id, waiting_us) WHERE state = 'waiting';
CREATE INDEX thread_answered ON thread (assignee_id, last_us, id) WHERE state IN ('answered', 'leaving');

-- A period of a thread. `previous_sealed` is the key of the period before, encrypted to this one, so that one grant
-- opens the whole history; empty where the history must stay shut.
CREATE TABLE epoch (
    id BYTEA NOT NULL PRIMARY KEY,
    thread_id BYTEA NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    cert BYTEA NOT NULL,
    previous_sealed BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    UNIQUE (thread_id, number)
);

-- `reader_id` is a person or a desk.
CREATE TABLE epoch_grant (
    epoch_id BYTEA NOT NULL REFERENCES epoch (id) ON DELETE CASCADE,
    reader_id BYTEA NOT NULL,
    body BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (epoch_id, reader_id)
);

-- released_us: when the other side may see it (a reply waits for the recall window); read_us: when the client first did;
-- covers_us: receipt of the last letter of the client that the author of a reply had before them.
-- `dedup` recognises a mail or a form that arrives twice.
CREATE TABLE letter (
    id BYTEA NOT NULL PRIMARY KEY,
    thread_id BYTEA NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    epoch_id BYTEA NOT NULL REFERENCES epoch (id),
    author TEXT NOT NULL,
    author_id BYTEA REFERENCES person (id),
    door TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    released_us BIGINT NOT NULL,
    read_us BIGINT NOT NULL DEFAULT 0,
    covers_us BIGINT NOT NULL DEFAULT 0,
    files BIGINT NOT NULL DEFAULT 0,
    body BYTEA NOT NULL,
    dedup BYTEA NOT NULL UNIQUE
);
CREATE INDEX letter_thread ON letter (thread_id, received_us, id);

CREATE INDEX letter_unreleased ON letter (thread_id) WHERE released_us = 0;

CREATE TABLE attachment (
    id BYTEA NOT NULL PRIMARY KEY,
    letter_id BYTEA NOT NULL REFERENCES letter (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    body BYTEA NOT NULL,
    UNIQUE (letter_id, position)
);

-- Mail that waits for a person's decision, encrypted to the desk's key.
CREATE TABLE held (
    id BYTEA NOT NULL PRIMARY KEY,
    desk_id BYTEA NOT NULL REFERENCES desk (id),
    thread_id BYTEA REFERENCES thread (id) ON DELETE CASCADE,
    reasons TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    body BYTEA NOT NULL,
    dedup BYTEA NOT NULL UNIQUE
);
CREATE INDEX held_desk ON held (desk_id, received_us, id);

-- Encrypted to the author's own key: nobody else reads an unfinished letter.
CREATE TABLE draft (
    thread_id BYTEA NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    author_id BYTEA NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    body BYTEA NOT NULL,
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (thread_id, author_id)
);
CREATE INDEX draft_updated ON draft (updated_us);

CREATE TABLE draft_file (
    id BYTEA NOT NULL PRIMARY KEY,
    thread_id BYTEA NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    author_id BYTEA NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    body BYTEA NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE INDEX draft_file_owner ON draft_file (thread_id, author_id, created_us);

CREATE TABLE note (
    id BYTEA NOT NULL PRIMARY KEY,
    thread_id BYTEA NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    author_id BYTEA NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    body BYTEA NOT NULL,
    created_us BIGINT NOT NULL
);
CREATE INDEX note_owner ON note (thread_id, author_id, created_us);

-- Mails waiting to leave. state: waiting, sent, dead. Address and link are sealed to the house key.
CREATE TABLE outbox (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    recipient_sealed BYTEA NOT NULL,
    link_sealed BYTEA NOT NULL,
    state TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    leased_until_us BIGINT NOT NULL DEFAULT 0,
    tries BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_us BIGINT NOT NULL,
    done_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (due_us) WHERE state = 'waiting';
CREATE INDEX outbox_done ON outbox (done_us) WHERE state <> 'waiting';

-- Work for later. One waiting job per kind and subject.
CREATE TABLE job (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject BYTEA NOT NULL,
    state TEXT NOT NULL,
    due_us BIGINT NOT NULL,
    leased_until_us BIGINT NOT NULL DEFAULT 0,
    tries BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_us BIGINT NOT NULL,
    done_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX job_due ON job (due_us) WHERE state = 'waiting';
CREATE UNIQUE INDEX job_once ON job (kind, subject) WHERE state = 'waiting';
CREATE INDEX job_done ON job (done_us) WHERE state <> 'waiting';

-- When each repeated piece of housekeeping runs next: a restart forgets nothing and two nodes agree.
CREATE TABLE schedule (
    name TEXT NOT NULL PRIMARY KEY,
    next_us BIGINT NOT NULL
);

-- Who did what, when and why; never content, subject or address.
CREATE TABLE audit (
    id BYTEA NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    actor_id BYTEA,
    action TEXT NOT NULL,
    thread_id BYTEA,
    detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_thread ON audit (thread_id, at_us);
CREATE INDEX audit_at ON audit (at_us);
