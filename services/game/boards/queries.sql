-- Statements of boards. Arrays are columns: one element is one row.

-- name: save_board
-- Writes a board of a draft campaign, without seasons.
WITH gone AS (DELETE FROM board_season WHERE campaign_id = $1 AND board_id = $2)
INSERT INTO board (campaign_id, board_id, metric, draft)
VALUES ($1, $2, $3, $4)
ON CONFLICT (campaign_id, board_id) DO UPDATE SET metric = excluded.metric, draft = excluded.draft;

-- name: save_seasons
-- Writes the seasons of a board of a draft campaign.
INSERT INTO board_season (campaign_id, board_id, season, starts_ms, ends_ms, counts_from_ms, counts_until_ms)
SELECT $1, $2, season, starts_ms, ends_ms, counts_from_ms, counts_until_ms
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
     AS s (season, starts_ms, ends_ms, counts_from_ms, counts_until_ms);

-- name: delete_board
-- Removes a board of a draft campaign with its seasons. No row: there is none.
DELETE FROM board WHERE campaign_id = $1 AND board_id = $2 RETURNING board_id;

-- name: boards_of_campaign
-- The boards of a campaign, as they were written.
SELECT board_id, draft FROM board WHERE campaign_id = $1 ORDER BY board_id LIMIT $2;

-- name: seasons_of_campaign
-- The seasons of all boards of a campaign, in order.
SELECT board_id, season, starts_ms, ends_ms, counts_from_ms, counts_until_ms, frozen_ms FROM board_season
WHERE campaign_id = $1
ORDER BY board_id, starts_ms
LIMIT $2;

-- name: task_ids
-- The tasks of a campaign.
SELECT task_id FROM task WHERE campaign_id = $1 ORDER BY task_id;

-- name: streak_ids
-- The streaks of a campaign.
SELECT streak_id FROM streak WHERE campaign_id = $1 ORDER BY streak_id;

-- name: claim_due
-- Takes metrics of players that have changed; what others are changing is left for the next time.
DELETE FROM score_due AS d
USING (SELECT campaign_id, metric, player_id FROM score_due
       ORDER BY campaign_id, metric, player_id
       LIMIT $1
       FOR UPDATE SKIP LOCKED) AS due
WHERE (d.campaign_id, d.metric, d.player_id) = (due.campaign_id, due.metric, due.player_id)
RETURNING d.campaign_id, d.metric, d.player_id;

-- name: hold_seasons
-- Keeps the seasons that these metrics of campaigns change from being frozen meanwhile.
SELECT z.season
FROM board_season AS z JOIN board AS b USING (campaign_id, board_id)
WHERE (b.campaign_id, b.metric) IN (SELECT * FROM unnest($1::text[], $2::text[]))
  AND z.frozen_ms IS NULL AND z.counts_from_ms <= $3
ORDER BY z.campaign_id, z.board_id, z.season
FOR SHARE OF z;

-- name: fold
-- Adds up claimed metrics of players in the seasons that are held. No row for one: it is as it was.
INSERT INTO board_standing AS t (campaign_id, board_id, season, player_id, score, reached_ms)
SELECT z.campaign_id, z.board_id, z.season, d.player_id, sums.score, sums.reached_ms
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS d (campaign_id, metric, player_id)
JOIN board AS b USING (campaign_id, metric)
JOIN board_season AS z USING (campaign_id, board_id)
CROSS JOIN LATERAL (
    SELECT least(coalesce(sum(s.amount), 0), 9007199254740991)::bigint AS score, coalesce(max(s.at_ms), 0) AS reached_ms
    FROM score AS s
    WHERE (s.campaign_id, s.player_id, s.metric) = (d.campaign_id, d.player_id, d.metric)
      AND s.at_ms >= z.counts_from_ms AND s.at_ms < z.counts_until_ms) AS sums
WHERE z.frozen_ms IS NULL AND z.counts_from_ms <= $4
  AND (sums.score > 0 OR EXISTS (
      SELECT FROM board_standing AS o
      WHERE (o.campaign_id, o.board_id, o.season, o.player_id) = (z.campaign_id, z.board_id, z.season, d.player_id)))
ORDER BY z.campaign_id, z.board_id, z.season, d.player_id
ON CONFLICT (campaign_id, board_id, season, player_id) DO UPDATE
SET score = excluded.score, reached_ms = excluded.reached_ms, version = t.version + 1, is_published = false
WHERE (t.score, t.reached_ms) <> (excluded.score, excluded.reached_ms)
RETURNING campaign_id, board_id, season, player_id, score, reached_ms, version;

-- name: top
-- The first of a season.
SELECT player_id, score, reached_ms FROM board_standing
WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND score > 0
ORDER BY score DESC, reached_ms, player_id
LIMIT $4 OFFSET $5;

-- name: standings_of
-- Where players stand in a season. No row for one: nowhere.
SELECT player_id, score, reached_ms FROM board_standing
WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND player_id = ANY ($4::uuid[]) AND score > 0
ORDER BY score DESC, reached_ms, player_id;

-- name: count_ahead
-- How many are ahead of a standing, counted to a limit.
SELECT count(*) FROM (
    SELECT FROM board_standing
    WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND score >= $4 AND score > 0
      AND (score > $4 OR (reached_ms, player_id) < ($5, $6))
    LIMIT $7) AS ahead;

-- name: ranked_after
-- Standings of a season in order, after one; $4 null: from the first on.
SELECT player_id, score, reached_ms FROM board_standing
WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND score > 0
  AND ($4::bigint IS NULL OR (score <= $4 AND (score < $4 OR (reached_ms, player_id) > ($5, $6))))
ORDER BY score DESC, reached_ms, player_id
LIMIT $7;

-- name: standings_after
-- Standings of a season after a player, in the order of ids, those of 0 too: their versions keep what is older away.
SELECT campaign_id, board_id, season, player_id, score, reached_ms, version FROM board_standing
WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND player_id > $4
ORDER BY player_id
LIMIT $5;

-- name: unpublished
-- Standings that have not been published yet.
SELECT t.campaign_id, t.board_id, t.season, t.player_id, t.score, t.reached_ms, t.version
FROM board_standing AS t JOIN board_season AS z USING (campaign_id, board_id, season)
WHERE NOT t.is_published AND z.frozen_ms IS NULL
ORDER BY t.campaign_id, t.board_id, t.season
LIMIT $1;

-- name: mark_published
-- Notes what was published, unless it has changed since.
UPDATE board_standing AS t SET is_published = true
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bigint[]) AS p (campaign_id, board_id, season, player_id, version)
WHERE (t.campaign_id, t.board_id, t.season, t.player_id, t.version)
    = (p.campaign_id, p.board_id, p.season, p.player_id, p.version);

-- name: open_seasons
-- Some of the seasons of launched campaigns that have begun and are not frozen, others each time.
SELECT z.campaign_id, z.board_id, z.season
FROM board_season AS z JOIN campaign AS c USING (campaign_id)
WHERE z.frozen_ms IS NULL AND z.starts_ms <= $1 AND c.state <> 'draft'
ORDER BY random()
LIMIT $2;

-- name: seasons_after
-- The seasons of launched campaigns that have begun and are not frozen, in order after one.
SELECT z.campaign_id, z.board_id, z.season
FROM board_season AS z JOIN campaign AS c USING (campaign_id)
WHERE z.frozen_ms IS NULL AND z.starts_ms <= $1 AND c.state <> 'draft'
  AND (z.campaign_id, z.board_id, z.season) > ($2, $3, $4)
ORDER BY z.campaign_id, z.board_id, z.season
LIMIT $5;

-- name: seasons_over
-- Seasons whose grace is over and that are not frozen, others each time: some may wait for long. One of a campaign that was
-- ended ends with it.
SELECT z.campaign_id, z.board_id, z.season
FROM board_season AS z
JOIN board AS b USING (campaign_id, board_id)
JOIN campaign AS c USING (campaign_id)
WHERE z.frozen_ms IS NULL AND c.state <> 'draft'
  AND least(z.ends_ms, c.ended_ms) + (b.draft ->> 'grace_hours')::bigint * 3600000 <= $1
ORDER BY random()
LIMIT $2;

-- name: lock_season
-- A season that is not frozen, for nobody else until the transaction ends. No row: it is frozen, or somebody is at it.
SELECT b.draft
FROM board_season AS z JOIN board AS b USING (campaign_id, board_id)
WHERE z.campaign_id = $1 AND z.board_id = $2 AND z.season = $3 AND z.frozen_ms IS NULL
FOR UPDATE OF z SKIP LOCKED;

-- name: waits_for
-- What a locked season that is over waits for, at most $6 ms: draws that may still come or be uncovered, draws that are not
-- counted yet, events that came in time and are not processed, more to add up than can be done at once ($5).
SELECT CASE
    WHEN b.metric IN ('draws', 'points', 'badges') AND z.counts_until_ms > z.ends_ms AND c.state <> 'closed'
         AND z.ends_ms + $6 > $4 THEN 'plays'
    WHEN EXISTS (
        SELECT FROM score_log AS f
        JOIN log AS l USING (campaign_id)
        JOIN log_entry AS e ON e.campaign_id = f.campaign_id AND e.entry_index = f.next_index
        WHERE f.campaign_id = b.campaign_id AND b.metric IN ('draws', 'points', 'badges') AND f.next_index < l.size
          AND (convert_from(e.entry, 'UTF8')::jsonb ->> 't')::bigint < z.counts_until_ms) THEN 'log'
    WHEN b.metric NOT IN ('draws', 'points', 'sets') AND EXISTS (
        SELECT FROM event AS v
        WHERE v.brand_id = c.brand_id AND v.state = 'stored'
          AND v.received_ms < least(z.ends_ms, c.ended_ms) + (b.draft ->> 'grace_hours')::bigint * 3600000) THEN 'events'
    WHEN (SELECT count(*) FROM (
        SELECT FROM score_due AS d WHERE d.campaign_id = b.campaign_id AND d.metric = b.metric LIMIT $5 + 1) AS few) > $5
        THEN 'due'
    ELSE ''
END
FROM board_season AS z
JOIN board AS b USING (campaign_id, board_id)
JOIN campaign AS c USING (campaign_id)
WHERE z.campaign_id = $1 AND z.board_id = $2 AND z.season = $3;

-- name: add_up_season
-- Adds up in a locked season what is due of its metric; the rows that say so stay for other seasons.
INSERT INTO board_standing AS t (campaign_id, board_id, season, player_id, score, reached_ms)
SELECT z.campaign_id, z.board_id, z.season, d.player_id, sums.score, sums.reached_ms
FROM board_season AS z
JOIN board AS b USING (campaign_id, board_id)
JOIN score_due AS d USING (campaign_id, metric)
CROSS JOIN LATERAL (
    SELECT least(coalesce(sum(s.amount), 0), 9007199254740991)::bigint AS score, coalesce(max(s.at_ms), 0) AS reached_ms
    FROM score AS s
    WHERE (s.campaign_id, s.player_id, s.metric) = (d.campaign_id, d.player_id, d.metric)
      AND s.at_ms >= z.counts_from_ms AND s.at_ms < z.counts_until_ms) AS sums
WHERE z.campaign_id = $1 AND z.board_id = $2 AND z.season = $3
ON CONFLICT (campaign_id, board_id, season, player_id) DO UPDATE
SET score = excluded.score, reached_ms = excluded.reached_ms, version = t.version + 1
WHERE (t.score, t.reached_ms) <> (excluded.score, excluded.reached_ms);

-- name: add_results
-- Stores the final ranks of a locked season. Who was erased is due nothing.
INSERT INTO board_result (campaign_id, board_id, season, rank, player_id, score, reached_ms, is_due)
SELECT $1, $2, $3, rank, player_id, score, reached_ms,
       is_due AND NOT EXISTS (SELECT FROM player AS p WHERE p.player_id = r.player_id AND p.subject IS NULL)
FROM unnest($4::integer[], $5::uuid[], $6::bigint[], $7::bigint[], $8::boolean[]) AS r (rank, player_id, score, reached_ms, is_due);

-- name: freeze
-- Freezes a locked season; $5 is not null where nobody is due a reward. Nothing of it is published any more.
WITH published AS (
    UPDATE board_standing SET is_published = true
    WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND NOT is_published
)
UPDATE board_season SET frozen_ms = $4, rewarded_ms = $5
WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND frozen_ms IS NULL;

-- name: claim_unrewarded
-- Some frozen season whose rewards are not all given, another one each time. No row: there is none, or others are at them.
SELECT z.campaign_id, z.board_id, z.season, b.draft
FROM board_season AS z JOIN board AS b USING (campaign_id, board_id)
WHERE z.frozen_ms IS NOT NULL AND z.rewarded_ms IS NULL
ORDER BY random()
LIMIT 1
FOR NO KEY UPDATE OF z SKIP LOCKED;

-- name: rewardable
-- The next ranks of a season that were not given their rewards.
SELECT rank, player_id FROM board_result
WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND is_due AND given_ms IS NULL
ORDER BY rank
LIMIT $4;

-- name: rewarded
-- Notes that ranks were given their rewards.
UPDATE board_result SET given_ms = $5
WHERE campaign_id = $1 AND board_id = $2 AND season = $3 AND rank = ANY ($4::integer[]);

-- name: season_rewarded
-- Notes that all rewards of a season were given, if they were.
UPDATE board_season AS z SET rewarded_ms = $4
WHERE z.campaign_id = $1 AND z.board_id = $2 AND z.season = $3
  AND NOT EXISTS (
      SELECT FROM board_result AS r
      WHERE (r.campaign_id, r.board_id, r.season) = (z.campaign_id, z.board_id, z.season) AND r.is_due AND r.given_ms IS NULL);

-- name: frozen_ms
-- When a season was frozen, null: it is not.
SELECT frozen_ms FROM board_season WHERE campaign_id = $1 AND board_id = $2 AND season = $3;

-- name: results_of
-- The first final ranks of a frozen season.
SELECT rank, player_id, score, reached_ms FROM board_result
WHERE campaign_id = $1 AND board_id = $2 AND season = $3
ORDER BY rank
LIMIT $4;
