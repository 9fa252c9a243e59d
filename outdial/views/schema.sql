-- The record views, version 1. Everything here can be rebuilt from the log.
-- Times are microseconds UTC (…_us), 0 or NULL = never.

CREATE TABLE cursors (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE campaigns (
    campaign text PRIMARY KEY,
    partition int NOT NULL,
    settings jsonb NOT NULL,
    position text NOT NULL,
    version bigint NOT NULL,
    sequence bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL,
    undo jsonb,
    notice jsonb
);

CREATE TABLE uploads (
    campaign text NOT NULL,
    upload_id text NOT NULL,
    state text NOT NULL,
    file_name text NOT NULL,
    file_sha256 bytea NOT NULL,
    file_size bigint NOT NULL,
    duplicates text NOT NULL,
    mode text NOT NULL,
    columns text[] NOT NULL,
    actor text NOT NULL,
    begun_us bigint NOT NULL,
    ended_us bigint NOT NULL DEFAULT 0,
    read bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    invalid bigint NOT NULL DEFAULT 0,
    code text NOT NULL DEFAULT '',
    column_name text NOT NULL DEFAULT '',
    PRIMARY KEY (campaign, upload_id)
);

-- Rows that did not become records; the cells are personal data and go with their block.
CREATE TABLE rejected_rows (
    campaign text NOT NULL,
    upload_id text NOT NULL,
    row int NOT NULL,
    column_name text NOT NULL,
    code text NOT NULL,
    block_id text NOT NULL,
    block_offset bigint NOT NULL,
    place int NOT NULL,
    PRIMARY KEY (campaign, upload_id, row)
);

-- What is written once with the upload. A record is visible when its upload is committed and it is not deleted.
CREATE TABLE records (
    campaign text NOT NULL,
    record int NOT NULL,
    upload_id text NOT NULL,
    row int NOT NULL,
    phone text NOT NULL,
    name text NOT NULL,
    priority smallint NOT NULL,
    expires_us bigint NOT NULL,
    agent text NOT NULL,
    skill text NOT NULL,
    zone text NOT NULL,
    extra jsonb NOT NULL,
    created_us bigint NOT NULL,
    deleted_by text,
    PRIMARY KEY (campaign, record)
) PARTITION BY HASH (campaign);

-- What changes per attempt: narrow, and updated in place (HOT) because no index holds a column of it.
CREATE TABLE record_states (
    campaign text NOT NULL,
    record int NOT NULL,
    status text NOT NULL DEFAULT 'Pending',
    reason text NOT NULL DEFAULT '',
    disposition text NOT NULL DEFAULT '',
    last_agent text NOT NULL DEFAULT '',
    attempts int NOT NULL DEFAULT 0,
    claims int NOT NULL DEFAULT 0,
    last_attempt_us bigint NOT NULL DEFAULT 0,
    next_attempt_us bigint NOT NULL DEFAULT 0,
    pass_number int NOT NULL DEFAULT 1,
    claim_pass int NOT NULL DEFAULT 0,
    updated_us bigint NOT NULL,
    is_open boolean NOT NULL DEFAULT false,
    is_awaiting boolean NOT NULL DEFAULT false,
    previous jsonb,
    PRIMARY KEY (campaign, record)
) PARTITION BY HASH (campaign);

CREATE TABLE attempts (
    campaign text NOT NULL,
    record int NOT NULL,
    attempt int NOT NULL,
    pass_number int NOT NULL,
    claimed_us bigint NOT NULL,
    originate_before_us bigint NOT NULL,
    caller_id text NOT NULL,
    zone text NOT NULL,
    outcome text NOT NULL DEFAULT '',
    ring_us bigint NOT NULL DEFAULT 0,
    answer_us bigint NOT NULL DEFAULT 0,
    connect_us bigint NOT NULL DEFAULT 0,
    hangup_us bigint NOT NULL DEFAULT 0,
    cause int NOT NULL DEFAULT 0,
    sip_code int NOT NULL DEFAULT 0,
    agent text NOT NULL DEFAULT '',
    dispositions jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (campaign, record, attempt)
) PARTITION BY HASH (campaign);

CREATE TABLE history (
    campaign text NOT NULL,
    sequence bigint NOT NULL,
    partition int NOT NULL,
    log_offset bigint NOT NULL,
    type text NOT NULL,
    actor text NOT NULL,
    command_id text NOT NULL,
    time_us bigint NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (campaign, sequence)
);

CREATE TABLE command_results (
    stream text NOT NULL,
    command_id text NOT NULL,
    decided_us bigint NOT NULL,
    result jsonb NOT NULL,
    PRIMARY KEY (command_id, stream)
);
CREATE INDEX command_results_age ON command_results (decided_us);

DO $$
BEGIN
    FOR part IN 0..3 LOOP
        EXECUTE format('CREATE TABLE records_%s PARTITION OF records FOR VALUES WITH (MODULUS 4, REMAINDER %s)', part, part);
        EXECUTE format(
            'CREATE TABLE record_states_%s PARTITION OF record_states FOR VALUES WITH (MODULUS 4, REMAINDER %s) '
            'WITH (fillfactor = 70)', part, part);
        EXECUTE format('CREATE TABLE attempts_%s PARTITION OF attempts FOR VALUES WITH (MODULUS 4, REMAINDER %s)', part, part);
    END LOOP;
END $$;
CREATE INDEX records_phone ON records (campaign, phone);
