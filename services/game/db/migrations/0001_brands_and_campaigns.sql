-- Times are milliseconds since the epoch (`_ms`), as in the draw log. Everything that belongs to a campaign leads with campaign_id.

CREATE TABLE brand (
    brand_id      text PRIMARY KEY CHECK (brand_id ~ '^[a-z0-9-]{1,32}$'),
    name_zh       text NOT NULL CHECK (length(name_zh) BETWEEN 1 AND 200),
    name_en       text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    issuer        text NOT NULL UNIQUE CHECK (length(issuer) BETWEEN 1 AND 500),
    jwks_url      text,
    jwks          jsonb,
    operator_name text NOT NULL UNIQUE CHECK (operator_name ~ '^[A-Za-z0-9._/-]{1,100}$'),
    created_ms    bigint NOT NULL,
    CONSTRAINT brand_one_key_source CHECK ((jwks_url IS NULL) <> (jwks IS NULL))
);

-- The only place that ties a token's subject to what a player did: erasing the row anonymises the rest.
CREATE TABLE player (
    player_id  uuid PRIMARY KEY,
    brand_id   text NOT NULL REFERENCES brand,
    subject    text NOT NULL CHECK (subject ~ '^[A-Za-z0-9._~-]{1,64}$'),
    created_ms bigint NOT NULL,
    CONSTRAINT player_subject UNIQUE (brand_id, subject)
);

CREATE TABLE campaign (
    campaign_id   text PRIMARY KEY CHECK (campaign_id ~ '^[a-z0-9]{12}$'),
    brand_id      text NOT NULL REFERENCES brand,
    state         text NOT NULL CHECK (state IN ('draft', 'live', 'paused', 'ended', 'closed')),
    name_zh       text NOT NULL CHECK (length(name_zh) BETWEEN 1 AND 200),
    name_en       text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    rules_zh      text NOT NULL CHECK (length(rules_zh) BETWEEN 1 AND 20000),
    rules_en      text NOT NULL CHECK (length(rules_en) BETWEEN 1 AND 20000),
    time_zone     text NOT NULL,
    opens_ms      bigint NOT NULL CHECK (opens_ms > 0),
    closes_ms     bigint NOT NULL,
    limit_per_day integer CHECK (limit_per_day >= 1),
    limit_total   integer CHECK (limit_total >= 1),
    version       integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_by    text NOT NULL,
    created_ms    bigint NOT NULL,
    launched_ms   bigint,
    CONSTRAINT campaign_closes_after_it_opens CHECK (opens_ms < closes_ms),
    CONSTRAINT campaign_launched CHECK ((state = 'draft') = (launched_ms IS NULL))
);
CREATE INDEX campaign_of_brand ON campaign (brand_id, campaign_id);

CREATE TABLE campaign_change (
    campaign_id  text NOT NULL REFERENCES campaign,
    change_index integer NOT NULL CHECK (change_index >= 0),
    at_ms        bigint NOT NULL,
    actor        text NOT NULL,
    action       text NOT NULL,
    old_values   jsonb NOT NULL,
    new_values   jsonb NOT NULL,
    PRIMARY KEY (campaign_id, change_index)
);

-- One immutable, published version of a prize table. A draft is not in the log yet.
-- `accepting` alone decides whether a play may be accepted: launch, pause, resume, end and replacement all turn it,
-- under the row's lock, so that no play slips past them.
CREATE TABLE pool (
    campaign_id      text NOT NULL REFERENCES campaign,
    pool_id          text NOT NULL CHECK (pool_id ~ '^[a-z0-9-]{1,32}$'),
    lineage_id       text NOT NULL,
    replaces_id      text,
    game             text NOT NULL CHECK (game IN ('wheel', 'scratch')),
    state            text NOT NULL CHECK (state IN ('draft', 'live', 'draining', 'replaced', 'closed')),
    accepting        boolean NOT NULL DEFAULT false,
    price_points     bigint NOT NULL CHECK (price_points BETWEEN 0 AND 1000000000),
    seat_draws       integer NOT NULL CHECK (seat_draws BETWEEN 1 AND 256),
    beacon_delay     integer CHECK (beacon_delay BETWEEN 2 AND 1000),
    guarantee_draws  integer CHECK (guarantee_draws >= 2),
    guarantee_rows   integer CHECK (guarantee_rows >= 1),
    draws_cap        bigint CHECK (draws_cap >= 0),
    draws_reserved   bigint NOT NULL DEFAULT 0 CHECK (draws_reserved >= 0),
    opens_ms         bigint,
    closes_ms        bigint,
    entry            bytea,
    entry_index      bigint,
    rules            bytea,
    secret_sealed    bytea,
    close_index      bigint,
    PRIMARY KEY (campaign_id, pool_id),
    FOREIGN KEY (campaign_id, replaces_id) REFERENCES pool (campaign_id, pool_id),
    CONSTRAINT pool_replaced_once UNIQUE (campaign_id, replaces_id),
    CONSTRAINT pool_entry_once UNIQUE (campaign_id, entry_index),
    CONSTRAINT pool_cap CHECK (draws_reserved <= draws_cap),
    CONSTRAINT pool_scratch_is_capped CHECK (game = 'wheel' OR draws_cap IS NOT NULL),
    CONSTRAINT pool_guarantee CHECK ((guarantee_draws IS NULL) = (guarantee_rows IS NULL)),
    CONSTRAINT pool_accepts_when_live CHECK (state = 'live' OR NOT accepting),
    CONSTRAINT pool_published CHECK (
        (state = 'draft') = (entry_index IS NULL)
        AND num_nulls(entry, entry_index, rules, secret_sealed, opens_ms, closes_ms) IN (0, 6)),
    CONSTRAINT pool_closed CHECK ((state = 'closed') = (close_index IS NOT NULL))
);
CREATE INDEX pool_unclosed ON pool (closes_ms) WHERE state IN ('live', 'draining', 'replaced');

CREATE TABLE pool_row (
    campaign_id   text NOT NULL,
    pool_id       text NOT NULL,
    ordinal       integer NOT NULL CHECK (ordinal BETWEEN 0 AND 255),
    row_id        text NOT NULL CHECK (row_id ~ '^[a-z0-9-]{1,32}$'),
    weight        bigint CHECK (weight BETWEEN 0 AND 4294967296),
    count         bigint CHECK (count BETWEEN 0 AND 4294967296),
    stock         bigint CHECK (stock BETWEEN 0 AND 9007199254740991),
    win_limit     integer CHECK (win_limit >= 1),
    from_draw     integer CHECK (from_draw >= 1),
    else_row      text,
    units_left    bigint CHECK (units_left >= 0),
    units_won     bigint NOT NULL DEFAULT 0 CHECK (units_won >= 0),
    prize_kind    text NOT NULL CHECK (prize_kind IN ('points', 'voucher', 'goods', 'chances', 'nothing')),
    prize_amount  bigint NOT NULL CHECK (prize_amount BETWEEN 0 AND 1000000000),
    voucher_batch text,
    name_zh       text NOT NULL CHECK (length(name_zh) BETWEEN 1 AND 200),
    name_en       text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    value_fen     bigint NOT NULL CHECK (value_fen BETWEEN 0 AND 100000000000),
    value_source  text NOT NULL,
    value_date    date NOT NULL,
    PRIMARY KEY (campaign_id, pool_id, ordinal),
    FOREIGN KEY (campaign_id, pool_id) REFERENCES pool ON DELETE CASCADE,
    CONSTRAINT pool_row_id UNIQUE (campaign_id, pool_id, row_id),
    CONSTRAINT pool_row_weight_or_count CHECK ((weight IS NULL) <> (count IS NULL)),
    CONSTRAINT pool_row_units CHECK (units_left IS NULL AND coalesce(stock, count) IS NULL
                                     OR units_left + units_won = coalesce(stock, count)),
    CONSTRAINT pool_row_else CHECK ((else_row IS NOT NULL) = (num_nonnulls(stock, win_limit, from_draw) > 0)),
    CONSTRAINT pool_row_prize CHECK ((prize_kind = 'nothing') = (prize_amount = 0)
                                     AND (prize_kind = 'voucher') = (voucher_batch IS NOT NULL)
                                     AND (prize_kind NOT IN ('voucher', 'goods') OR prize_amount = 1))
) WITH (fillfactor = 80);

CREATE TABLE voucher (
    campaign_id   text NOT NULL REFERENCES campaign,
    voucher_batch text NOT NULL CHECK (voucher_batch ~ '^[a-z0-9-]{1,32}$'),
    code          text NOT NULL CHECK (length(code) BETWEEN 1 AND 200),
    grant_id      uuid,
    PRIMARY KEY (campaign_id, voucher_batch, code),
    CONSTRAINT voucher_granted_once UNIQUE (campaign_id, grant_id)
);
CREATE INDEX voucher_free ON voucher (campaign_id, voucher_batch, code) WHERE grant_id IS NULL;
