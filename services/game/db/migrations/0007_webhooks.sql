-- Webhooks in: who may send events, with which keys, and the events that came.

CREATE TABLE webhook_source (
    brand_id   text NOT NULL REFERENCES brand,
    source     text NOT NULL CHECK (source ~ '^[a-z0-9-]{1,32}$'),
    title      text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    conflicts  bigint NOT NULL DEFAULT 0 CHECK (conflicts >= 0),
    created_by text NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (brand_id, source)
);

-- What verifies the signatures of a source: a sealed secret (v1) or a public key (v1a), until it expires.
CREATE TABLE webhook_key (
    brand_id   text NOT NULL,
    source     text NOT NULL,
    key_id     uuid NOT NULL,
    sealed     bytea,
    public_key bytea CHECK (length(public_key) = 32),
    created_by text NOT NULL,
    created_ms bigint NOT NULL,
    expires_ms bigint,
    PRIMARY KEY (brand_id, source, key_id),
    FOREIGN KEY (brand_id, source) REFERENCES webhook_source,
    CONSTRAINT webhook_key_one_kind CHECK ((sealed IS NULL) <> (public_key IS NULL))
);

-- The event types that a brand declares beside those of the service.
CREATE TABLE event_type (
    brand_id   text NOT NULL REFERENCES brand,
    type       text NOT NULL CHECK (length(type) BETWEEN 1 AND 64),
    attributes jsonb NOT NULL,
    changed_by text NOT NULL,
    changed_ms bigint NOT NULL,
    PRIMARY KEY (brand_id, type)
);

-- One event. Of an unknown type we know no player and no occurrence; its attributes are all that was sent.
-- A reversal has the type of what it reverses with `.reversed` behind it, and the same player and occurrence:
-- one that came before its original is the tombstone that the original finds.
-- The unique indexes begin with what tells events apart, which leads to one row even by a plan that was made for an
-- empty table.
-- No foreign key to the source, whose row every batch would have to lock; sources are never deleted.
CREATE TABLE event (
    brand_id        text NOT NULL,
    event_id        uuid NOT NULL,
    source          text NOT NULL,
    webhook_id      text NOT NULL CHECK (length(webhook_id) BETWEEN 1 AND 128),
    body_digest     bytea NOT NULL CHECK (length(body_digest) = 32),
    type            text NOT NULL CHECK (length(type) BETWEEN 1 AND 80),
    reverses        text,
    player_id       uuid REFERENCES player,
    occurrence      text CHECK (length(occurrence) BETWEEN 1 AND 128),
    sequence        bigint CHECK (sequence >= 0),
    occurred_ms     bigint NOT NULL,
    received_ms     bigint NOT NULL,
    attributes      jsonb NOT NULL,
    state           text NOT NULL CHECK (state IN ('stored', 'processed', 'reversed', 'unknown', 'dead')),
    attempts        integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_ms bigint NOT NULL,
    reason          text CHECK (length(reason) BETWEEN 1 AND 500),
    PRIMARY KEY (brand_id, event_id),
    CONSTRAINT event_webhook UNIQUE (webhook_id, brand_id, source),
    CONSTRAINT event_occurrence UNIQUE (player_id, occurrence, type, source, brand_id),
    CONSTRAINT event_known CHECK (state = 'unknown' OR (player_id IS NOT NULL AND occurrence IS NOT NULL)),
    CONSTRAINT event_dead CHECK (state <> 'dead' OR reason IS NOT NULL)
);
CREATE INDEX event_due ON event (next_attempt_ms, event_id) WHERE state = 'stored';
CREATE INDEX event_waiting ON event (player_id) WHERE state = 'stored';
CREATE INDEX event_open ON event (state, brand_id, event_id) WHERE state IN ('stored', 'unknown', 'dead');
CREATE INDEX event_ended ON event (event_id) WHERE state <> 'stored';
