-- Leaderboards: what counts on them, who stands where, and their seasons. No foreign keys to players: what an erased
-- player did stays, under an alias.

-- A board as its manager wrote it. Nothing of it changes once its campaign is launched.
CREATE TABLE board (
    campaign_id text NOT NULL REFERENCES campaign,
    board_id    text NOT NULL CHECK (board_id ~ '^[a-z0-9-]{1,32}$'),
    metric      text NOT NULL CHECK (metric ~ '^(draws|points|tasks|badges|sets|progress:[a-z0-9-]{1,32})$'),
    draft       jsonb NOT NULL,
    PRIMARY KEY (campaign_id, board_id)
);

-- A season lasts from `starts_ms` to before `ends_ms`. The first also counts what happened before it, the last what
-- happened after it, so the times that count in seasons have no gap. One that is frozen never changes again.
CREATE TABLE board_season (
    campaign_id     text NOT NULL,
    board_id        text NOT NULL,
    season          text NOT NULL CHECK (season ~ '^(all|[0-9]{4}-[0-9]{2}-[0-9]{2})$'),
    starts_ms       bigint NOT NULL,
    ends_ms         bigint NOT NULL CHECK (ends_ms > starts_ms),
    counts_from_ms  bigint NOT NULL CHECK (counts_from_ms <= starts_ms),
    counts_until_ms bigint NOT NULL CHECK (counts_until_ms >= ends_ms),
    frozen_ms       bigint,
    PRIMARY KEY (campaign_id, board_id, season),
    FOREIGN KEY (campaign_id, board_id) REFERENCES board ON DELETE CASCADE
);

-- What counts, once for each source of a metric. What does not count any more is deleted.
CREATE TABLE score (
    campaign_id text NOT NULL,
    player_id   uuid NOT NULL,
    metric      text NOT NULL CHECK (length(metric) BETWEEN 1 AND 50),
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
    amount      bigint NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    at_ms       bigint NOT NULL CHECK (at_ms > 0),
    PRIMARY KEY (campaign_id, player_id, metric, source)
);

-- Players of whom a metric has changed since it was last added up. Whoever changes scores locks this row first.
CREATE TABLE score_due (
    campaign_id text NOT NULL,
    metric      text NOT NULL,
    player_id   uuid NOT NULL,
    marks       bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (campaign_id, metric, player_id)
) WITH (fillfactor = 50);

-- How far the draws in a log are counted, of campaigns with a board for draws.
CREATE TABLE score_log (
    campaign_id text PRIMARY KEY REFERENCES campaign,
    next_index  bigint NOT NULL DEFAULT 0 CHECK (next_index >= 0),
    followed_ms bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Who stands where: more before less, then who reached it first, then by id. A score of 0 has no rank.
CREATE TABLE board_standing (
    campaign_id  text NOT NULL,
    board_id     text NOT NULL,
    season       text NOT NULL,
    player_id    uuid NOT NULL,
    score        bigint NOT NULL CHECK (score BETWEEN 0 AND 9007199254740991),
    reached_ms   bigint NOT NULL CHECK (reached_ms >= 0),
    version      bigint NOT NULL DEFAULT 1,
    is_published boolean NOT NULL DEFAULT false,
    PRIMARY KEY (campaign_id, board_id, season, player_id),
    FOREIGN KEY (campaign_id, board_id, season) REFERENCES board_season,
    CONSTRAINT board_standing_reached CHECK ((score = 0) = (reached_ms = 0))
) WITH (fillfactor = 80);
CREATE INDEX board_standing_rank ON board_standing (campaign_id, board_id, season, score DESC, reached_ms, player_id)
    WHERE score > 0;
CREATE INDEX board_standing_unpublished ON board_standing (campaign_id, board_id, season) WHERE NOT is_published;
