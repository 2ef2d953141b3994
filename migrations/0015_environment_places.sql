-- Where an environment is, with its constraints. Rows from before get it from their records, see `backfill.rs`; a record that breaks
-- a constraint stays as it is, without.
ALTER TABLE environments
    ADD COLUMN cloud_provider text
        CHECK (cloud_provider IN ('aws', 'gcp', 'azure', 'digitalocean', 'kubernetes', 'host')),
    ADD COLUMN region text CHECK (char_length(region) <= 50),
    ADD COLUMN account_id text CHECK (char_length(account_id) <= 50);
