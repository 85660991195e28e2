-- Rows that each play has are sent as one array of a type, not as an array for each of their columns: the driver asks of
-- every element of an array what it is, and of a row once (docs/decisions/0046). A type is what one statement takes.

CREATE TYPE asked_play AS (campaign_id text, pool_id text, player_id uuid, idempotency_key text);

CREATE TYPE counted_player AS (
    campaign_id text, player_id uuid, draws_total integer, day date, draws_today integer,
    total_before integer, day_before date, today_before integer
);

CREATE TYPE reserved_seat AS (campaign_id text, seat_id bytea, draws_reserved integer, reserved_before integer);

CREATE TYPE accepted_play AS (
    campaign_id text, play_id uuid, player_id uuid, pool_id text, idempotency_key text, request_digest bytea, state text,
    draws smallint, paid_with text, price_points bigint, day date, seat_id bytea, accepted_ms bigint, apply_before_ms bigint
);

CREATE TYPE due_debit AS (campaign_id text, operation_id text, play_id uuid, subject text, body bytea);

CREATE TYPE log_leaf AS (campaign_id text, entry_index bigint, entry bytea, leaf_hash bytea);

CREATE TYPE driven_play AS (
    campaign_id text, play_id uuid, state text, drawn smallint, seat_id bytea, balance_points bigint, finished_ms bigint,
    log_size bigint, next_attempt_ms bigint, ledger_seq bigint
);

CREATE TYPE logged_draw AS (
    campaign_id text, entry_index bigint, play_id uuid, nth smallint, seat_id bytea, n integer, row_ordinal integer
);

CREATE TYPE drawn_seat AS (campaign_id text, seat_id bytea, state text, draws_taken integer);

-- `paid` and `last` are integer arrays as PostgreSQL writes them: the driver would ask of each number what it is.
CREATE TYPE drawn_standing AS (
    campaign_id text, lineage_id text, player_id uuid, draws integer, paid text, last text
);

CREATE TYPE won_prize AS (
    campaign_id text, grant_id uuid, player_id uuid, entry_index bigint, pool_id text, row_ordinal integer, kind text,
    amount bigint
);

CREATE TYPE due_credit AS (
    campaign_id text, kind text, operation_id text, play_id uuid, entry_index bigint, reward_id uuid, subject text, body bytea,
    attempt integer
);

CREATE TYPE decided_credit AS (
    campaign_id text, operation_id text, state text, ledger_seq bigint, next_attempt_ms bigint
);

CREATE TYPE wanted_play AS (campaign_id text, play_id uuid);

CREATE TYPE logged_turn AS (campaign_id text, seat_id bytea, since_ms bigint, until_ms bigint);
