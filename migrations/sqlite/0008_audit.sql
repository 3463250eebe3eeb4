-- The audit becomes a chain that is only ever added to.
-- A line carries a keyed hash of its own fields from the moment it is written. Lines from before have none; the chain
-- counts how many they were.
ALTER TABLE audit ADD COLUMN tag BLOB NOT NULL DEFAULT x'';
CREATE INDEX audit_actor ON audit (actor_id, at_us);

-- A line's number, and a keyed hash over the link before and the line.
CREATE TABLE audit_link (
    number INTEGER NOT NULL PRIMARY KEY,
    line_id BLOB NOT NULL UNIQUE,
    hash BLOB NOT NULL
) STRICT;

-- The one row that says where the chain ends.
CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    untagged INTEGER NOT NULL,
    tag BLOB NOT NULL
) STRICT;

-- Lines that wait for their number.
CREATE TABLE audit_unchained (
    line_id BLOB NOT NULL PRIMARY KEY
) STRICT;
INSERT INTO audit_unchained (line_id) SELECT id FROM audit;

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
CREATE TRIGGER audit_stays_whole BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
CREATE TRIGGER audit_link_stays BEFORE UPDATE ON audit_link
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
CREATE TRIGGER audit_link_stays_whole BEFORE DELETE ON audit_link
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END;
