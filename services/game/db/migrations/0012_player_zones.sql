-- The time zones of players: the first row has the instant of the choice, every other one the end of the day on which it
-- was asked for. No row: the campaign's own zone counts.
CREATE TABLE player_zone (
    player_id uuid NOT NULL REFERENCES player ON DELETE CASCADE,
    since_ms  bigint NOT NULL CHECK (since_ms >= 0),
    name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    PRIMARY KEY (player_id, since_ms)
);
