-- Requests to do something about a drift, and what became of them.
CREATE TABLE remediations (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (organization_id, key)
);
ALTER TABLE remediations ENABLE ROW LEVEL SECURITY;
ALTER TABLE remediations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON remediations USING
    (organization_id = nullif(current_setting('driftguard.organization', true), '')::bigint);
