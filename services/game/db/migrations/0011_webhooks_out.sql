-- Webhooks out: where a brand wants to be told, what it is told, and how the sending went.

-- The secret before the last rotation signs beside its successor until its time is up.
CREATE TABLE webhook_endpoint (
    brand_id         text NOT NULL REFERENCES brand,
    endpoint_id      uuid NOT NULL,
    url              text NOT NULL CHECK (length(url) BETWEEN 1 AND 500),
    types            text[] NOT NULL CHECK (cardinality(types) BETWEEN 1 AND 20),
    sealed           bytea NOT NULL,
    sealed_before    bytea,
    before_until_ms  bigint,
    state            text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'deleted')),
    pause_reason     text CHECK (pause_reason IN ('gone', 'failing')),
    paused_ms        bigint,
    failing_since_ms bigint,
    retry_ms         bigint NOT NULL DEFAULT 0,
    created_by       text NOT NULL,
    created_ms       bigint NOT NULL,
    PRIMARY KEY (brand_id, endpoint_id),
    CONSTRAINT webhook_endpoint_paused CHECK (state <> 'paused' OR num_nulls(pause_reason, paused_ms) = 0),
    CONSTRAINT webhook_endpoint_before CHECK ((sealed_before IS NULL) = (before_until_ms IS NULL))
);

-- The order in which an endpoint hears of one subject.
CREATE SEQUENCE webhook_position;

-- One message to one endpoint; a message has the same id at all of them. `lane` is what is kept in order. No name of
-- a person stands here: it is read when the message is sent, and of an erased player there is none (so no foreign key).
CREATE TABLE webhook_delivery (
    brand_id        text NOT NULL,
    endpoint_id     uuid NOT NULL,
    message_id      uuid NOT NULL,
    type            text NOT NULL CHECK (length(type) BETWEEN 1 AND 64),
    player_id       uuid,
    lane            text NOT NULL CHECK (length(lane) BETWEEN 1 AND 200),
    position        bigint NOT NULL DEFAULT nextval('webhook_position') UNIQUE,
    data            jsonb NOT NULL,
    told_ms         bigint NOT NULL,
    state           text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts        integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_ms bigint NOT NULL,
    PRIMARY KEY (brand_id, endpoint_id, message_id),
    FOREIGN KEY (brand_id, endpoint_id) REFERENCES webhook_endpoint
) WITH (fillfactor = 80);
CREATE INDEX webhook_delivery_due ON webhook_delivery (brand_id, endpoint_id, next_attempt_ms) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_lane ON webhook_delivery (brand_id, endpoint_id, lane, position) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_old ON webhook_delivery (told_ms);

-- What came of sending. Without a status, `error` says why there was none.
CREATE TABLE webhook_attempt (
    brand_id    text NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id  uuid NOT NULL,
    attempt_id  bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    began_ms    bigint NOT NULL,
    took_ms     integer NOT NULL CHECK (took_ms >= 0),
    status      integer CHECK (status BETWEEN 100 AND 999),
    error       text CHECK (length(error) BETWEEN 1 AND 100),
    excerpt     text NOT NULL CHECK (length(excerpt) <= 256),
    PRIMARY KEY (brand_id, endpoint_id, message_id, attempt_id),
    FOREIGN KEY (brand_id, endpoint_id, message_id) REFERENCES webhook_delivery ON DELETE CASCADE,
    CONSTRAINT webhook_attempt_answer CHECK ((status IS NULL) <> (error IS NULL))
);

-- Plays in review that their brand was told of; no row: the play was never in review, or is not any more.
CREATE TABLE review_told (
    campaign_id text NOT NULL,
    play_id     uuid NOT NULL,
    PRIMARY KEY (campaign_id, play_id),
    FOREIGN KEY (campaign_id, play_id) REFERENCES play
);

-- How low stock may get before the brand is told: codes of a batch (item: its name), or units of a pool's row (item:
-- pool/row). Told once, and again only after it was higher.
CREATE TABLE stock_alert (
    campaign_id text NOT NULL REFERENCES campaign,
    kind        text NOT NULL CHECK (kind IN ('voucher', 'row')),
    item        text NOT NULL CHECK (length(item) BETWEEN 1 AND 65),
    threshold   integer NOT NULL CHECK (threshold BETWEEN 0 AND 10000),
    is_told     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (campaign_id, kind, item)
);
