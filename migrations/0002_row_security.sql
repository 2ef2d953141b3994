-- A second wall between organisations: a connection sees the rows of the one it was opened for, whatever a statement forgets to
-- say. (A superuser passes through it: give driftguard a role of its own.)
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'store_heads', 'environments', 'drift_events', 'audit_log', 'observations', 'scans', 'drift_ids', 'drift_bodies',
        'drifts_by_fingerprint', 'drifts_by_class', 'drifts_by_rule', 'drift_timers', 'audit_entries', 'audit_by_drift',
        'ignore_rules', 'never_hide_rules', 'untold', 'operational_contexts', 'lost_drifts', 'store_meta'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_organization ON %I USING '
            '(organization_id = nullif(current_setting(''driftguard.organization'', true), '''')::bigint)', name);
    END LOOP;
END
$$;
