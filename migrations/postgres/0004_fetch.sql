-- How far each hosted mailbox has been fetched. The account is a keyed hash of server, user and folder.
CREATE TABLE fetched (
    account BYTEA NOT NULL PRIMARY KEY,
    uid_validity BIGINT NOT NULL DEFAULT 0,
    last_uid BIGINT NOT NULL DEFAULT 0,
    holder BYTEA NOT NULL,
    leased_until_us BIGINT NOT NULL,
    done_us BIGINT NOT NULL DEFAULT 0,
    failed_us BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
);

-- Mails that could not be taken, each with how often it was tried. They stay in the mailbox.
CREATE TABLE fetch_trouble (
    account BYTEA NOT NULL REFERENCES fetched (account),
    uid BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (account, uid)
);
