-- The life of a play. Locks are always taken in this order:
-- log, play, pool, participation, seat, chance_lot, (standing, pool_row, voucher: under the log's lock only).

-- One player's counts in one campaign, for its limits.
CREATE TABLE participation (
    campaign_id text NOT NULL REFERENCES campaign,
    player_id   uuid NOT NULL REFERENCES player,
    draws_total integer NOT NULL DEFAULT 0 CHECK (draws_total >= 0),
    day         date NOT NULL,
    draws_today integer NOT NULL DEFAULT 0 CHECK (draws_today >= 0),
    PRIMARY KEY (campaign_id, player_id)
) WITH (fillfactor = 80);

-- One player's pseudonym and counts in a pool and in the pools that continue it.
-- paid[r] is how often row r was paid; last[r] the ordinal at which it was last paid (0: never).
CREATE TABLE standing (
    campaign_id text NOT NULL REFERENCES log,
    lineage_id  text NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    tag         bytea NOT NULL CHECK (octet_length(tag) = 16),
    draws       integer NOT NULL DEFAULT 0 CHECK (draws >= 0),
    paid        integer[] NOT NULL,
    last        integer[] NOT NULL,
    PRIMARY KEY (campaign_id, lineage_id, player_id),
    CONSTRAINT standing_tag UNIQUE (campaign_id, lineage_id, tag),
    CONSTRAINT standing_rows CHECK (cardinality(paid) = cardinality(last))
) WITH (fillfactor = 80);

CREATE TABLE seat (
    campaign_id    text NOT NULL,
    seat_id        bytea NOT NULL CHECK (octet_length(seat_id) = 16),
    pool_id        text NOT NULL,
    player_id      uuid NOT NULL REFERENCES player,
    state          text NOT NULL CHECK (state IN ('offered', 'live', 'used', 'lapsed')),
    anchor         bytea NOT NULL CHECK (octet_length(anchor) = 32),
    seed           bytea CHECK (octet_length(seed) <= 32),
    entry_index    bigint,
    leaf_hash      bytea,
    round          bigint,
    seat_draws     integer NOT NULL CHECK (seat_draws BETWEEN 1 AND 256),
    draws_reserved integer NOT NULL DEFAULT 0,
    draws_taken    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, seat_id),
    FOREIGN KEY (campaign_id, pool_id) REFERENCES pool (campaign_id, pool_id),
    FOREIGN KEY (campaign_id, entry_index) REFERENCES log_entry (campaign_id, entry_index),
    CONSTRAINT seat_entry_once UNIQUE (campaign_id, entry_index),
    CONSTRAINT seat_anchor_once UNIQUE (campaign_id, anchor),
    CONSTRAINT seat_draws CHECK (0 <= draws_taken AND draws_taken <= draws_reserved AND draws_reserved <= seat_draws),
    CONSTRAINT seat_used CHECK ((state = 'used') = (draws_taken = seat_draws)),
    CONSTRAINT seat_logged CHECK (state = 'offered' OR state = 'lapsed' OR num_nulls(entry_index, leaf_hash, seed) = 0)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX seat_one_live ON seat (campaign_id, pool_id, player_id) WHERE state IN ('offered', 'live');
CREATE INDEX seat_of_round ON seat (campaign_id, round) WHERE round IS NOT NULL;

CREATE TABLE play (
    campaign_id      text NOT NULL,
    play_id          uuid NOT NULL,
    player_id        uuid NOT NULL REFERENCES player,
    pool_id          text NOT NULL,
    idempotency_key  text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    request_digest   bytea NOT NULL CHECK (octet_length(request_digest) = 32),
    state            text NOT NULL CHECK (state IN
                     ('funding', 'paid', 'settled', 'rejected', 'resolving', 'cancelled', 'review')),
    draws            smallint NOT NULL CHECK (draws BETWEEN 1 AND 10),
    drawn            smallint NOT NULL DEFAULT 0,
    paid_with        text NOT NULL CHECK (paid_with IN ('points', 'chance')),
    price_points     bigint NOT NULL CHECK (price_points >= 0),
    day              date NOT NULL,
    seat_id          bytea,
    accepted_ms      bigint NOT NULL,
    apply_before_ms  bigint NOT NULL,
    next_attempt_ms  bigint NOT NULL,
    finished_ms      bigint,
    balance_points   bigint,
    refusal          jsonb,
    log_size         bigint,
    PRIMARY KEY (campaign_id, play_id),
    FOREIGN KEY (campaign_id, pool_id) REFERENCES pool (campaign_id, pool_id),
    FOREIGN KEY (campaign_id, seat_id) REFERENCES seat (campaign_id, seat_id),
    CONSTRAINT play_key UNIQUE (campaign_id, player_id, idempotency_key),
    CONSTRAINT play_drawn CHECK (0 <= drawn AND drawn <= draws
                                 AND (state <> 'settled' OR drawn = draws)
                                 AND (state NOT IN ('funding', 'rejected', 'resolving', 'cancelled') OR drawn = 0)),
    CONSTRAINT play_settled CHECK ((state = 'settled') = (log_size IS NOT NULL)),
    CONSTRAINT play_finished CHECK ((state IN ('settled', 'rejected', 'cancelled')) = (finished_ms IS NOT NULL)),
    CONSTRAINT play_free CHECK (price_points > 0 OR state NOT IN ('funding', 'rejected', 'resolving', 'cancelled'))
) WITH (fillfactor = 80);
CREATE INDEX play_unfinished ON play (next_attempt_ms) WHERE state IN ('funding', 'resolving', 'paid');
CREATE INDEX play_unfinished_of_pool ON play (campaign_id, pool_id) WHERE state IN ('funding', 'resolving', 'paid', 'review');

-- What the core ledger is asked to do, in the exact bytes that are sent and re-sent.
CREATE TABLE operation (
    campaign_id     text NOT NULL,
    operation_id    text NOT NULL CHECK (operation_id ~ '^[A-Za-z0-9:._~-]{1,128}$'),
    kind            text NOT NULL CHECK (kind IN ('debit', 'credit')),
    play_id         uuid NOT NULL,
    entry_index     bigint,
    subject         text NOT NULL,
    body            bytea NOT NULL CHECK (octet_length(body) BETWEEN 2 AND 4096),
    state           text NOT NULL CHECK (state IN ('due', 'applied', 'rejected', 'expired', 'fenced')),
    next_attempt_ms bigint NOT NULL,
    ledger_seq      bigint,
    PRIMARY KEY (campaign_id, operation_id),
    FOREIGN KEY (campaign_id, play_id) REFERENCES play (campaign_id, play_id),
    CONSTRAINT operation_kind CHECK ((kind = 'credit') = (entry_index IS NOT NULL)),
    CONSTRAINT operation_applied CHECK (state <> 'applied' OR ledger_seq IS NOT NULL)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX operation_one_debit ON operation (campaign_id, play_id) WHERE kind = 'debit';
CREATE UNIQUE INDEX operation_one_credit ON operation (campaign_id, entry_index) WHERE kind = 'credit';
CREATE INDEX operation_due_credit ON operation (next_attempt_ms) WHERE state = 'due' AND kind = 'credit';

-- Which play each logged draw belongs to. The outcome is the entry's.
CREATE TABLE draw (
    campaign_id  text NOT NULL,
    entry_index  bigint NOT NULL,
    play_id      uuid NOT NULL,
    nth          smallint NOT NULL CHECK (nth BETWEEN 1 AND 10),
    seat_id      bytea NOT NULL,
    n            integer NOT NULL CHECK (n BETWEEN 1 AND 256),
    row_ordinal  integer NOT NULL,
    uncovered_ms bigint,
    PRIMARY KEY (campaign_id, entry_index),
    FOREIGN KEY (campaign_id, entry_index) REFERENCES log_entry (campaign_id, entry_index),
    FOREIGN KEY (campaign_id, play_id) REFERENCES play (campaign_id, play_id),
    CONSTRAINT draw_of_play UNIQUE (campaign_id, play_id, nth),
    CONSTRAINT draw_of_seat UNIQUE (campaign_id, seat_id, n),
    FOREIGN KEY (campaign_id, seat_id) REFERENCES seat (campaign_id, seat_id)
);

-- What was won. A draw wins at most once.
CREATE TABLE prize_grant (
    campaign_id   text NOT NULL,
    grant_id      uuid NOT NULL,
    player_id     uuid NOT NULL REFERENCES player,
    entry_index   bigint NOT NULL,
    pool_id       text NOT NULL,
    row_ordinal   integer NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('points', 'voucher', 'goods', 'chances')),
    amount        bigint NOT NULL CHECK (amount >= 1),
    redeemed_ms   bigint,
    granted_ms    bigint NOT NULL,
    PRIMARY KEY (campaign_id, grant_id),
    FOREIGN KEY (campaign_id, pool_id, row_ordinal) REFERENCES pool_row (campaign_id, pool_id, ordinal),
    FOREIGN KEY (campaign_id, entry_index) REFERENCES draw (campaign_id, entry_index),
    CONSTRAINT prize_grant_once UNIQUE (campaign_id, entry_index)
);
CREATE INDEX prize_grant_of_player ON prize_grant (campaign_id, player_id, grant_id);
ALTER TABLE voucher ADD FOREIGN KEY (campaign_id, grant_id) REFERENCES prize_grant (campaign_id, grant_id);

-- Free plays, used oldest expiry first.
CREATE TABLE chance_lot (
    campaign_id text NOT NULL REFERENCES campaign,
    lot_id      uuid NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
    granted     integer NOT NULL CHECK (granted BETWEEN 1 AND 1000000000),
    units_left  integer NOT NULL CHECK (units_left BETWEEN 0 AND granted),
    expires_ms  bigint NOT NULL,
    PRIMARY KEY (campaign_id, lot_id)
);
CREATE INDEX chance_lot_open ON chance_lot (campaign_id, player_id, expires_ms) WHERE units_left > 0;
CREATE UNIQUE INDEX chance_lot_source ON chance_lot (campaign_id, player_id, source);

CREATE TABLE chance_use (
    campaign_id text NOT NULL,
    play_id     uuid NOT NULL,
    lot_id      uuid NOT NULL,
    units       integer NOT NULL CHECK (units BETWEEN 1 AND 10),
    PRIMARY KEY (campaign_id, play_id, lot_id),
    FOREIGN KEY (campaign_id, play_id) REFERENCES play (campaign_id, play_id),
    FOREIGN KEY (campaign_id, lot_id) REFERENCES chance_lot (campaign_id, lot_id)
);
