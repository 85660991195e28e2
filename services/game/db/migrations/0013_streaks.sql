-- Streaks of days: how they are defined, the days that players have, and the milestones that they have reached.

-- A streak as its manager wrote it. Nothing of it changes once its campaign is launched.
CREATE TABLE streak (
    campaign_id text NOT NULL REFERENCES campaign,
    streak_id   text NOT NULL CHECK (streak_id ~ '^[a-z0-9-]{1,32}$'),
    brand_id    text NOT NULL REFERENCES brand,
    event_type  text NOT NULL CHECK (length(event_type) BETWEEN 1 AND 64),
    draft       jsonb NOT NULL,
    PRIMARY KEY (campaign_id, streak_id)
);
CREATE INDEX streak_of_event ON streak (brand_id, event_type);

-- A milestone, and how many players of all have a place under its cap (`places` null: no cap). A place is kept, reversed
-- or not.
CREATE TABLE streak_milestone (
    campaign_id text NOT NULL,
    streak_id   text NOT NULL,
    days        integer NOT NULL CHECK (days BETWEEN 1 AND 3660),
    badge_id    text,
    places      integer CHECK (places >= 1),
    taken       integer NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, streak_id, days),
    FOREIGN KEY (campaign_id, streak_id) REFERENCES streak ON DELETE CASCADE,
    FOREIGN KEY (campaign_id, badge_id) REFERENCES badge,
    CONSTRAINT streak_milestone_cap CHECK (taken >= 0 AND (places IS NULL OR taken <= places))
);

-- The day on which an event counts for a streak, once. No foreign key to the event, which is forgotten sooner.
CREATE TABLE streak_event (
    campaign_id text NOT NULL,
    streak_id   text NOT NULL,
    event_id    uuid NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    day         date NOT NULL,
    reversed_ms bigint,
    PRIMARY KEY (campaign_id, streak_id, event_id),
    FOREIGN KEY (campaign_id, streak_id) REFERENCES streak
);
CREATE INDEX streak_event_of_event ON streak_event (event_id);

-- A player's day, and how many events on it stand: it is checked while there is one.
CREATE TABLE streak_day (
    campaign_id text NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    streak_id   text NOT NULL,
    day         date NOT NULL,
    events      integer NOT NULL CHECK (events >= 0),
    PRIMARY KEY (campaign_id, player_id, streak_id, day),
    FOREIGN KEY (campaign_id, streak_id) REFERENCES streak
) WITH (fillfactor = 80);

-- A milestone that a player has reached. One that is withdrawn and then reached again is its next `generation`.
CREATE TABLE streak_reach (
    campaign_id text NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    streak_id   text NOT NULL,
    days        integer NOT NULL,
    generation  integer NOT NULL CHECK (generation >= 1),
    state       text NOT NULL CHECK (state IN ('rewarded', 'capped', 'withdrawn')),
    has_place   boolean NOT NULL,
    changed_ms  bigint NOT NULL,
    PRIMARY KEY (campaign_id, player_id, streak_id, days),
    FOREIGN KEY (campaign_id, streak_id, days) REFERENCES streak_milestone,
    CONSTRAINT streak_reach_place CHECK (state <> 'rewarded' OR has_place)
) WITH (fillfactor = 80);
