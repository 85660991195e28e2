-- Statements of scores. Arrays are columns: one element is one row.

-- name: wanted
-- The metrics that boards of a campaign rank by, and whether that can change yet. No row: there is no such campaign.
SELECT c.state <> 'draft' AS is_final,
       ARRAY(SELECT DISTINCT b.metric FROM board AS b WHERE b.campaign_id = c.campaign_id ORDER BY b.metric) AS metrics
FROM campaign AS c
WHERE c.campaign_id = $1;

-- name: follow_log
-- Lets the draws of a draft campaign be counted from its log where a board wants one of the metrics $2.
WITH wanting AS (
    SELECT campaign_id FROM board WHERE campaign_id = $1 AND metric = ANY ($2::text[]) LIMIT 1
), gone AS (
    DELETE FROM score_log WHERE campaign_id = $1 AND NOT EXISTS (SELECT FROM wanting)
)
INSERT INTO score_log (campaign_id) SELECT campaign_id FROM wanting
ON CONFLICT DO NOTHING;

-- name: mark
-- Locks what is about to change, in key order, and has it added up again.
INSERT INTO score_due AS d (campaign_id, metric, player_id)
SELECT DISTINCT campaign_id, metric, player_id FROM unnest($1::text[], $2::text[], $3::uuid[]) AS m (campaign_id, metric, player_id)
ORDER BY campaign_id, metric, player_id
ON CONFLICT (campaign_id, metric, player_id) DO UPDATE SET marks = d.marks + 1;

-- name: put
-- Writes what counts; a source that counts already counts as it says now.
INSERT INTO score AS s (campaign_id, player_id, metric, source, amount, at_ms)
SELECT campaign_id, player_id, metric, source, amount, at_ms
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
     AS i (campaign_id, player_id, metric, source, amount, at_ms)
ON CONFLICT (campaign_id, player_id, metric, source) DO UPDATE SET amount = excluded.amount, at_ms = excluded.at_ms
WHERE (s.amount, s.at_ms) <> (excluded.amount, excluded.at_ms);

-- name: remove
-- Deletes what does not count any more.
DELETE FROM score AS s
USING unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) AS i (campaign_id, player_id, metric, source)
WHERE (s.campaign_id, s.player_id, s.metric, s.source) = (i.campaign_id, i.player_id, i.metric, i.source);

-- name: claim_log
-- The log that was not followed for longest among those that have grown. No row: none has, or others follow them.
SELECT s.campaign_id, s.next_index, least(l.size, s.next_index + $1) AS until_index
FROM score_log AS s JOIN log AS l USING (campaign_id)
WHERE s.next_index < l.size
ORDER BY s.followed_ms, s.campaign_id
LIMIT 1
FOR NO KEY UPDATE OF s SKIP LOCKED;

-- name: followed
-- Notes how far a locked log is counted.
UPDATE score_log SET next_index = $2, followed_ms = $3 WHERE campaign_id = $1;

-- name: draws_in_log
-- The draws among entries of a log: by whom, when, the points that they won, and whether they won a badge. What lies
-- under a covered ticket is told to nobody.
SELECT d.entry_index, y.player_id, (convert_from(e.entry, 'UTF8')::jsonb ->> 't')::bigint AS at_ms,
       CASE WHEN g.kind = 'points' THEN g.amount END AS points, coalesce(g.kind = 'badge', false) AS is_badge
FROM draw AS d
JOIN play AS y USING (campaign_id, play_id)
JOIN log_entry AS e USING (campaign_id, entry_index)
JOIN pool AS p USING (campaign_id, pool_id)
LEFT JOIN prize_grant AS g
    ON (g.campaign_id, g.entry_index) = (d.campaign_id, d.entry_index) AND (p.game <> 'scratch' OR d.uncovered_ms IS NOT NULL)
WHERE d.campaign_id = $1 AND d.entry_index >= $2 AND d.entry_index < $3
ORDER BY d.entry_index;

-- name: uncovered_draws
-- The same of tickets that were just uncovered.
SELECT d.entry_index, y.player_id, (convert_from(e.entry, 'UTF8')::jsonb ->> 't')::bigint AS at_ms,
       CASE WHEN g.kind = 'points' THEN g.amount END AS points, g.kind = 'badge' AS is_badge
FROM draw AS d
JOIN play AS y USING (campaign_id, play_id)
JOIN log_entry AS e USING (campaign_id, entry_index)
JOIN prize_grant AS g USING (campaign_id, entry_index)
WHERE d.campaign_id = $1 AND d.entry_index = ANY ($2::bigint[])
ORDER BY d.entry_index;

-- name: put_badges
-- The badges that marked players have or have used, each since the first of it; badges under covered tickets are nobody's.
WITH held AS (
    SELECT a.player_id, a.badge_id, min(a.awarded_ms) AS at_ms
    FROM badge_award AS a
    LEFT JOIN prize_grant AS g ON (g.campaign_id, g.grant_id) = (a.campaign_id, a.award_id)
    LEFT JOIN draw AS d ON (d.campaign_id, d.entry_index) = (g.campaign_id, g.entry_index)
    LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (g.campaign_id, g.pool_id)
    WHERE a.campaign_id = $1 AND a.player_id = ANY ($2::uuid[]) AND a.state IN ('held', 'spent')
      AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)
    GROUP BY a.player_id, a.badge_id
), gone AS (
    DELETE FROM score AS s
    WHERE s.campaign_id = $1 AND s.player_id = ANY ($2::uuid[]) AND s.metric = 'badges'
      AND NOT EXISTS (SELECT FROM held WHERE (held.player_id, held.badge_id) = (s.player_id, s.source))
)
INSERT INTO score AS s (campaign_id, player_id, metric, source, amount, at_ms)
SELECT $1, player_id, 'badges', badge_id, 1, at_ms FROM held ORDER BY player_id, badge_id
ON CONFLICT (campaign_id, player_id, metric, source) DO UPDATE SET at_ms = excluded.at_ms
WHERE s.at_ms <> excluded.at_ms;
