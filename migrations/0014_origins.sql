-- Who asked, from where, and whether it was done. Entries from before say nothing of it: they are as they were.
ALTER TABLE audit_log
    ADD COLUMN user_id text,
    ADD COLUMN principal text CHECK (principal IN ('user', 'api_key', 'service_account', 'token')),
    ADD COLUMN ip_address text,
    ADD COLUMN user_agent text CHECK (char_length(user_agent) <= 256),
    ADD COLUMN session_id text,
    ADD COLUMN success boolean NOT NULL DEFAULT true,
    ADD COLUMN error_message text;
CREATE INDEX audit_log_by_user ON audit_log (organization_id, user_id, at) WHERE user_id IS NOT NULL;
