-- How the drifts of a day went, counted as they are written: what dashboards read in place of every drift. Days are UTC, and a
-- drift belongs to the one it was first seen on. Whatever server writes, an older one too, the counts follow: they are kept here.
CREATE TABLE drift_metrics_daily (
    organization_id bigint NOT NULL REFERENCES organizations (id),
    environment text NOT NULL,
    day date NOT NULL,
    critical bigint NOT NULL DEFAULT 0,
    high bigint NOT NULL DEFAULT 0,
    medium bigint NOT NULL DEFAULT 0,
    low bigint NOT NULL DEFAULT 0,
    -- Those that go on as another are neither.
    unresolved bigint NOT NULL DEFAULT 0,
    resolved bigint NOT NULL DEFAULT 0,
    healed bigint NOT NULL DEFAULT 0,
    -- From first sight to the end, of the resolved ones.
    resolution_seconds bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, environment, day)
);
ALTER TABLE drift_metrics_daily ENABLE ROW LEVEL SECURITY;
ALTER TABLE drift_metrics_daily FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON drift_metrics_daily USING
    (organization_id = nullif(current_setting('driftguard.organization', true), '')::bigint);


-- The statement that adds to the counts what `rows` says: drifts, each with a `sign` of 1 or -1.
CREATE FUNCTION driftguard_days_sql(rows text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT format($sql$
        INSERT INTO drift_metrics_daily AS kept SELECT * FROM (
            SELECT organization_id, environment, (detected_at AT TIME ZONE 'UTC')::date AS day,
                coalesce(sum(sign) FILTER (WHERE severity = 'CRITICAL'), 0) AS critical,
                coalesce(sum(sign) FILTER (WHERE severity = 'HIGH'), 0) AS high,
                coalesce(sum(sign) FILTER (WHERE severity = 'MEDIUM'), 0) AS medium,
                coalesce(sum(sign) FILTER (WHERE severity = 'LOW'), 0) AS low,
                coalesce(sum(sign) FILTER (WHERE NOT has_ended), 0) AS unresolved,
                coalesce(sum(sign) FILTER (WHERE went), 0) AS resolved,
                coalesce(sum(sign) FILTER (WHERE went AND closure = 'healed'), 0) AS healed,
                coalesce(sum(sign * greatest(trunc(date_part('epoch', resolved_at - detected_at)), 0)::bigint)
                    FILTER (WHERE went), 0) AS resolution_seconds
            FROM (
                SELECT *, state IN ('resolved', 'closed') AS has_ended,
                    state IN ('resolved', 'closed') AND resolved_at IS NOT NULL
                        AND coalesce(closure, '') NOT IN ('superseded', 'continued') AS went
                FROM (%s) AS written
            ) AS drifts GROUP BY 1, 2, 3
        ) AS change
        -- Most writes only say that a drift was seen again.
        WHERE (critical, high, medium, low, unresolved, resolved, healed, resolution_seconds) <> (0, 0, 0, 0, 0, 0, 0, 0)
        ON CONFLICT (organization_id, environment, day) DO UPDATE SET
            critical = kept.critical + excluded.critical, high = kept.high + excluded.high,
            medium = kept.medium + excluded.medium, low = kept.low + excluded.low,
            unresolved = kept.unresolved + excluded.unresolved, resolved = kept.resolved + excluded.resolved,
            healed = kept.healed + excluded.healed,
            resolution_seconds = kept.resolution_seconds + excluded.resolution_seconds
    $sql$, rows)
$$;

CREATE FUNCTION driftguard_count_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE driftguard_days_sql(CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT 1 AS sign, * FROM come'
        WHEN 'DELETE' THEN 'SELECT -1 AS sign, * FROM gone'
        ELSE 'SELECT 1 AS sign, * FROM come UNION ALL SELECT -1, * FROM gone'
    END);
    RETURN NULL;
END
$$;
CREATE TRIGGER drifts_come_counted AFTER INSERT ON drift_events
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION driftguard_count_days();
CREATE TRIGGER drifts_changed_counted AFTER UPDATE ON drift_events
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION driftguard_count_days();
CREATE TRIGGER drifts_gone_counted AFTER DELETE ON drift_events
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION driftguard_count_days();

-- Counts the days of an organisation again, from its drifts.
CREATE FUNCTION driftguard_count_days_again(organization bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM drift_metrics_daily WHERE organization_id = organization;
    EXECUTE driftguard_days_sql(format('SELECT 1 AS sign, * FROM drift_events WHERE organization_id = %s', organization));
END
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
