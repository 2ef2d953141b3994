-- A connection that was opened for the store of one organisation sees nothing of who may come in, whatever a statement forgets to
-- say; and one that says of whom it asks (`driftguard.accounts_of`) sees nobody else. Those that say neither are the accounts' own,
-- which look people up before they know whose request they have; servers from before this are among them.
DO $$
DECLARE
    name text;
    ours text := 'coalesce(current_setting(''driftguard.organization'', true), '''') = ''''';
    said text := 'coalesce(current_setting(''driftguard.accounts_of'', true), '''')';
BEGIN
    FOREACH name IN ARRAY ARRAY['organization_settings', 'users', 'api_keys', 'sessions', 'security_audit'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_accounts ON %I USING (%s AND (%s = '''' OR organization = %s))', name, ours, said, said);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['accounts_head', 'login_failures'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_accounts ON %I USING (%s)', name, ours);
    END LOOP;
END
$$;
