-- The monitor of published odds: it follows the logs, counts what X picks, and raises an alert once for each doubt
-- (docs/decisions/0032-monitor.md).

-- How far each log's draws are counted.
CREATE TABLE fit_log (
    campaign_id text PRIMARY KEY REFERENCES log,
    next_index  bigint NOT NULL DEFAULT 0 CHECK (next_index >= 0),
    followed_ms bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Closed pools whose seats are counted, up to the seat of this entry, for the draws that nobody took.
CREATE TABLE fit_close (
    campaign_id text NOT NULL,
    pool_id     text NOT NULL,
    seat_index  bigint NOT NULL DEFAULT -1 CHECK (seat_index >= -1),
    is_done     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (campaign_id, pool_id),
    FOREIGN KEY (campaign_id, pool_id) REFERENCES pool (campaign_id, pool_id)
);
CREATE INDEX fit_close_open ON fit_close (campaign_id, pool_id) WHERE NOT is_done;

-- picks[r] is how often X picked row r of the whole table: in draws that followed no refusal (settled), in the first of a seat
-- after a refusal, taken or not (refused), in the next of each seat of a closed pool, which nobody took (untaken).
CREATE TABLE fit_count (
    campaign_id text NOT NULL,
    pool_id     text NOT NULL,
    series      text NOT NULL CHECK (series IN ('settled', 'refused', 'untaken')),
    picks       bigint[] NOT NULL CHECK (cardinality(picks) BETWEEN 1 AND 256 AND 0 <= ALL (picks)),
    PRIMARY KEY (campaign_id, pool_id, series),
    FOREIGN KEY (campaign_id, pool_id) REFERENCES pool (campaign_id, pool_id)
) WITH (fillfactor = 50);

-- What the published odds do not explain, when the log had this size; or an entry that contradicts those before it (proof).
CREATE TABLE fit_alert (
    campaign_id     text NOT NULL,
    pool_id         text NOT NULL,
    series          text NOT NULL CHECK (series IN ('settled', 'refused', 'untaken', 'proof')),
    at_ms           bigint NOT NULL,
    log_size        bigint NOT NULL CHECK (log_size >= 1),
    draws           bigint NOT NULL CHECK (draws >= 1),
    evidence_log10  double precision,
    entry_index     bigint,
    says            text,
    acknowledged_ms bigint,
    acknowledged_by text,
    reason          text CHECK (length(reason) BETWEEN 1 AND 200),
    PRIMARY KEY (campaign_id, pool_id, series),
    FOREIGN KEY (campaign_id, pool_id) REFERENCES pool (campaign_id, pool_id),
    CONSTRAINT fit_alert_proof CHECK (
        (series = 'proof') = (evidence_log10 IS NULL) AND num_nulls(evidence_log10, entry_index, says) IN (1, 2)
        AND (entry_index IS NULL) = (says IS NULL)),
    CONSTRAINT fit_alert_acknowledged CHECK (num_nulls(acknowledged_ms, acknowledged_by, reason) IN (0, 3))
);
CREATE INDEX fit_alert_open ON fit_alert (campaign_id) WHERE acknowledged_ms IS NULL;

CREATE INDEX play_refused ON play (campaign_id, seat_id, finished_ms) WHERE state IN ('rejected', 'cancelled');
