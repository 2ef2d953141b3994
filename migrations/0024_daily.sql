-- What a day's figures tell besides: causes, and what became of advice. Rows from before these columns count as of unknown cause and
-- without advice until they are written once more.
ALTER TABLE drift_events ADD COLUMN cause text, ADD COLUMN advice text;

ALTER TABLE drift_metrics_daily
    ADD COLUMN emergency_fix bigint NOT NULL DEFAULT 0,
    ADD COLUMN manual_troubleshooting bigint NOT NULL DEFAULT 0,
    ADD COLUMN security_response bigint NOT NULL DEFAULT 0,
    ADD COLUMN configuration_error bigint NOT NULL DEFAULT 0,
    ADD COLUMN automated_response bigint NOT NULL DEFAULT 0,
    ADD COLUMN unknown_cause bigint NOT NULL DEFAULT 0,
    -- Drifts that were given advice to act, and those in which some was carried out.
    ADD COLUMN advised bigint NOT NULL DEFAULT 0,
    ADD COLUMN followed bigint NOT NULL DEFAULT 0;

-- As before, with these columns.
CREATE OR REPLACE FUNCTION driftguard_days_sql(rows text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT format($sql$
        INSERT INTO drift_metrics_daily AS kept (organization_id, environment, day, critical, high, medium, low, unresolved,
            resolved, healed, resolution_seconds, emergency_fix, manual_troubleshooting, security_response,
            configuration_error, automated_response, unknown_cause, advised, followed)
        SELECT * FROM (
            SELECT organization_id, environment, (detected_at AT TIME ZONE 'UTC')::date AS day,
                coalesce(sum(sign) FILTER (WHERE severity = 'CRITICAL'), 0) AS critical,
                coalesce(sum(sign) FILTER (WHERE severity = 'HIGH'), 0) AS high,
                coalesce(sum(sign) FILTER (WHERE severity = 'MEDIUM'), 0) AS medium,
                coalesce(sum(sign) FILTER (WHERE severity = 'LOW'), 0) AS low,
                coalesce(sum(sign) FILTER (WHERE NOT has_ended), 0) AS unresolved,
                coalesce(sum(sign) FILTER (WHERE went), 0) AS resolved,
                coalesce(sum(sign) FILTER (WHERE went AND closure = 'healed'), 0) AS healed,
                coalesce(sum(sign * greatest(trunc(date_part('epoch', resolved_at - detected_at)), 0)::bigint)
                    FILTER (WHERE went), 0) AS resolution_seconds,
                coalesce(sum(sign) FILTER (WHERE why = 'emergency_fix'), 0) AS emergency_fix,
                coalesce(sum(sign) FILTER (WHERE why = 'manual_troubleshooting'), 0) AS manual_troubleshooting,
                coalesce(sum(sign) FILTER (WHERE why = 'security_response'), 0) AS security_response,
                coalesce(sum(sign) FILTER (WHERE why = 'configuration_error'), 0) AS configuration_error,
                coalesce(sum(sign) FILTER (WHERE why = 'automated_response'), 0) AS automated_response,
                coalesce(sum(sign) FILTER (WHERE why = 'unknown'), 0) AS unknown_cause,
                coalesce(sum(sign) FILTER (WHERE advice IN ('given', 'followed')), 0) AS advised,
                coalesce(sum(sign) FILTER (WHERE advice = 'followed'), 0) AS followed
            FROM (
                SELECT *, state IN ('resolved', 'closed') AS has_ended,
                    state IN ('resolved', 'closed') AND resolved_at IS NOT NULL
                        AND coalesce(closure, '') NOT IN ('superseded', 'continued') AS went,
                    coalesce(cause, 'unknown') AS why
                FROM (%s) AS written
            ) AS drifts GROUP BY 1, 2, 3
        ) AS change
        -- Most writes only say that a drift was seen again.
        WHERE (critical, high, medium, low, unresolved, resolved, healed, resolution_seconds, emergency_fix,
            manual_troubleshooting, security_response, configuration_error, automated_response, unknown_cause, advised,
            followed) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT (organization_id, environment, day) DO UPDATE SET
            critical = kept.critical + excluded.critical, high = kept.high + excluded.high,
            medium = kept.medium + excluded.medium, low = kept.low + excluded.low,
            unresolved = kept.unresolved + excluded.unresolved, resolved = kept.resolved + excluded.resolved,
            healed = kept.healed + excluded.healed,
            resolution_seconds = kept.resolution_seconds + excluded.resolution_seconds,
            emergency_fix = kept.emergency_fix + excluded.emergency_fix,
            manual_troubleshooting = kept.manual_troubleshooting + excluded.manual_troubleshooting,
            security_response = kept.security_response + excluded.security_response,
            configuration_error = kept.configuration_error + excluded.configuration_error,
            automated_response = kept.automated_response + excluded.automated_response,
            unknown_cause = kept.unknown_cause + excluded.unknown_cause,
            advised = kept.advised + excluded.advised, followed = kept.followed + excluded.followed
    $sql$, rows)
$$;

DO $$
DECLARE
    organization bigint;
BEGIN
    FOR organization IN SELECT id FROM organizations LOOP
        PERFORM set_config('driftguard.organization', organization::text, true);
        PERFORM driftguard_count_days_again(organization);
    END LOOP;
    PERFORM set_config('driftguard.organization', '', true);
END
$$;
