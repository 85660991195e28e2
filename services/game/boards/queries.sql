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
