-- How drifts went, from an index alone: the records beside these columns are a hundred times as large.
ALTER TABLE drift_events ADD COLUMN closure text CHECK (closure IN ('healed', 'superseded', 'continued'));
CREATE INDEX drift_events_history ON drift_events (organization_id, environment, detected_at)
    INCLUDE (state, closure, resolved_at);
