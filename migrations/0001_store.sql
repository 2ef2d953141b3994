-- What driftguard's store keeps, one part an organisation. Keys are ordered bytes; the value beside them is the record, and the
-- other columns are read from that record when it is written, for SQL to ask about.

CREATE TABLE organizations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The row that every commit moves on by one: whoever finds another generation than expected has been overtaken.
CREATE TABLE store_heads (
    organization_id bigint PRIMARY KEY REFERENCES organizations (id),
    generation bigint NOT NULL DEFAULT 0,
    commit_id bytea NOT NULL DEFAULT '',
    tip_seq bigint NOT NULL DEFAULT 0,
    tip_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(tip_hash) = 32),
    store_uuid uuid NOT NULL,
    redaction_key bytea NOT NULL CHECK (octet_length(redaction_key) = 32)
);

CREATE TABLE environments (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    slug text NOT NULL,
    is_active boolean NOT NULL,
    PRIMARY KEY (organization_id, key),
    UNIQUE (organization_id, slug)
);

-- No foreign key to environments: one that is forgotten goes first, its drifts after it, slice by slice.
CREATE TABLE drift_events (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    detected_at timestamptz NOT NULL,
    id uuid NOT NULL,
    environment text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'snoozed', 'ignored', 'resolved', 'closed')),
    severity text NOT NULL CHECK (severity IN ('CRITICAL', 'HIGH', 'MEDIUM', 'LOW')),
    drift_type text NOT NULL,
    resource_type text NOT NULL,
    resource_id text NOT NULL,
    fingerprint bytea NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    last_seen timestamptz NOT NULL,
    resolved_at timestamptz,
    PRIMARY KEY (organization_id, key, detected_at)
) PARTITION BY RANGE (detected_at);

CREATE TABLE drift_events_other PARTITION OF drift_events DEFAULT;
CREATE INDEX drift_events_unresolved ON drift_events (organization_id, environment, detected_at DESC)
    WHERE state IN ('open', 'acknowledged', 'snoozed');
CREATE INDEX drift_events_by_id ON drift_events (organization_id, id);
CREATE INDEX drift_events_by_fingerprint ON drift_events (organization_id, fingerprint);

-- Append-only, and chained: `hash` is over the payload and the hash before.
CREATE TABLE audit_log (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    seq bigint NOT NULL CHECK (seq > 0),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    environment text,
    drift_id uuid,
    payload bytea NOT NULL,
    previous_hash bytea NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (organization_id, seq, at)
) PARTITION BY RANGE (at);

CREATE TABLE audit_log_other PARTITION OF audit_log DEFAULT;
CREATE INDEX audit_log_by_drift ON audit_log (organization_id, drift_id, seq) WHERE drift_id IS NOT NULL;
CREATE INDEX audit_log_by_time ON audit_log (organization_id, at);

CREATE FUNCTION driftguard_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION driftguard_append_only();
CREATE TRIGGER audit_log_stays_whole BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION driftguard_append_only();
CREATE TRIGGER audit_log_other_stays_whole BEFORE TRUNCATE ON audit_log_other
    FOR EACH STATEMENT EXECUTE FUNCTION driftguard_append_only();

-- Partitions of a table for the months around now; rows of other times go to the default one. A month that already has rows
-- there stays there.
CREATE FUNCTION driftguard_partitions(parent text, months_back int, months_ahead int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz;
    part text;
BEGIN
    FOR step IN -months_back..months_ahead LOOP
        month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(months => step);
        part := parent || to_char(month AT TIME ZONE 'UTC', '"_"YYYY_MM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                part, parent, month, month + interval '1 month');
            IF parent = 'audit_log' THEN
                EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                    'EXECUTE FUNCTION driftguard_append_only()', part || '_stays_whole', part);
            END IF;
        EXCEPTION WHEN check_violation OR duplicate_table THEN NULL;
        END;
    END LOOP;
END
$$;
SELECT driftguard_partitions('drift_events', 12, 2), driftguard_partitions('audit_log', 12, 2);

CREATE TABLE observations (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    environment text NOT NULL,
    resource_type text NOT NULL,
    resource_id text NOT NULL,
    observed_at timestamptz NOT NULL,
    accepted boolean NOT NULL,
    PRIMARY KEY (organization_id, key)
);

CREATE TABLE scans (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    key bytea NOT NULL,
    value bytea NOT NULL,
    environment text NOT NULL,
    id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    stage text NOT NULL,
    PRIMARY KEY (organization_id, key)
);

-- A drift's key by its id, by its resource and fingerprint (of which there is one each), by class, rule and time.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'drift_ids', 'drift_bodies', 'drifts_by_fingerprint', 'drifts_by_class', 'drifts_by_rule', 'drift_timers',
        'audit_entries', 'audit_by_drift', 'ignore_rules', 'never_hide_rules', 'untold', 'operational_contexts',
        'lost_drifts', 'store_meta'
    ] LOOP
        EXECUTE format('CREATE TABLE %I (organization_id bigint NOT NULL REFERENCES organizations (id), '
            'key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (organization_id, key))', name);
    END LOOP;
END
$$;
