-- Tasks: what events earn, how far players have come, and what became of each completion.

-- An event that happened before a campaign was ended counts, whenever it comes.
ALTER TABLE campaign ADD COLUMN ended_ms bigint;

-- The share channels that a brand forbids.
CREATE TABLE share_channel (
    brand_id text NOT NULL REFERENCES brand,
    channel  text NOT NULL CHECK (length(channel) BETWEEN 1 AND 100),
    PRIMARY KEY (brand_id, channel)
);

CREATE TABLE player_segment (
    brand_id  text NOT NULL REFERENCES brand,
    player_id uuid NOT NULL REFERENCES player,
    segment   text NOT NULL CHECK (segment ~ '^[a-z0-9-]{1,32}$'),
    PRIMARY KEY (brand_id, player_id, segment)
);

-- A task as its manager wrote it. Nothing of it changes once its campaign is launched.
CREATE TABLE task (
    campaign_id text NOT NULL REFERENCES campaign,
    task_id     text NOT NULL CHECK (task_id ~ '^[a-z0-9-]{1,32}$'),
    brand_id    text NOT NULL REFERENCES brand,
    event_type  text NOT NULL CHECK (length(event_type) BETWEEN 1 AND 64),
    badge_id    text,
    draft       jsonb NOT NULL,
    PRIMARY KEY (campaign_id, task_id),
    FOREIGN KEY (campaign_id, badge_id) REFERENCES badge
);
CREATE INDEX task_of_event ON task (brand_id, event_type);

-- How many completions of all players together are rewarded: one that has a place keeps it, reversed or not.
CREATE TABLE task_cap (
    campaign_id text NOT NULL,
    task_id     text NOT NULL,
    places      integer NOT NULL CHECK (places >= 1),
    taken       integer NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, task_id),
    FOREIGN KEY (campaign_id, task_id) REFERENCES task ON DELETE CASCADE,
    CONSTRAINT task_cap_holds CHECK (taken BETWEEN 0 AND places)
);

-- What an event added to a task, once. No foreign key to the event, which is forgotten sooner.
CREATE TABLE task_contribution (
    campaign_id  text NOT NULL,
    task_id      text NOT NULL,
    event_id     uuid NOT NULL,
    player_id    uuid NOT NULL REFERENCES player,
    window_start date NOT NULL,
    amount       bigint NOT NULL CHECK (amount >= 1),
    reversed_ms  bigint,
    PRIMARY KEY (campaign_id, task_id, event_id),
    FOREIGN KEY (campaign_id, task_id) REFERENCES task
);
CREATE INDEX task_contribution_of_event ON task_contribution (event_id);

-- The sum of what counts in a window.
CREATE TABLE task_progress (
    campaign_id  text NOT NULL,
    player_id    uuid NOT NULL REFERENCES player,
    task_id      text NOT NULL,
    window_start date NOT NULL,
    progress     bigint NOT NULL CHECK (progress >= 0),
    PRIMARY KEY (campaign_id, player_id, task_id, window_start),
    FOREIGN KEY (campaign_id, task_id) REFERENCES task
) WITH (fillfactor = 80);

-- What all windows of a task together have earned.
CREATE TABLE task_standing (
    campaign_id text NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    task_id     text NOT NULL,
    earned      bigint NOT NULL CHECK (earned >= 0),
    PRIMARY KEY (campaign_id, player_id, task_id),
    FOREIGN KEY (campaign_id, task_id) REFERENCES task
) WITH (fillfactor = 80);

-- The n-th completion of a task by a player. One that is withdrawn and then earned again is its next `generation`.
CREATE TABLE task_completion (
    campaign_id   text NOT NULL,
    player_id     uuid NOT NULL REFERENCES player,
    task_id       text NOT NULL,
    nth           integer NOT NULL CHECK (nth >= 1),
    completion_id uuid NOT NULL,
    generation    integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
    state         text NOT NULL
                  CHECK (state IN ('pending', 'rewarded', 'capped', 'rejected', 'appealed', 'denied', 'withdrawn')),
    has_place     boolean NOT NULL,
    changed_ms    bigint NOT NULL,
    reason        text CHECK (length(reason) BETWEEN 1 AND 500),
    appeal        text CHECK (length(appeal) BETWEEN 1 AND 1000),
    PRIMARY KEY (campaign_id, player_id, task_id, nth),
    FOREIGN KEY (campaign_id, task_id) REFERENCES task,
    CONSTRAINT task_completion_id UNIQUE (campaign_id, completion_id),
    CONSTRAINT task_completion_rejected CHECK (state NOT IN ('rejected', 'appealed', 'denied') OR reason IS NOT NULL),
    CONSTRAINT task_completion_appealed CHECK (state NOT IN ('appealed', 'denied') OR appeal IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX task_completion_to_review ON task_completion (campaign_id, completion_id)
    WHERE state IN ('pending', 'appealed');

-- Past events that somebody wants to count for a task; somebody else approves exactly these.
CREATE TABLE task_credit (
    campaign_id text NOT NULL,
    credit_id   uuid NOT NULL,
    task_id     text NOT NULL,
    digest      bytea NOT NULL CHECK (length(digest) = 32),
    event_ids   uuid[] NOT NULL CHECK (cardinality(event_ids) >= 1),
    asked_by    text NOT NULL,
    asked_ms    bigint NOT NULL,
    approved_by text,
    PRIMARY KEY (campaign_id, credit_id),
    FOREIGN KEY (campaign_id, task_id) REFERENCES task,
    CONSTRAINT task_credit_two_people CHECK (approved_by <> asked_by)
);
