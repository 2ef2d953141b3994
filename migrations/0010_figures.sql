-- What a dashboard counts over days, from indexes alone, in place of those that they cover; and one index less to write:
-- `drifts_by_fingerprint` finds a drift by its fingerprint.
CREATE INDEX drift_events_lived ON drift_events (organization_id, environment, detected_at)
    INCLUDE (severity, state, closure, resolved_at);
DROP INDEX drift_events_history;
DROP INDEX drift_events_by_fingerprint;

-- Of how many happenings an entry tells, as it is counted in a span of time: a mark tells of none, a scan of each drift. The log
-- is append-only, so entries from before this column are counted by their payload.
ALTER TABLE audit_log ADD COLUMN told integer CHECK (told >= 0);
CREATE FUNCTION driftguard_told(payload bytea) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE
        WHEN json_typeof(deed -> 'context') = 'object' THEN 0
        WHEN coalesce(json_typeof(deed #> '{audit,verb}'), 'null') = 'null'
            AND coalesce(json_typeof(deed #> '{audit,drift}'), 'null') = 'null'
            AND coalesce(json_typeof(deed #> '{audit,rule}'), 'null') = 'null'
            AND json_array_length(deed -> 'before') > 0 THEN json_array_length(deed -> 'before')
        ELSE 1
    END FROM (SELECT convert_from(payload, 'UTF8')::json AS deed) AS one
$$;
CREATE INDEX audit_log_told ON audit_log (organization_id, at) INCLUDE (environment, told);
DROP INDEX audit_log_by_time;
