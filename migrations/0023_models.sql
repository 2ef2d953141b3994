-- Learned models and their artefacts: see `src/store/trees/models.rs` for the keys.
CREATE TABLE ml_models (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (organization_id, key)
);
ALTER TABLE ml_models ENABLE ROW LEVEL SECURITY;
ALTER TABLE ml_models FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON ml_models USING
    (organization_id = nullif(current_setting('driftguard.organization', true), '')::bigint);
