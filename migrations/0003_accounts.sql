-- Who may come in. What is asked for has a column of its own, with its constraint; the record beside it is the whole.
-- No row security here: these tables say what an organisation is, and a server reads them before it knows whose request it has.

-- An organisation that only has a store has no record: nobody has made it in the accounts.
ALTER TABLE organizations
    ADD COLUMN unique_name text UNIQUE CHECK (char_length(unique_name) <= 255),
    ADD COLUMN parent text REFERENCES organizations (slug),
    ADD COLUMN is_active boolean,
    ADD COLUMN record jsonb,
    ADD CONSTRAINT organizations_made_whole CHECK (record IS NULL OR (unique_name IS NOT NULL AND is_active IS NOT NULL)),
    ADD CONSTRAINT organizations_not_below_itself CHECK (parent <> slug);

CREATE TABLE organization_settings (
    organization text PRIMARY KEY REFERENCES organizations (slug),
    record jsonb NOT NULL
);

CREATE TABLE users (
    id text PRIMARY KEY,
    organization text NOT NULL REFERENCES organizations (slug),
    unique_name text NOT NULL CHECK (char_length(unique_name) BETWEEN 1 AND 150),
    role text NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    is_active boolean NOT NULL,
    password text,
    record jsonb NOT NULL,
    UNIQUE (organization, unique_name)
);

CREATE TABLE api_keys (
    id text PRIMARY KEY,
    organization text NOT NULL REFERENCES organizations (slug),
    owner text NOT NULL REFERENCES users (id),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    record jsonb NOT NULL
);
CREATE INDEX api_keys_by_organization ON api_keys (organization, id);

CREATE TABLE sessions (
    id text PRIMARY KEY,
    organization text NOT NULL REFERENCES organizations (slug),
    user_id text NOT NULL REFERENCES users (id),
    is_active boolean NOT NULL,
    expires_at timestamptz NOT NULL,
    record jsonb NOT NULL
);
CREATE INDEX sessions_by_organization ON sessions (organization, id);

-- One chain over all organisations: the row below has its end, and whoever writes holds that row.
CREATE TABLE security_audit (
    seq bigint NOT NULL CHECK (seq > 0),
    at timestamptz NOT NULL,
    organization text,
    actor text NOT NULL,
    action text NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    record bytea NOT NULL,
    PRIMARY KEY (seq, at)
) PARTITION BY RANGE (at);
CREATE TABLE security_audit_other PARTITION OF security_audit DEFAULT;
CREATE INDEX security_audit_by_organization ON security_audit (organization, seq);
CREATE INDEX security_audit_by_time ON security_audit (at);
CREATE TRIGGER security_audit_stays BEFORE UPDATE OR DELETE ON security_audit
    FOR EACH ROW EXECUTE FUNCTION driftguard_append_only();
CREATE TRIGGER security_audit_stays_whole BEFORE TRUNCATE ON security_audit
    FOR EACH STATEMENT EXECUTE FUNCTION driftguard_append_only();
CREATE TRIGGER security_audit_other_stays_whole BEFORE TRUNCATE ON security_audit_other
    FOR EACH STATEMENT EXECUTE FUNCTION driftguard_append_only();

CREATE TABLE accounts_head (
    the_only_one boolean PRIMARY KEY DEFAULT true CHECK (the_only_one),
    seq bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(hash) = 32),
    masking_key bytea NOT NULL CHECK (octet_length(masking_key) = 32)
);

-- As before, for one more append-only table.
CREATE OR REPLACE FUNCTION driftguard_partitions(parent text, months_back int, months_ahead int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz;
    part text;
BEGIN
    FOR step IN -months_back..months_ahead LOOP
        month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => step)) AT TIME ZONE 'UTC';
        part := parent || to_char(month AT TIME ZONE 'UTC', '"_"YYYY_MM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent, month,
                (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => step + 1)) AT TIME ZONE 'UTC');
            IF parent IN ('audit_log', 'security_audit') THEN
                EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                    'EXECUTE FUNCTION driftguard_append_only()', part || '_stays_whole', part);
            END IF;
        EXCEPTION WHEN check_violation OR duplicate_table OR invalid_object_definition THEN NULL;
        END;
    END LOOP;
END
$$;
SELECT driftguard_partitions('security_audit', 0, 2);
