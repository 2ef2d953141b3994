-- What was asked for under which name: a write that is sent again is done once.
CREATE TABLE once_keys (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (organization_id, key)
);
ALTER TABLE once_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE once_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON once_keys USING
    (organization_id = nullif(current_setting('driftguard.organization', true), '')::bigint);
