-- How far each hosted mailbox has been fetched. The account is a keyed hash of server, user and folder.
CREATE TABLE fetched (
    account BLOB NOT NULL PRIMARY KEY,
    uid_validity INTEGER NOT NULL DEFAULT 0,
    last_uid INTEGER NOT NULL DEFAULT 0,
    holder BLOB NOT NULL,
    leased_until_us INTEGER NOT NULL,
    done_us INTEGER NOT NULL DEFAULT 0,
    failed_us INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;

-- Mails that could not be taken, each with how often it was tried. They stay in the mailbox.
CREATE TABLE fetch_trouble (
    account BLOB NOT NULL REFERENCES fetched (account),
    uid INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (account, uid)
) STRICT;
