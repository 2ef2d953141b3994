-- Which environments are scanned, when, and by whom: a row an environment, so that no two can scan one at a time.
CREATE TABLE scan_jobs (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    environment text NOT NULL,
    period interval CHECK (period > interval '0'),
    -- By the schedule; NULL when there is none.
    due_at timestamptz,
    -- Somebody asked.
    wanted_at timestamptz,
    -- Who scans it, as long as it says so again before the lease is over.
    worker text,
    lease_until timestamptz,
    claim bigint NOT NULL DEFAULT 0,
    started_at timestamptz,
    cancelled boolean NOT NULL DEFAULT false,
    -- How often in a row it was begun and never ended.
    tries int NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, environment),
    CHECK ((worker IS NULL) = (lease_until IS NULL))
);
ALTER TABLE scan_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE scan_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON scan_jobs USING
    (organization_id = nullif(current_setting('driftguard.organization', true), '')::bigint);
