-- The shelf. Labels and hints are words only: what a mail says stands in none of these columns.

-- state: waiting (for a decision), filed (a machine's note beside a thread), note (what a third party wrote: outside every
-- thread). `reasons` holds words of `screen::Signal`.
ALTER TABLE held ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting';
CREATE INDEX held_waiting ON held (desk_id, state, received_us, id);
CREATE INDEX held_thread ON held (thread_id, state, received_us);

-- Words of `screen::Signal` that label a letter.
ALTER TABLE letter ADD COLUMN flags TEXT NOT NULL DEFAULT '';

-- Keyed hashes of the mail programs and names this thread has heard from, eight bytes each.
ALTER TABLE thread ADD COLUMN traits BLOB NOT NULL DEFAULT x'';

-- "This is fine": for this thread, this signal and, where the signal is about a sender, this sender (keyed hash).
CREATE TABLE fine (
    thread_id BLOB NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    signal TEXT NOT NULL,
    sender_hash BLOB NOT NULL,
    since_us INTEGER NOT NULL,
    PRIMARY KEY (thread_id, signal, sender_hash)
) STRICT;

-- How often a signal was decided on at a desk, and how often it was a false alarm.
CREATE TABLE alarm (
    desk_id BLOB NOT NULL REFERENCES desk (id) ON DELETE CASCADE,
    signal TEXT NOT NULL,
    cases INTEGER NOT NULL,
    false_alarms INTEGER NOT NULL,
    PRIMARY KEY (desk_id, signal)
) STRICT;

-- What a client is told or asked in the mailbox. `letter_id` is the letter or held mail it is about.
CREATE TABLE hint (
    thread_id BLOB NOT NULL REFERENCES thread (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    about_id BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL DEFAULT 0,
    answer TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (thread_id, kind)
) STRICT;

-- What did not arrive: how often, and since when no mail goes there any more.
ALTER TABLE notice ADD COLUMN hard_bounces INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notice ADD COLUMN soft_bounces INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notice ADD COLUMN stopped_us INTEGER NOT NULL DEFAULT 0;

-- Whose mail it was, as the hash in `notice`, and whether a report about it came back: each mail counts once.
ALTER TABLE outbox ADD COLUMN address_hash BLOB NOT NULL DEFAULT x'';
ALTER TABLE outbox ADD COLUMN bounced TEXT NOT NULL DEFAULT '';

-- A slow salted hash of the client's code word, never the word.
CREATE TABLE code_word (
    person_id BLOB NOT NULL PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    hidden BLOB NOT NULL,
    set_us INTEGER NOT NULL
) STRICT;

-- A counselor's question for it. result: open, match, miss. `tries` counts since `day_us`.
CREATE TABLE code_question (
    thread_id BLOB NOT NULL PRIMARY KEY REFERENCES thread (id) ON DELETE CASCADE,
    asked_us INTEGER NOT NULL,
    result TEXT NOT NULL,
    answered_us INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    day_us INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Mail of ours that came back (M8), by day: for the operator and the scheduler.
CREATE TABLE incident (
    kind TEXT NOT NULL,
    desk_id BLOB NOT NULL,
    day_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (kind, desk_id, day_us)
) STRICT;
CREATE INDEX incident_last ON incident (last_us);
