-- What was answered to a write of the accounts under which name: one that is sent again is done once. Names and requests are hashes.
CREATE TABLE account_answers (
    key text PRIMARY KEY CHECK (key ~ '^[0-9a-f]{64}$'),
    request text NOT NULL CHECK (request ~ '^[0-9a-f]{64}$'),
    answer text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX account_answers_by_time ON account_answers (at);
-- As the other tables of the accounts: who came in for the store of one organisation sees nothing of it.
ALTER TABLE account_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY own_accounts ON account_answers USING (coalesce(current_setting('driftguard.organization', true), '') = '');
