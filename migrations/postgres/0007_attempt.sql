-- Wrong tries at a sign-in, counted by keyed hashes: of an account as one source asks for it, of the account whoever asks,
-- of a source whatever it asks for. Names nobody has are counted like all others. `until_us`: no try before.
CREATE TABLE attempt (
    scope BYTEA NOT NULL PRIMARY KEY,
    wrong BIGINT NOT NULL,
    since_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX attempt_since ON attempt (since_us);
