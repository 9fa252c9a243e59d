-- The record views. Everything here can be rebuilt from the log; a change of this file makes a new view version.
-- Times are microseconds UTC (…_us), 0 = never. Blank texts are empty, so that no index and no filter meets NULL.

CREATE TABLE cursors (
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE campaigns (
    campaign text PRIMARY KEY,
    partition int NOT NULL,
    position text NOT NULL,
    version bigint NOT NULL,
    sequence bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL,
    undo jsonb,
    notice jsonb,
    settings jsonb NOT NULL
);

-- Visible records by what people count; moved with every batch, so that a look at a campaign costs a few rows.
CREATE TABLE campaign_counts (
    campaign text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    is_open boolean NOT NULL,
    is_awaiting boolean NOT NULL,
    total bigint NOT NULL,
    claims bigint NOT NULL,
    PRIMARY KEY (campaign, status, reason, is_open, is_awaiting)
) WITH (fillfactor = 50);

-- Events of these campaigns are passed over until the views are rebuilt: one of them cannot be taken in.
CREATE TABLE parked_campaigns (
    campaign text PRIMARY KEY,
    partition int NOT NULL,
    log_offset bigint NOT NULL,
    why text NOT NULL
);

-- The records of an upload are `numbers` numbers from `first_record` (0: none yet). `is_committed` stays true when
-- the upload is withdrawn later: its records go by a delete.
CREATE TABLE uploads (
    campaign text NOT NULL,
    upload_id text NOT NULL,
    state text NOT NULL,
    is_committed boolean NOT NULL,
    first_record int NOT NULL,
    numbers int NOT NULL,
    read bigint NOT NULL,
    accepted bigint NOT NULL,
    duplicate bigint NOT NULL,
    invalid bigint NOT NULL,
    code text NOT NULL,
    column_name text NOT NULL,
    begun_us bigint NOT NULL,
    ended_us bigint NOT NULL,
    file_name text NOT NULL,
    file_sha256 bytea NOT NULL,
    file_size bigint NOT NULL,
    duplicates text NOT NULL,
    mode text NOT NULL,
    columns text[] NOT NULL,
    new_columns text[] NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (campaign, upload_id)
);

-- Rows that did not become records. Their cells are personal data: they stay in the erasable block that is named.
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

-- What is written once, with the upload.
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
    PRIMARY KEY (campaign, record)
) PARTITION BY HASH (campaign);

-- What changes per attempt: narrow, and updated in place (HOT) because no index holds a column that changes.
-- previous_…: before the last Reset or Force Complete, for its Undo; NULL where nothing can be brought back.
-- deleted_by: the command of a delete that can still be undone.
CREATE TABLE record_states (
    campaign text NOT NULL,
    record int NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    claims int NOT NULL DEFAULT 0,
    pass_number int NOT NULL DEFAULT 1,
    claim_pass int NOT NULL DEFAULT 0,
    last_attempt_us bigint NOT NULL DEFAULT 0,
    next_attempt_us bigint NOT NULL DEFAULT 0,
    updated_us bigint NOT NULL,
    is_open boolean NOT NULL DEFAULT false,
    is_awaiting boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'Pending',
    reason text NOT NULL DEFAULT '',
    disposition text NOT NULL DEFAULT '',
    last_agent text NOT NULL DEFAULT '',
    deleted_by text,
    previous_status text,
    previous_reason text,
    previous_disposition text,
    previous_attempts int,
    previous_pass int,
    previous_next_us bigint,
    previous_awaiting boolean,
    PRIMARY KEY (campaign, record)
) PARTITION BY HASH (campaign);

CREATE TABLE attempts (
    campaign text NOT NULL,
    record int NOT NULL,
    attempt int NOT NULL,
    pass_number int NOT NULL,
    claimed_us bigint NOT NULL,
    originate_before_us bigint NOT NULL,
    ring_us bigint NOT NULL,
    answer_us bigint NOT NULL,
    connect_us bigint NOT NULL,
    hangup_us bigint NOT NULL,
    cause int NOT NULL,
    sip_code int NOT NULL,
    outcome text NOT NULL,
    agent text NOT NULL,
    caller_id text NOT NULL,
    zone text NOT NULL,
    dispositions jsonb NOT NULL,
    PRIMARY KEY (campaign, record, attempt)
) PARTITION BY HASH (campaign);

-- Deletes that can still be undone; their rows are hidden, and go when the log has passed `until_us`.
CREATE TABLE hidden_deletes (
    campaign text NOT NULL,
    command_id text NOT NULL,
    partition int NOT NULL,
    until_us bigint NOT NULL,
    upload_id text NOT NULL,
    records bytea NOT NULL,
    PRIMARY KEY (campaign, command_id)
);

-- Deletes whose personal data is not gone from every holder yet; `is_confirmed`: gone from the views.
CREATE TABLE erasures (
    campaign text NOT NULL,
    erasure_id text NOT NULL,
    partition int NOT NULL,
    decided_us bigint NOT NULL,
    due_us bigint NOT NULL,
    records bigint NOT NULL,
    is_confirmed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (campaign, erasure_id)
);

-- Campaigns of which rows were deleted since the tables were written anew: their bytes may still be in the files.
-- `since_us` 0: somebody was deleted for good, it has to be soon.
CREATE TABLE dead_rows (
    campaign text PRIMARY KEY,
    since_us bigint NOT NULL,
    deletes bigint NOT NULL
);

-- Do-not-call lists; `numbers` counts what is on each.
CREATE TABLE do_not_call_lists (
    list text PRIMARY KEY,
    partition int NOT NULL,
    name text NOT NULL,
    sequence bigint NOT NULL,
    numbers bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL
) WITH (fillfactor = 50);

-- `number` is the digits of the E.164 number; `attempt_id` the call in which its owner asked for it, else empty.
CREATE TABLE do_not_call_numbers (
    list text NOT NULL,
    entry int NOT NULL,
    number bigint NOT NULL,
    source text NOT NULL,
    attempt_id text NOT NULL,
    added_us bigint NOT NULL,
    PRIMARY KEY (list, entry)
);
CREATE INDEX do_not_call_numbers_number ON do_not_call_numbers (number);

-- Records and list entries whose row was no longer in its block. Right if an event before `known_until` deletes them,
-- or voids their upload, which takes them off this list; otherwise personal data has been lost.
CREATE TABLE missing_persons (
    campaign text NOT NULL,
    record int NOT NULL,
    partition int NOT NULL,
    known_until bigint NOT NULL,
    PRIMARY KEY (campaign, record)
);
CREATE INDEX missing_persons_due ON missing_persons (partition, known_until);

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
CREATE INDEX history_type ON history (campaign, type, sequence);

CREATE TABLE command_results (
    stream text NOT NULL,
    command_id text NOT NULL,
    decided_us bigint NOT NULL,
    result jsonb NOT NULL,
    PRIMARY KEY (command_id, stream)
);
CREATE INDEX command_results_age ON command_results (decided_us);

DO $$
DECLARE
    big text;
BEGIN
    FOREACH big IN ARRAY ARRAY['records', 'record_states', 'attempts'] LOOP
        FOR part IN 0..3 LOOP
            EXECUTE format(
                'CREATE TABLE %1$s_%2$s PARTITION OF %1$s FOR VALUES WITH (MODULUS 4, REMAINDER %2$s) '
                'WITH (fillfactor = %3$s)',
                big, part, CASE big WHEN 'records' THEN 100 ELSE 70 END);
        END LOOP;
    END LOOP;
END $$;
CREATE INDEX records_phone ON records (campaign, phone);

-- No statistics of what is personal: the catalogue would keep the most common values beyond their erasure.
ALTER TABLE records
    ALTER COLUMN phone SET STATISTICS 0,
    ALTER COLUMN name SET STATISTICS 0,
    ALTER COLUMN extra SET STATISTICS 0;
