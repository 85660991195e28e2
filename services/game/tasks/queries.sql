-- name: save_task
-- Writes a task of a draft campaign.
INSERT INTO task (campaign_id, task_id, brand_id, event_type, badge_id, draft)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (campaign_id, task_id) DO UPDATE
SET event_type = excluded.event_type, badge_id = excluded.badge_id, draft = excluded.draft;

-- name: save_cap
-- Bounds the rewards of a task; $3 null: it has no bound.
WITH old AS (DELETE FROM task_cap WHERE campaign_id = $1 AND task_id = $2 AND $3::integer IS NULL)
INSERT INTO task_cap (campaign_id, task_id, places)
SELECT $1, $2, $3 WHERE $3 IS NOT NULL
ON CONFLICT (campaign_id, task_id) DO UPDATE SET places = excluded.places;

-- name: delete_task
-- Removes a task of a draft campaign, with its cap.
DELETE FROM task WHERE campaign_id = $1 AND task_id = $2;

-- name: tasks_of_campaign
-- The tasks of a campaign, as they were written, with when it is open.
SELECT t.task_id, t.draft, c.opens_ms, c.closes_ms
FROM task t JOIN campaign c USING (campaign_id)
WHERE t.campaign_id = $1
ORDER BY t.task_id
LIMIT $2;

-- name: zone_of_campaign
-- Whose days count for players who chose no time zone.
SELECT time_zone FROM campaign WHERE campaign_id = $1;

-- name: forbidden_channels
-- The share channels that brands forbid.
SELECT brand_id, channel FROM share_channel WHERE brand_id = ANY ($1::text[]) ORDER BY brand_id, channel LIMIT $2;

-- name: set_channels
-- Forbids these share channels, and no others.
WITH gone AS (DELETE FROM share_channel WHERE brand_id = $1 AND channel <> ALL ($2::text[]))
INSERT INTO share_channel (brand_id, channel)
SELECT $1, channel FROM unnest($2::text[]) AS c (channel)
ON CONFLICT DO NOTHING;

-- name: set_segments
-- Puts a player into these segments, and no others.
WITH gone AS (DELETE FROM player_segment WHERE brand_id = $1 AND player_id = $2 AND segment <> ALL ($3::text[]))
INSERT INTO player_segment (brand_id, player_id, segment)
SELECT $1, $2, segment FROM unnest($3::text[]) AS s (segment)
ON CONFLICT DO NOTHING;

-- name: segments_of
-- The segments of players.
SELECT player_id, array_agg(segment ORDER BY segment) AS segments
FROM player_segment
WHERE brand_id = ANY ($1::text[]) AND player_id = ANY ($2::uuid[])
GROUP BY player_id
ORDER BY player_id;

-- name: zones_of
-- The time zones that players chose, oldest first.
SELECT player_id, since_ms, name FROM player_zone
WHERE player_id = ANY ($1::uuid[])
ORDER BY player_id, since_ms;

-- name: forget_waiting_zone
-- Drops what waits for the end of a locked player's day.
DELETE FROM player_zone WHERE player_id = $1 AND since_ms > $2;

-- name: save_zone
-- A zone of a locked player; one that is in force already stays as it is.
INSERT INTO player_zone (player_id, since_ms, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: campaigns_of_events
-- The launched campaigns with a task or a streak for events of these types; arrays in pairs. Those that had closed by $3
-- are not looked at; of a brand there are never as many others as $4. In subqueries with a limit, so that no table is hashed
-- for a few rows.
SELECT i.brand_id, i.event_type, c.campaign_id, c.ended_ms
FROM unnest($1::text[], $2::text[]) AS i (brand_id, event_type)
CROSS JOIN LATERAL (
    SELECT o.campaign_id, o.ended_ms FROM campaign o
    WHERE o.brand_id = i.brand_id AND o.state <> 'draft' AND o.closes_ms > $3
    ORDER BY o.closes_ms DESC
    LIMIT $4) AS c
WHERE (SELECT true FROM task t WHERE t.campaign_id = c.campaign_id AND t.event_type = i.event_type LIMIT 1)
   OR (SELECT true FROM streak s WHERE s.campaign_id = c.campaign_id AND s.event_type = i.event_type LIMIT 1)
ORDER BY i.brand_id, i.event_type, c.campaign_id;

-- name: add_contributions
-- Counts events for tasks; an event counts once for each.
INSERT INTO task_contribution (campaign_id, task_id, event_id, player_id, window_start, amount)
SELECT campaign_id, task_id, event_id, player_id, window_start, amount
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::date[], $6::bigint[])
     AS i (campaign_id, task_id, event_id, player_id, window_start, amount)
ORDER BY campaign_id, task_id, event_id
ON CONFLICT DO NOTHING
RETURNING campaign_id, task_id, event_id;

-- name: reverse_contributions
-- What the originals of reversals had added does not count any more.
UPDATE task_contribution AS c SET reversed_ms = $3
WHERE c.reversed_ms IS NULL AND c.event_id = ANY (ARRAY (
    SELECT o.event_id
    FROM unnest($1::text[], $2::uuid[]) AS i (brand_id, event_id)
    CROSS JOIN LATERAL (
        SELECT r.player_id, r.source, r.reverses, r.occurrence FROM event AS r
        WHERE (r.brand_id, r.event_id) = (i.brand_id, i.event_id)
        LIMIT 1) AS r
    CROSS JOIN LATERAL (
        SELECT o.event_id FROM event AS o
        WHERE o.player_id = r.player_id AND o.occurrence = r.occurrence AND o.source = r.source AND o.type = r.reverses
        LIMIT 1) AS o))
RETURNING c.campaign_id, c.task_id, c.event_id, c.player_id, c.window_start, c.amount;

-- name: standing
-- Those of contributions that count.
SELECT c.campaign_id, c.task_id, c.event_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS i (campaign_id, task_id, event_id)
JOIN task_contribution AS c USING (campaign_id, task_id, event_id)
WHERE c.reversed_ms IS NULL
ORDER BY c.campaign_id, c.task_id, c.event_id;

-- name: steps_of
-- What counts for tasks of players, and when it happened, where a board ranks by completions.
SELECT s.campaign_id, s.player_id, c.task_id, s.at_ms, c.window_start, s.amount
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS i (campaign_id, player_id, task_id)
JOIN score AS s ON (s.campaign_id, s.player_id, s.metric) = (i.campaign_id, i.player_id, 'progress:' || i.task_id)
JOIN task_contribution AS c
    ON (c.campaign_id, c.task_id) = (i.campaign_id, i.task_id)
   AND c.event_id = CASE WHEN s.metric LIKE 'progress:%' THEN s.source::uuid END  -- no other source is one
ORDER BY s.campaign_id, s.player_id, c.task_id, s.at_ms, s.source;

-- name: add_progress
-- Adds to windows, whose players are locked; what is in them now.
INSERT INTO task_progress AS p (campaign_id, player_id, task_id, window_start, progress)
SELECT campaign_id, player_id, task_id, window_start, amount
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::bigint[])
     AS i (campaign_id, player_id, task_id, window_start, amount)
ON CONFLICT (campaign_id, player_id, task_id, window_start) DO UPDATE SET progress = p.progress + excluded.progress
RETURNING campaign_id, player_id, task_id, window_start, progress;

-- name: take_progress
-- Takes from windows, whose players are locked; what is left in them.
UPDATE task_progress AS p SET progress = p.progress - i.amount
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::bigint[])
     AS i (campaign_id, player_id, task_id, window_start, amount)
WHERE (p.campaign_id, p.player_id, p.task_id, p.window_start) = (i.campaign_id, i.player_id, i.task_id, i.window_start)
RETURNING p.campaign_id, p.player_id, p.task_id, p.window_start, p.progress;

-- name: add_earned
-- Changes what all windows of tasks have earned, for locked players.
WITH changed AS (
    SELECT campaign_id, player_id, task_id, by
    FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[]) AS i (campaign_id, player_id, task_id, by)
), there AS (
    UPDATE task_standing AS s SET earned = s.earned + c.by
    FROM changed AS c
    WHERE (s.campaign_id, s.player_id, s.task_id) = (c.campaign_id, c.player_id, c.task_id)
    RETURNING s.campaign_id, s.player_id, s.task_id
)
INSERT INTO task_standing (campaign_id, player_id, task_id, earned)
SELECT c.campaign_id, c.player_id, c.task_id, c.by
FROM changed AS c LEFT JOIN there AS t USING (campaign_id, player_id, task_id)
WHERE t.task_id IS NULL;

-- name: earned_of
-- What players have earned of tasks; no row: nothing yet.
SELECT i.campaign_id, i.player_id, i.task_id, s.earned
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS i (campaign_id, player_id, task_id)
CROSS JOIN LATERAL (
    SELECT s.earned FROM task_standing AS s
    WHERE (s.campaign_id, s.player_id, s.task_id) = (i.campaign_id, i.player_id, i.task_id)
    LIMIT 1) AS s
ORDER BY i.campaign_id, i.player_id, i.task_id;

-- name: completions_of
-- The completions of tasks by players, the withdrawn ones too.
SELECT c.campaign_id, c.player_id, c.task_id, c.nth, c.completion_id, c.generation, c.state, c.has_place, c.reason, c.appeal
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS i (campaign_id, player_id, task_id)
CROSS JOIN LATERAL (
    SELECT * FROM task_completion AS c
    WHERE (c.campaign_id, c.player_id, c.task_id) = (i.campaign_id, i.player_id, i.task_id)
    OFFSET 0) AS c
ORDER BY c.campaign_id, c.player_id, c.task_id, c.nth;

-- name: save_completions
-- Writes completions of locked players.
INSERT INTO task_completion (campaign_id, player_id, task_id, nth, completion_id, generation, state, has_place,
                             reason, appeal, changed_ms)
SELECT campaign_id, player_id, task_id, nth, completion_id, generation, state, has_place, reason, appeal, $11
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::integer[], $5::uuid[], $6::integer[], $7::text[], $8::boolean[],
            $9::text[], $10::text[])
     AS i (campaign_id, player_id, task_id, nth, completion_id, generation, state, has_place, reason, appeal)
ON CONFLICT (campaign_id, player_id, task_id, nth) DO UPDATE
SET generation = excluded.generation, state = excluded.state, has_place = excluded.has_place,
    reason = excluded.reason, appeal = excluded.appeal, changed_ms = excluded.changed_ms;

-- name: lock_caps
-- The places that tasks have left, for nobody else until the transaction ends. No row: no bound.
SELECT c.campaign_id, c.task_id, c.places - c.taken AS free
FROM task_cap AS c
WHERE (c.campaign_id, c.task_id) IN (SELECT campaign_id, task_id FROM unnest($1::text[], $2::text[]) AS i (campaign_id, task_id))
ORDER BY c.campaign_id, c.task_id
FOR UPDATE;

-- name: take_places
-- Takes places of locked caps.
UPDATE task_cap AS c SET taken = c.taken + i.places
FROM unnest($1::text[], $2::text[], $3::integer[]) AS i (campaign_id, task_id, places)
WHERE (c.campaign_id, c.task_id) = (i.campaign_id, i.task_id);

-- name: lock_players_of
-- Lets nobody else change what these players have done; in the order of the claim.
SELECT player_id FROM player WHERE player_id = ANY ($1::uuid[]) ORDER BY player_id FOR NO KEY UPDATE;

-- name: is_player
-- Whether a player is this subject of its brand.
SELECT EXISTS (SELECT FROM player WHERE player_id = $1 AND subject = $2);

-- name: find_completion
-- A completion by its id. No row: there is none.
SELECT campaign_id, player_id, task_id, nth, completion_id, generation, state, has_place, reason, appeal
FROM task_completion
WHERE campaign_id = $1 AND completion_id = $2;

-- name: subjects_of
-- The brand's own names of players, those aside that were erased.
SELECT player_id, subject FROM player WHERE player_id = ANY ($1::uuid[]) ORDER BY player_id;

-- name: evidence_of
-- The newest events of a player that count for a task, as far as they are kept.
SELECT e.event_id, e.source, e.type, e.occurrence, e.occurred_ms, e.attributes, c.window_start, c.amount
FROM event AS e JOIN task_contribution AS c ON (c.campaign_id, c.task_id, c.event_id) = ($1, $2, e.event_id)
WHERE e.player_id = $3 AND c.reversed_ms IS NULL
ORDER BY e.occurred_ms DESC, e.event_id
LIMIT $4;

-- name: completions_to_review
-- Completions about which a person has to decide, after an id.
SELECT campaign_id, player_id, task_id, nth, completion_id, generation, state, has_place, reason, appeal
FROM task_completion
WHERE campaign_id = $1 AND completion_id > $2 AND state IN ('pending', 'appealed')
ORDER BY completion_id
LIMIT $3;

-- name: holdings_of_players
-- All that the lists of tasks of some players are told by, since apps ask again and again: the zones that the player
-- chose, oldest first; and the segments, how far the player is in windows ($4 and $5 in pairs, in their order), what was
-- completed, the withdrawn aside, and which tasks have no place left. What is the same has the same text.
SELECT to_jsonb(ARRAY (
    SELECT jsonb_build_object('since_ms', since_ms, 'name', name)
    FROM player_zone WHERE player_id = asked.player_id ORDER BY since_ms)) AS zones,
jsonb_build_object(
    'segments', ARRAY (
        SELECT segment FROM player_segment WHERE brand_id = $3 AND player_id = asked.player_id ORDER BY segment),
    'windows', ARRAY (
        SELECT coalesce((
            SELECT p.progress FROM task_progress AS p
            WHERE (p.campaign_id, p.player_id, p.task_id, p.window_start)
                = ($1, asked.player_id, i.task_id, i.window_start)), 0)
        FROM unnest($4::text[], $5::date[]) WITH ORDINALITY AS i (task_id, window_start, place)
        ORDER BY i.place),
    'completions', ARRAY (
        SELECT jsonb_build_object('task_id', task_id, 'nth', nth, 'completion_id', completion_id,
                                  'generation', generation, 'state', state, 'has_place', has_place,
                                  'reason', reason, 'appeal', appeal)
        FROM task_completion
        WHERE campaign_id = $1 AND player_id = asked.player_id AND state <> 'withdrawn'
        ORDER BY task_id, nth
        LIMIT $6),
    'full', ARRAY (
        SELECT task_id FROM task_cap WHERE campaign_id = $1 AND taken = places ORDER BY task_id)) AS rest
FROM unnest($2::uuid[]) WITH ORDINALITY AS asked (player_id, ordinal)
ORDER BY asked.ordinal;

-- name: streak_holdings_of_players
-- The same for the lists of streaks: the zones; and by streak the days on which an event stands and those that were
-- repaired, which repairs are under way, which milestones have no place left, and of which no more days are repaired.
SELECT to_jsonb(ARRAY (
    SELECT jsonb_build_object('since_ms', since_ms, 'name', name)
    FROM player_zone WHERE player_id = asked.player_id ORDER BY since_ms)) AS zones,
jsonb_build_object(
    'checked', (
        SELECT coalesce(jsonb_object_agg(streak_id, days), '{}') FROM (
            SELECT streak_id, jsonb_agg(day ORDER BY day) AS days FROM streak_day
            WHERE campaign_id = $1 AND player_id = asked.player_id AND events > 0
            GROUP BY streak_id) AS d),
    'repaired', (
        SELECT coalesce(jsonb_object_agg(streak_id, days), '{}') FROM (
            SELECT streak_id, jsonb_agg(day ORDER BY day) AS days FROM streak_repair
            WHERE campaign_id = $1 AND player_id = asked.player_id AND state = 'applied'
            GROUP BY streak_id) AS r),
    'waiting', ARRAY (
        SELECT jsonb_build_array(streak_id, day) FROM streak_repair
        WHERE campaign_id = $1 AND player_id = asked.player_id AND state IN ('funding', 'resolving')
        ORDER BY streak_id, day),
    'full', ARRAY (
        SELECT jsonb_build_array(streak_id, days) FROM streak_milestone
        WHERE campaign_id = $1 AND taken = places ORDER BY streak_id, days),
    'used_up', ARRAY (
        SELECT streak_id FROM streak WHERE campaign_id = $1 AND repairs_taken = repairs ORDER BY streak_id)) AS rest
FROM unnest($2::uuid[]) WITH ORDINALITY AS asked (player_id, ordinal)
ORDER BY asked.ordinal;

-- name: past_events
-- Processed events of some types among the next ones of a brand, in the order in which they came; $4 are looked at.
-- The last row looked at comes too, whatever it is: its id is where the next page begins.
WITH looked_at AS (
    SELECT event_id FROM event WHERE brand_id = $1 AND event_id > $2 ORDER BY event_id LIMIT $4)
SELECT e.brand_id, e.event_id, e.source, e.type, e.reverses, e.player_id, e.occurrence, e.sequence, e.occurred_ms,
       e.attributes, e.attempts, e.next_attempt_ms, e.state = 'processed' AND e.type = ANY ($3::text[]) AS counts
FROM looked_at JOIN event AS e ON e.brand_id = $1 AND e.event_id = looked_at.event_id
WHERE (e.state = 'processed' AND e.type = ANY ($3::text[]))
   OR e.event_id = (SELECT l.event_id FROM looked_at AS l ORDER BY l.event_id DESC LIMIT 1)
ORDER BY e.event_id
LIMIT $4;

-- name: processed_events
-- Those of some events that are processed and were not taken back.
SELECT brand_id, event_id, source, type, reverses, player_id, occurrence, sequence, occurred_ms, attributes, attempts,
       next_attempt_ms
FROM event
WHERE brand_id = $1 AND event_id = ANY ($2::uuid[]) AND state = 'processed'
ORDER BY event_id;

-- name: counted_events
-- Those of some events that have counted for a task, reversed or not.
SELECT event_id FROM task_contribution
WHERE campaign_id = $1 AND task_id = $2 AND event_id = ANY ($3::uuid[])
ORDER BY event_id;

-- name: insert_credit
-- Keeps what somebody wants to credit.
INSERT INTO task_credit (campaign_id, credit_id, task_id, digest, event_ids, asked_by, asked_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: lock_credit
-- What somebody wants to credit. No row: there is no such credit.
SELECT task_id, digest, event_ids, asked_by, approved_by FROM task_credit
WHERE campaign_id = $1 AND credit_id = $2
FOR UPDATE;

-- name: approve_credit
-- Notes who approved a locked credit.
UPDATE task_credit SET approved_by = $3 WHERE campaign_id = $1 AND credit_id = $2;

-- name: insert_streak
-- Writes a streak of a draft campaign.
INSERT INTO streak (campaign_id, streak_id, brand_id, event_type, repairs, draft) VALUES ($1, $2, $3, $4, $5, $6);

-- name: insert_milestones
-- Writes the milestones of a streak.
INSERT INTO streak_milestone (campaign_id, streak_id, days, badge_id, places)
SELECT $1, $2, days, badge_id, places
FROM unnest($3::integer[], $4::text[], $5::integer[]) AS i (days, badge_id, places);

-- name: delete_streak
-- Removes a streak of a draft campaign, with its milestones.
DELETE FROM streak WHERE campaign_id = $1 AND streak_id = $2;

-- name: streaks_of_campaign
-- The streaks of a campaign, as they were written, with when it is open.
SELECT s.streak_id, s.draft, c.opens_ms, c.closes_ms
FROM streak s JOIN campaign c USING (campaign_id)
WHERE s.campaign_id = $1
ORDER BY s.streak_id
LIMIT $2;

-- name: add_marks
-- Counts events for days; an event counts once for each streak.
INSERT INTO streak_event (campaign_id, streak_id, event_id, player_id, day)
SELECT campaign_id, streak_id, event_id, player_id, day
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::date[])
     AS i (campaign_id, streak_id, event_id, player_id, day)
ORDER BY campaign_id, streak_id, event_id
ON CONFLICT DO NOTHING
RETURNING campaign_id, streak_id, event_id;

-- name: reverse_marks
-- The originals of reversals count for their days no more.
UPDATE streak_event AS s SET reversed_ms = $3
FROM unnest($1::text[], $2::uuid[]) AS i (brand_id, event_id)
JOIN event AS r ON (r.brand_id, r.event_id) = (i.brand_id, i.event_id)
JOIN event AS o ON o.brand_id = r.brand_id AND o.player_id = r.player_id AND o.source = r.source
               AND o.type = r.reverses AND o.occurrence = r.occurrence
WHERE s.event_id = o.event_id AND s.reversed_ms IS NULL
RETURNING s.campaign_id, s.streak_id, s.event_id, s.player_id, s.day;

-- name: add_days
-- Adds events to days of locked players; how many stand on them now.
INSERT INTO streak_day AS d (campaign_id, player_id, streak_id, day, events)
SELECT campaign_id, player_id, streak_id, day, events
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::integer[])
     AS i (campaign_id, player_id, streak_id, day, events)
ON CONFLICT (campaign_id, player_id, streak_id, day) DO UPDATE SET events = d.events + excluded.events
RETURNING campaign_id, player_id, streak_id, day, events;

-- name: take_days
-- Takes events from days of locked players; how many are left on them.
UPDATE streak_day AS d SET events = d.events - i.events
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::integer[])
     AS i (campaign_id, player_id, streak_id, day, events)
WHERE (d.campaign_id, d.player_id, d.streak_id, d.day) = (i.campaign_id, i.player_id, i.streak_id, i.day)
RETURNING d.campaign_id, d.player_id, d.streak_id, d.day, d.events;

-- name: days_of
-- The days of players' streaks on which an event stands.
SELECT d.campaign_id, d.player_id, d.streak_id, d.day
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS i (campaign_id, player_id, streak_id)
JOIN streak_day AS d USING (campaign_id, player_id, streak_id)
WHERE d.events > 0
ORDER BY d.campaign_id, d.player_id, d.streak_id, d.day;

-- name: reaches_of
-- The milestones of players, the withdrawn ones too.
SELECT r.campaign_id, r.player_id, r.streak_id, r.days, r.generation, r.state, r.has_place
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS i (campaign_id, player_id, streak_id)
JOIN streak_reach AS r USING (campaign_id, player_id, streak_id)
ORDER BY r.campaign_id, r.player_id, r.streak_id, r.days;

-- name: save_reaches
-- Writes milestones of locked players.
INSERT INTO streak_reach (campaign_id, player_id, streak_id, days, generation, state, has_place, changed_ms)
SELECT campaign_id, player_id, streak_id, days, generation, state, has_place, $8
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::text[], $7::boolean[])
     AS i (campaign_id, player_id, streak_id, days, generation, state, has_place)
ON CONFLICT (campaign_id, player_id, streak_id, days) DO UPDATE
SET generation = excluded.generation, state = excluded.state, has_place = excluded.has_place,
    changed_ms = excluded.changed_ms;

-- name: lock_milestones
-- The places that milestones have left, for nobody else until the transaction ends. No row: no cap.
SELECT m.campaign_id, m.streak_id, m.days, m.places - m.taken AS free
FROM streak_milestone AS m
WHERE m.places IS NOT NULL AND (m.campaign_id, m.streak_id, m.days) IN (
    SELECT campaign_id, streak_id, days
    FROM unnest($1::text[], $2::text[], $3::integer[]) AS i (campaign_id, streak_id, days))
ORDER BY m.campaign_id, m.streak_id, m.days
FOR NO KEY UPDATE;

-- name: take_milestones
-- Takes places of locked milestones.
UPDATE streak_milestone AS m SET taken = m.taken + i.places
FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[]) AS i (campaign_id, streak_id, days, places)
WHERE (m.campaign_id, m.streak_id, m.days) = (i.campaign_id, i.streak_id, i.days);

-- name: campaign_over_ms
-- From when on nothing counts in a campaign.
SELECT least(closes_ms, coalesce(ended_ms, closes_ms)) FROM campaign WHERE campaign_id = $1;

-- name: find_repair
-- A player's repair by its key. No row: the key is new.
SELECT campaign_id, repair_id, player_id, streak_id, day, idempotency_key, state, price_points, asked_ms, apply_before_ms,
       finished_ms, balance_points, refusal, refunds, is_refunded
FROM streak_repair
WHERE campaign_id = $1 AND player_id = $2 AND idempotency_key = $3;

-- name: take_repair
-- Takes a place of those for repairs of a streak, or gives it back. No row: none is left.
UPDATE streak SET repairs_taken = repairs_taken + $3
WHERE campaign_id = $1 AND streak_id = $2 AND repairs_taken + $3 <= repairs
RETURNING streak_id;

-- name: insert_repair
-- Stores a repair with the bytes of its debit.
WITH asked AS (
    INSERT INTO streak_repair (campaign_id, repair_id, player_id, streak_id, day, idempotency_key, state, price_points,
                               asked_ms, apply_before_ms, next_attempt_ms)
    VALUES ($1, $2, $3, $4, $5, $6, 'funding', $7, $8, $9, $10)
)
INSERT INTO operation (campaign_id, operation_id, kind, repair_id, subject, body, state, next_attempt_ms)
VALUES ($1, $11, 'repair', $2, $12, $13, 'due', $10);

-- name: lock_repair
-- A repair, for nobody else until the transaction ends.
SELECT campaign_id, repair_id, player_id, streak_id, day, idempotency_key, state, price_points, asked_ms, apply_before_ms,
       finished_ms, balance_points, refusal, refunds, is_refunded
FROM streak_repair
WHERE campaign_id = $1 AND repair_id = $2
FOR NO KEY UPDATE;

-- name: decide_repair
-- What the ledger has decided about a locked repair and its debit.
WITH decided AS (
    UPDATE streak_repair SET state = $3, finished_ms = $4, balance_points = $5, refusal = $6::jsonb
    WHERE campaign_id = $1 AND repair_id = $2
)
UPDATE operation SET state = $7, ledger_seq = $8 WHERE campaign_id = $1 AND repair_id = $2;

-- name: doubt_repair
-- The debit's outcome is not known: the sweeper asks again later, unless somebody else knows by now.
UPDATE streak_repair SET state = 'resolving', next_attempt_ms = $3
WHERE campaign_id = $1 AND repair_id = $2 AND state IN ('funding', 'resolving');

-- name: claim_repairs
-- Repairs whose turn it is with the bytes of their debits, put off until $2 so that no other process drives them too.
UPDATE streak_repair AS r SET next_attempt_ms = $2
FROM (SELECT campaign_id, repair_id FROM streak_repair
      WHERE state IN ('funding', 'resolving') AND next_attempt_ms <= $1
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS due
JOIN operation AS o USING (campaign_id, repair_id)
WHERE (r.campaign_id, r.repair_id) = (due.campaign_id, due.repair_id)
RETURNING r.campaign_id, r.repair_id, r.player_id, r.streak_id, r.day, r.idempotency_key, r.state, r.price_points,
          r.asked_ms, r.apply_before_ms, r.finished_ms, r.balance_points, r.refusal, r.refunds, r.is_refunded, o.subject, o.body;

-- name: paid_repairs
-- The repairs of players' streaks that were charged.
SELECT r.campaign_id, r.repair_id, r.player_id, r.streak_id, r.day, r.idempotency_key, r.state, r.price_points, r.asked_ms,
       r.apply_before_ms, r.finished_ms, r.balance_points, r.refusal, r.refunds, r.is_refunded
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS i (campaign_id, player_id, streak_id)
JOIN streak_repair AS r USING (campaign_id, player_id, streak_id)
WHERE r.state = 'applied'
ORDER BY r.campaign_id, r.player_id, r.streak_id, r.day;

-- name: save_refunds
-- Which repairs of locked players are refunded, and for which time.
UPDATE streak_repair AS r SET refunds = i.refunds, is_refunded = i.is_refunded
FROM unnest($1::text[], $2::uuid[], $3::integer[], $4::boolean[]) AS i (campaign_id, repair_id, refunds, is_refunded)
WHERE (r.campaign_id, r.repair_id) = (i.campaign_id, i.repair_id);

-- name: save_risks
-- What streaks of locked players risk; a day that was told is not told again.
INSERT INTO streak_risk AS r (campaign_id, player_id, streak_id, day, run, tell_ms)
SELECT campaign_id, player_id, streak_id, day, run, tell_ms
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::integer[], $6::bigint[])
     AS i (campaign_id, player_id, streak_id, day, run, tell_ms)
ON CONFLICT (campaign_id, player_id, streak_id) DO UPDATE
SET day = excluded.day, run = excluded.run,
    tell_ms = CASE WHEN r.told_day = excluded.day THEN NULL ELSE excluded.tell_ms END;

-- name: calm_risks
-- Nothing is told of these streaks.
UPDATE streak_risk AS r SET tell_ms = NULL
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS i (campaign_id, player_id, streak_id)
WHERE (r.campaign_id, r.player_id, r.streak_id) = (i.campaign_id, i.player_id, i.streak_id) AND r.tell_ms IS NOT NULL;

-- name: hurry_risks
-- What a player's streaks risk is judged anew.
UPDATE streak_risk SET tell_ms = $2 WHERE player_id = $1 AND tell_ms IS NOT NULL;

-- name: claim_risks
-- Streaks of which it is time to tell, in the order of their time. What is locked is at work elsewhere.
SELECT r.campaign_id, r.player_id, r.streak_id, r.day, r.run, r.tell_ms, c.time_zone,
       least(c.closes_ms, coalesce(c.ended_ms, c.closes_ms)) AS over_ms
FROM streak_risk AS r JOIN campaign AS c USING (campaign_id)
WHERE r.tell_ms <= $1
ORDER BY r.tell_ms
LIMIT $2
FOR NO KEY UPDATE OF r SKIP LOCKED;

-- name: save_judged
-- What became of claimed risks: told (and of which day), or to be looked at again.
UPDATE streak_risk AS r
SET day = i.day, tell_ms = i.tell_ms, told_day = CASE WHEN i.is_told THEN i.day ELSE r.told_day END
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::bigint[], $6::boolean[])
     AS i (campaign_id, player_id, streak_id, day, tell_ms, is_told)
WHERE (r.campaign_id, r.player_id, r.streak_id) = (i.campaign_id, i.player_id, i.streak_id);
