-- Statements of badges and sets.

-- name: dress_badge
-- How a badge of a draft campaign is earned, and its picture.
UPDATE badge SET criteria_zh = $3, criteria_en = $4, image_url = $5 WHERE campaign_id = $1 AND badge_id = $2;

-- name: save_set
-- Writes a set of a draft campaign.
INSERT INTO badge_set (campaign_id, set_id, draft, prize_left, alternative_left, convert_left)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (campaign_id, set_id) DO UPDATE
SET draft = excluded.draft, prize_left = excluded.prize_left, alternative_left = excluded.alternative_left,
    convert_left = excluded.convert_left;

-- name: leave_set
-- Takes the badges out of a set of a draft campaign.
DELETE FROM badge_of_set WHERE campaign_id = $1 AND set_id = $2;

-- name: join_set
-- Puts badges into a set.
INSERT INTO badge_of_set (campaign_id, badge_id, set_id) SELECT $1, badge_id, $2 FROM unnest($3::text[]) AS b (badge_id);

-- name: delete_set
-- Removes a set of a draft campaign. No row: there is none.
DELETE FROM badge_set WHERE campaign_id = $1 AND set_id = $2 RETURNING set_id;

-- name: sets_of_campaign
-- The sets of a campaign with what is left of them.
SELECT set_id, draft, prize_left, alternative_left, convert_left FROM badge_set
WHERE campaign_id = $1
ORDER BY set_id
LIMIT $2;

-- name: lock_set
-- A set with what is left of it, for nobody else until the transaction ends. No row: there is none.
SELECT set_id, draft, prize_left, alternative_left, convert_left FROM badge_set
WHERE campaign_id = $1 AND set_id = $2
FOR NO KEY UPDATE;

-- name: find_set
-- A set with what is left of it. No row: there is none.
SELECT set_id, draft, prize_left, alternative_left, convert_left FROM badge_set WHERE campaign_id = $1 AND set_id = $2;

-- name: save_left
-- What is left of a locked set.
UPDATE badge_set SET prize_left = $3, alternative_left = $4, convert_left = $5 WHERE campaign_id = $1 AND set_id = $2;

-- name: find_trade
-- What came of a key of a player. No row: it is new.
SELECT set_id, asked, outcome FROM badge_trade WHERE campaign_id = $1 AND player_id = $2 AND key = $3;

-- name: add_trade
-- Stores what a player made of badges.
INSERT INTO badge_trade (campaign_id, trade_id, player_id, set_id, key, kind, asked, outcome, traded_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: claims_of
-- How often a player has claimed missing badges, by set.
SELECT set_id, count(*) AS claims FROM badge_trade
WHERE campaign_id = $1 AND player_id = $2 AND kind = 'claim'
GROUP BY set_id
ORDER BY set_id;

-- name: draws_of
-- How many draws of a player stand in the campaign's log.
SELECT coalesce(sum(s.draws), 0)::bigint
FROM pool AS p
JOIN standing AS s ON (s.campaign_id, s.lineage_id) = (p.campaign_id, p.pool_id)
WHERE p.campaign_id = $1 AND s.player_id = $2;

-- name: at_hand
-- The badges that a player can use, oldest first; what lies under covered tickets is told to nobody.
SELECT a.badge_id, a.award_id
FROM badge_award AS a
LEFT JOIN prize_grant AS g ON (g.campaign_id, g.grant_id) = (a.campaign_id, a.award_id)
LEFT JOIN draw AS d ON (d.campaign_id, d.entry_index) = (g.campaign_id, g.entry_index)
LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (g.campaign_id, g.pool_id)
WHERE a.campaign_id = $1 AND a.player_id = $2 AND a.state = 'held'
  AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)
ORDER BY a.badge_id, a.award_id
LIMIT $3;

-- name: albums_of_players
-- The same of some players, since apps ask again and again: badges at hand, draws, claims. What is the same has the same
-- text.
SELECT jsonb_build_object(
    'held', (
        SELECT coalesce(jsonb_object_agg(badge_id, held), '{}') FROM (
            SELECT badge_id, count(*) AS held FROM (
                SELECT a.badge_id
                FROM badge_award AS a
                LEFT JOIN prize_grant AS g ON (g.campaign_id, g.grant_id) = (a.campaign_id, a.award_id)
                LEFT JOIN draw AS d ON (d.campaign_id, d.entry_index) = (g.campaign_id, g.entry_index)
                LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (g.campaign_id, g.pool_id)
                WHERE a.campaign_id = $1 AND a.player_id = asked.player_id AND a.state = 'held'
                  AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)
                ORDER BY a.badge_id, a.award_id
                LIMIT $3) AS each
            GROUP BY badge_id) AS h),
    'draws', (
        SELECT coalesce(sum(s.draws), 0)
        FROM pool AS p
        JOIN standing AS s ON (s.campaign_id, s.lineage_id) = (p.campaign_id, p.pool_id)
        WHERE p.campaign_id = $1 AND s.player_id = asked.player_id),
    'claims', (
        SELECT coalesce(jsonb_object_agg(set_id, claims), '{}') FROM (
            SELECT set_id, count(*) AS claims FROM badge_trade
            WHERE campaign_id = $1 AND player_id = asked.player_id AND kind = 'claim'
            GROUP BY set_id) AS c)) AS album
FROM unnest($2::uuid[]) WITH ORDINALITY AS asked (player_id, ordinal)
ORDER BY asked.ordinal;

-- name: spend
-- Spends badges. No row for one: it was taken back meanwhile.
UPDATE badge_award SET state = 'spent' WHERE campaign_id = $1 AND award_id = ANY ($2::uuid[]) AND state = 'held'
RETURNING award_id;

-- name: give_away
-- Puts a badge into a gift. No row: it was taken back meanwhile.
UPDATE badge_award SET state = 'gifted' WHERE campaign_id = $1 AND award_id = $2 AND state = 'held'
RETURNING award_id;
