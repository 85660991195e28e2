-- Erasure of players: the row that ties a subject to what it did loses the subject; what it did stays, under the row's id.

ALTER TABLE player
    ALTER COLUMN subject DROP NOT NULL,
    ADD COLUMN erased_ms bigint,
    ADD CONSTRAINT player_erased CHECK ((subject IS NULL) = (erased_ms IS NOT NULL));

-- Who asked for it and when, never for whom: `asked_by` is 'player' or the brand's person. Until it is done the subject may do
-- nothing here, and what is under way is finished.
CREATE TABLE erasure (
    brand_id        text NOT NULL REFERENCES brand,
    player_id       uuid NOT NULL REFERENCES player,
    asked_by        text NOT NULL CHECK (length(asked_by) BETWEEN 1 AND 64),
    asked_ms        bigint NOT NULL,
    next_attempt_ms bigint NOT NULL,
    done_ms         bigint,
    PRIMARY KEY (brand_id, player_id)
);
CREATE UNIQUE INDEX erasure_of_player ON erasure (player_id);
CREATE INDEX erasure_open ON erasure (next_attempt_ms) WHERE done_ms IS NULL;

CREATE INDEX webhook_delivery_of_player ON webhook_delivery (player_id) WHERE player_id IS NOT NULL;
