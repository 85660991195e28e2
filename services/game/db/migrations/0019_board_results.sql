-- The end of a season: its ranking is frozen, and the ranks that were promised something are rewarded.

ALTER TABLE board_season
    ADD COLUMN rewarded_ms bigint,
    ADD CONSTRAINT board_season_rewarded CHECK (rewarded_ms IS NULL OR frozen_ms IS NOT NULL);
CREATE INDEX board_season_open ON board_season (ends_ms) WHERE frozen_ms IS NULL;
CREATE INDEX board_season_unrewarded ON board_season (campaign_id, board_id, season)
    WHERE frozen_ms IS NOT NULL AND rewarded_ms IS NULL;

-- The first ranks of a season that is frozen, as far as they are shown or rewarded. `given_ms` is when a rank that
-- `is_due` a reward was given it.
CREATE TABLE board_result (
    campaign_id text NOT NULL,
    board_id    text NOT NULL,
    season      text NOT NULL,
    rank        integer NOT NULL CHECK (rank BETWEEN 1 AND 1000),
    player_id   uuid NOT NULL,
    score       bigint NOT NULL CHECK (score BETWEEN 1 AND 9007199254740991),
    reached_ms  bigint NOT NULL CHECK (reached_ms > 0),
    is_due      boolean NOT NULL,
    given_ms    bigint,
    PRIMARY KEY (campaign_id, board_id, season, rank),
    FOREIGN KEY (campaign_id, board_id, season) REFERENCES board_season,
    CONSTRAINT board_result_player UNIQUE (campaign_id, board_id, season, player_id),
    CONSTRAINT board_result_given CHECK (is_due OR given_ms IS NULL)
);
