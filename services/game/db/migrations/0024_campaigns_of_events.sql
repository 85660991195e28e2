-- Events look for the campaigns of their brand that were open when they happened, however many are over, and in those
-- for the tasks and streaks of their type.

CREATE INDEX campaign_until ON campaign (brand_id, closes_ms) WHERE state <> 'draft';

DROP INDEX task_of_event;
CREATE INDEX task_of_event ON task (campaign_id, event_type);

DROP INDEX streak_of_event;
CREATE INDEX streak_of_event ON streak (campaign_id, event_type);
