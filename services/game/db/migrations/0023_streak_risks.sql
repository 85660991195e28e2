-- The day with whose end a player's run of two days or more breaks unless it is checked, and when the brand is told so:
-- `tell_ms` is some hours before that end, null: it was told, or there is nothing to tell. Once for each day.
CREATE TABLE streak_risk (
    campaign_id text NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    streak_id   text NOT NULL,
    day         date NOT NULL,
    run         integer NOT NULL CHECK (run >= 2),
    tell_ms     bigint,
    told_day    date,
    PRIMARY KEY (campaign_id, player_id, streak_id),
    FOREIGN KEY (campaign_id, streak_id) REFERENCES streak
) WITH (fillfactor = 80);
CREATE INDEX streak_risk_due ON streak_risk (tell_ms) WHERE tell_ms IS NOT NULL;
CREATE INDEX streak_risk_of_player ON streak_risk (player_id) WHERE tell_ms IS NOT NULL;
