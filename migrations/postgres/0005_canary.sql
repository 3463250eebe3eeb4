-- A letter without content that walks the whole road every hour: sent to a door, stored, put into the outbox, and back at a
-- door. 0: not yet. `body` is sealed as a letter is, to a key that nobody keeps.
CREATE TABLE canary (
    id BYTEA NOT NULL PRIMARY KEY,
    sent_us BIGINT NOT NULL,
    stored_us BIGINT NOT NULL DEFAULT 0,
    returned_us BIGINT NOT NULL DEFAULT 0,
    body BYTEA NOT NULL
);
CREATE INDEX canary_returned ON canary (returned_us);
CREATE INDEX canary_sent ON canary (sent_us);
