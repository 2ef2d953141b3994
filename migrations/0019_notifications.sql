-- Who is told what, who has read it, and what is still to be sent elsewhere: see `src/store/trees/notices.rs` for the keys.
CREATE TABLE notifications (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (organization_id, key)
);
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON notifications USING
    (organization_id = nullif(current_setting('driftguard.organization', true), '')::bigint);
