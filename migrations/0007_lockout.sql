-- Wrong guesses at passwords, counted by user and by address, whichever server heard them. The keys are hashes.
CREATE TABLE login_failures (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 16),
    count int NOT NULL CHECK (count >= 0),
    -- Microseconds since 1970.
    last_at bigint NOT NULL,
    until_at bigint NOT NULL
);
CREATE INDEX login_failures_by_time ON login_failures (last_at);
