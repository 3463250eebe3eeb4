-- A letter without content that walks the whole road every hour: sent to a door, stored, put into the outbox, and back at a
-- door. 0: not yet. `body` is sealed as a letter is, to a key that nobody keeps.
CREATE TABLE canary (
    id BLOB NOT NULL PRIMARY KEY,
    sent_us INTEGER NOT NULL,
    stored_us INTEGER NOT NULL DEFAULT 0,
    returned_us INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX canary_returned ON canary (returned_us);
CREATE INDEX canary_sent ON canary (sent_us);
