-- Statements of gifts. Whoever changes a gift and what it was made of locks the lots and awards first.

-- name: find_by_key
-- What a key of a player has given, what was asked, and the sealed code. No row: it is new.
SELECT gift_id, giver_id, kind, amount, badge_id, state, taken_back, recipient_id, given_ms, expires_ms, ended_ms, asked,
       code_sealed
FROM gift
WHERE campaign_id = $1 AND giver_id = $2 AND key = $3;

-- name: find_own
-- A gift of its giver. No row: there is none.
SELECT gift_id, giver_id, kind, amount, badge_id, state, taken_back, recipient_id, given_ms, expires_ms, ended_ms
FROM gift
WHERE campaign_id = $1 AND giver_id = $2 AND gift_id = $3;

-- name: lock_by_code
-- The gift that a code opens or has opened, for nobody else until the transaction ends. No row: there is none.
SELECT gift_id, giver_id, kind, amount, badge_id, state, taken_back, recipient_id, given_ms, expires_ms, ended_ms
FROM gift
WHERE campaign_id = $1 AND code_digest = $2
FOR NO KEY UPDATE;

-- name: given_by
-- The newest gifts of a giver.
SELECT gift_id, giver_id, kind, amount, badge_id, state, taken_back, recipient_id, given_ms, expires_ms, ended_ms
FROM gift
WHERE campaign_id = $1 AND giver_id = $2
ORDER BY given_ms DESC, gift_id DESC
LIMIT $3;

-- name: received_by
-- The newest gifts that a player has redeemed.
SELECT gift_id, giver_id, kind, amount, badge_id, state, taken_back, recipient_id, given_ms, expires_ms, ended_ms
FROM gift
WHERE campaign_id = $1 AND recipient_id = $2
ORDER BY ended_ms DESC, gift_id DESC
LIMIT $3;

-- name: given_since
-- How many gifts a player has given since a time.
SELECT count(*) FROM gift WHERE campaign_id = $1 AND giver_id = $2 AND given_ms > $3;

-- name: received_since
-- How many gifts a player has redeemed since a time.
SELECT count(*) FROM gift WHERE campaign_id = $1 AND recipient_id = $2 AND ended_ms > $3;

-- name: lock_lots
-- The chances of a player that have not expired, locked in the order in which they are used. Those that lie under covered
-- tickets are told to nobody, and so they are not given.
SELECT l.lot_id, l.units_left AS units, l.expires_ms
FROM chance_lot AS l
LEFT JOIN draw AS d ON d.campaign_id = l.campaign_id
    AND d.entry_index = CASE WHEN l.source LIKE 'draw:%' THEN substr(l.source, 6)::bigint END
LEFT JOIN play AS t ON (t.campaign_id, t.play_id) = (d.campaign_id, d.play_id)
LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (t.campaign_id, t.pool_id)
WHERE l.campaign_id = $1 AND l.player_id = $2 AND l.units_left > 0 AND l.expires_ms > $3
  AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)
ORDER BY l.expires_ms, l.lot_id
LIMIT $4
FOR NO KEY UPDATE OF l;

-- name: add_gift
-- Stores an open gift.
INSERT INTO gift (campaign_id, gift_id, giver_id, key, asked, kind, amount, badge_id, award_id, code_digest, code_sealed,
                  state, given_ms, expires_ms, next_attempt_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13, $13);

-- name: put_in
-- Moves chances out of locked lots into a gift.
WITH moved AS (
    UPDATE chance_lot AS l SET units_left = l.units_left - p.units, given_away = l.given_away + p.units
    FROM unnest($3::uuid[], $4::integer[]) AS p (lot_id, units)
    WHERE l.campaign_id = $1 AND l.lot_id = p.lot_id
)
INSERT INTO gift_lot (campaign_id, gift_id, lot_id, units, expires_ms)
SELECT $1, $2, p.* FROM unnest($3::uuid[], $4::integer[], $5::bigint[]) AS p (lot_id, units, expires_ms);

-- name: content
-- The chances in a locked gift.
SELECT lot_id, units, expires_ms FROM gift_lot
WHERE campaign_id = $1 AND gift_id = $2 AND NOT is_taken_back
ORDER BY expires_ms, lot_id;

-- name: redeem
-- Gives a locked gift to its recipient.
UPDATE gift SET state = 'redeemed', recipient_id = $3, ended_ms = $4, next_attempt_ms = NULL
WHERE campaign_id = $1 AND gift_id = $2;

-- name: claim_expired
-- Gifts whose time is over and whose turn it is, put off until $2. No row: none is.
UPDATE gift AS g SET next_attempt_ms = $2
FROM (SELECT campaign_id, gift_id FROM gift
      WHERE state = 'open' AND next_attempt_ms <= $1
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE (g.campaign_id, g.gift_id) = (due.campaign_id, due.gift_id)
RETURNING g.campaign_id, g.gift_id;

-- name: lock_lots_of
-- Locks the lots that gifts were made of, in the order in which plays do.
SELECT lot_id FROM chance_lot
WHERE campaign_id = $1 AND lot_id IN (SELECT lot_id FROM gift_lot WHERE campaign_id = $1 AND gift_id = ANY ($2::uuid[]))
ORDER BY player_id, expires_ms, lot_id
FOR NO KEY UPDATE;

-- name: lock_awards_of
-- Locks the badges in gifts, in key order.
SELECT award_id FROM badge_award
WHERE campaign_id = $1 AND award_id IN (SELECT award_id FROM gift WHERE campaign_id = $1 AND gift_id = ANY ($2::uuid[]))
ORDER BY award_id
FOR NO KEY UPDATE;

-- name: give_back
-- Ends open gifts whose lots and awards are locked; what is in them is the giver's again. No row for one: it is over.
WITH open AS (
    SELECT gift_id, award_id FROM gift
    WHERE campaign_id = $1 AND gift_id = ANY ($2::uuid[]) AND state = 'open'
    ORDER BY gift_id
    FOR NO KEY UPDATE
), refilled AS (
    UPDATE chance_lot AS l SET units_left = l.units_left + back.units, given_away = l.given_away - back.units
    FROM (SELECT c.lot_id, sum(c.units) AS units
          FROM open JOIN gift_lot AS c USING (gift_id)
          WHERE c.campaign_id = $1 AND NOT c.is_taken_back
          GROUP BY c.lot_id) AS back
    WHERE l.campaign_id = $1 AND l.lot_id = back.lot_id
), held AS (
    UPDATE badge_award AS a SET state = 'held'
    FROM open
    WHERE a.campaign_id = $1 AND a.award_id = open.award_id
)
UPDATE gift AS g SET state = $3, ended_ms = $4, next_attempt_ms = NULL
FROM open
WHERE g.campaign_id = $1 AND g.gift_id = open.gift_id
RETURNING g.giver_id, g.kind;
