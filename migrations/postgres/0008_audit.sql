-- The audit becomes a chain that is only ever added to.
-- A line carries a keyed hash of its own fields from the moment it is written. Lines from before have none; the chain
-- counts how many they were.
ALTER TABLE audit ADD COLUMN tag BYTEA NOT NULL DEFAULT '';
CREATE INDEX audit_actor ON audit (actor_id, at_us);

-- A line's number, and a keyed hash over the link before and the line.
CREATE TABLE audit_link (
    number BIGINT NOT NULL PRIMARY KEY,
    line_id BYTEA NOT NULL UNIQUE,
    hash BYTEA NOT NULL
);

-- The one row that says where the chain ends.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    untagged BIGINT NOT NULL,
    tag BYTEA NOT NULL
);

-- Lines that wait for their number.
CREATE TABLE audit_unchained (
    line_id BYTEA NOT NULL PRIMARY KEY
);
INSERT INTO audit_unchained (line_id) SELECT id FROM audit;

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit is only ever added to'; END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_link_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
