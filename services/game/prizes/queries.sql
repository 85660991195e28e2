-- Statements of prizes. Arrays are columns: one element is one row.

-- name: add_grants
-- Stores what draws won.
INSERT INTO prize_grant (campaign_id, grant_id, player_id, entry_index, pool_id, row_ordinal, kind, amount, granted_ms)
SELECT g.campaign_id, g.grant_id, g.player_id, g.entry_index, g.pool_id, g.row_ordinal, g.kind, g.amount, $1
FROM unnest($2::won_prize[]) AS g;

-- name: add_lots
-- Chances that were won or given.
INSERT INTO chance_lot (campaign_id, lot_id, player_id, source, granted, units_left, expires_ms)
SELECT l.campaign_id, l.lot_id, l.player_id, l.source, l.units, l.units, l.expires_ms
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[])
    AS l (campaign_id, lot_id, player_id, source, units, expires_ms);

-- name: add_awards
-- Badges that were won or given.
INSERT INTO badge_award (campaign_id, award_id, player_id, badge_id, source, awarded_ms)
SELECT a.campaign_id, a.award_id, a.player_id, a.badge_id, a.source, $1
FROM unnest($2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[])
    AS a (campaign_id, award_id, player_id, badge_id, source);

-- name: take_vouchers
-- Gives each grant or reward the lowest free code of its batch. Codes are taken under the logs' locks only, so no row
-- moves between being found and being updated at its place (ctid): constant work however many codes there are, even
-- before the planner has seen them. No row for one: its batch has run out.
WITH asked AS (
    SELECT campaign_id, voucher_batch, grant_id, reward_id,
           row_number() OVER (PARTITION BY campaign_id, voucher_batch ORDER BY coalesce(grant_id, reward_id)) AS nth
    FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[]) AS a (campaign_id, grant_id, reward_id, voucher_batch)
), free AS (
    SELECT b.campaign_id, b.voucher_batch, lowest.place,
           row_number() OVER (PARTITION BY b.campaign_id, b.voucher_batch ORDER BY lowest.code) AS nth
    FROM (SELECT campaign_id, voucher_batch, count(*) AS units FROM asked GROUP BY campaign_id, voucher_batch) AS b
    CROSS JOIN LATERAL (
        SELECT v.code, v.ctid AS place FROM voucher AS v
        WHERE v.campaign_id = b.campaign_id AND v.voucher_batch = b.voucher_batch AND v.grant_id IS NULL AND v.reward_id IS NULL
        ORDER BY v.code
        LIMIT b.units
    ) AS lowest
)
UPDATE voucher AS v SET grant_id = asked.grant_id, reward_id = asked.reward_id
FROM asked JOIN free USING (campaign_id, voucher_batch, nth)
WHERE v.ctid = free.place
RETURNING coalesce(v.grant_id, v.reward_id) AS given_to;

-- name: add_rewards
-- Stores rewards. No row for one: its source has given the player something already, or the player is erased.
INSERT INTO reward (campaign_id, reward_id, player_id, source, kind, amount, item, expires_ms, given_ms)
SELECT $1, r.reward_id, r.player_id, r.source, r.kind, r.amount, r.item, r.expires_ms, $2
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::bigint[])
    AS r (reward_id, player_id, source, kind, amount, item, expires_ms)
JOIN player AS p ON p.player_id = r.player_id AND p.subject IS NOT NULL
ON CONFLICT ON CONSTRAINT reward_once DO NOTHING
RETURNING reward_id;

-- name: lock_debts
-- What players owe of a kind, locked in key order. No row: nothing.
SELECT d.player_id, d.kind, d.item, d.amount
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS asked (player_id, kind, item)
JOIN debt AS d ON d.player_id = asked.player_id AND d.kind = asked.kind AND d.item IS NOT DISTINCT FROM asked.item
WHERE d.campaign_id = $1 AND d.amount > 0
ORDER BY d.player_id, d.kind, d.item
FOR NO KEY UPDATE OF d;

-- name: withhold
-- Settles locked debts with parts of rewards that were just stored.
WITH kept AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[])
        AS k (reward_id, player_id, kind, item, amount)
), marked AS (
    UPDATE reward AS r SET withheld = kept.amount
    FROM kept
    WHERE r.campaign_id = $1 AND r.reward_id = kept.reward_id
)
UPDATE debt AS d SET amount = d.amount - settled.amount
FROM (SELECT player_id, kind, item, sum(amount)::bigint AS amount FROM kept GROUP BY player_id, kind, item) AS settled
WHERE d.campaign_id = $1 AND d.player_id = settled.player_id AND d.kind = settled.kind
  AND d.item IS NOT DISTINCT FROM settled.item;

-- name: any_voucher
-- Whether one of these rewards is a voucher.
SELECT EXISTS (
    SELECT FROM unnest($2::uuid[], $3::text[]) AS asked (player_id, source)
    JOIN reward AS r USING (player_id, source)
    WHERE r.campaign_id = $1 AND r.kind = 'voucher');

-- name: lock_given
-- Rewards that stand, locked in key order. No row for one: it was never given, or it was taken back.
SELECT r.reward_id, r.player_id, r.kind, r.amount, r.withheld, r.redeemed_ms
FROM reward AS r
WHERE r.campaign_id = $1 AND (r.player_id, r.source) IN (SELECT * FROM unnest($2::uuid[], $3::text[])) AND r.state = 'given'
ORDER BY r.reward_id
FOR NO KEY UPDATE;

-- name: lock_lots
-- Locks the lots of locked rewards in the order in which plays do.
SELECT lot_id FROM chance_lot
WHERE campaign_id = $1 AND lot_id = ANY ($2::uuid[])
ORDER BY player_id, expires_ms, lot_id
FOR NO KEY UPDATE;

-- name: take_chances
-- Takes what is left in locked lots, and what lies in gifts that nobody has redeemed. No row for one: nothing was given.
WITH open AS (
    SELECT gift_id FROM gift
    WHERE campaign_id = $1 AND state = 'open'
      AND gift_id IN (SELECT gift_id FROM gift_lot WHERE campaign_id = $1 AND lot_id = ANY ($2::uuid[]))
    ORDER BY gift_id
    FOR NO KEY UPDATE
), withdrawn AS (
    UPDATE gift_lot AS c SET is_taken_back = true
    FROM open
    WHERE c.campaign_id = $1 AND c.gift_id = open.gift_id AND c.lot_id = ANY ($2::uuid[]) AND NOT c.is_taken_back
    RETURNING c.gift_id, c.lot_id, c.units
), lessened AS (
    UPDATE gift AS g
    SET taken_back = g.taken_back + lost.units,
        state = CASE WHEN g.taken_back + lost.units = g.amount THEN 'taken_back' ELSE 'open' END,
        ended_ms = CASE WHEN g.taken_back + lost.units = g.amount THEN $3::bigint END,
        next_attempt_ms = CASE WHEN g.taken_back + lost.units < g.amount THEN g.next_attempt_ms END
    FROM (SELECT gift_id, sum(units)::integer AS units FROM withdrawn GROUP BY gift_id) AS lost
    WHERE g.campaign_id = $1 AND g.gift_id = lost.gift_id
), taken AS (
    SELECT l.lot_id, l.units_left, coalesce(sum(w.units), 0)::integer AS in_gifts
    FROM chance_lot AS l LEFT JOIN withdrawn AS w USING (lot_id)
    WHERE l.campaign_id = $1 AND l.lot_id = ANY ($2::uuid[])
    GROUP BY l.lot_id, l.units_left
)
UPDATE chance_lot AS l
SET units_left = 0, given_away = l.given_away - taken.in_gifts,
    taken_back = l.taken_back + taken.units_left + taken.in_gifts
FROM taken
WHERE l.campaign_id = $1 AND l.lot_id = taken.lot_id
RETURNING l.lot_id, taken.units_left + taken.in_gifts AS units;

-- name: free_codes
-- Puts codes that nobody has seen back into their batches.
UPDATE voucher SET reward_id = NULL WHERE campaign_id = $1 AND reward_id = ANY ($2::uuid[]);

-- name: lock_awards
-- Locks the badges of locked rewards in key order.
SELECT award_id FROM badge_award
WHERE campaign_id = $1 AND award_id = ANY ($2::uuid[])
ORDER BY award_id
FOR NO KEY UPDATE;

-- name: reverse_awards
-- Takes locked badges that are held, or lie in gifts that nobody has redeemed. No row for one: it was spent or given.
WITH withdrawn AS (
    UPDATE gift SET state = 'taken_back', taken_back = 1, ended_ms = $3, next_attempt_ms = NULL
    WHERE campaign_id = $1 AND award_id = ANY ($2::uuid[]) AND state = 'open'
    RETURNING award_id
)
UPDATE badge_award SET state = 'reversed'
WHERE campaign_id = $1 AND award_id = ANY ($2::uuid[]) AND (state = 'held' OR award_id IN (SELECT award_id FROM withdrawn))
RETURNING award_id;

-- name: begin_returns
-- Lets the points of locked rewards be taken back.
UPDATE reward SET state = 'returning', taken_back_ms = $3, next_attempt_ms = $3
WHERE campaign_id = $1 AND reward_id = ANY ($2::uuid[]);

-- name: claim_returning
-- Rewards that are being taken back and whose turn it is, put off until $2. No row: none is.
UPDATE reward AS r SET next_attempt_ms = $2
FROM (SELECT campaign_id, reward_id FROM reward
      WHERE state = 'returning' AND next_attempt_ms <= $1
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE (r.campaign_id, r.reward_id) = (due.campaign_id, due.reward_id)
RETURNING r.campaign_id, r.reward_id;

-- name: lock_returning
-- Locks rewards that are being taken back, in key order.
SELECT r.reward_id
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, reward_id)
JOIN reward AS r USING (campaign_id, reward_id)
ORDER BY r.campaign_id, r.reward_id
FOR NO KEY UPDATE OF r;

-- name: taken_back
-- Rewards that are being taken back, with their credit and their last return. No row for one: it is over.
SELECT r.campaign_id, r.reward_id, p.brand_id, p.subject, r.source, r.amount, r.withheld, r.recovered,
       paid.operation_id AS paid_id, paid.state AS paid, back.operation_id AS returned_id, back.state AS returned,
       coalesce(back.attempt, 0) AS attempt
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, reward_id)
JOIN reward AS r USING (campaign_id, reward_id)
JOIN player AS p USING (player_id)
LEFT JOIN operation AS paid
    ON (paid.campaign_id, paid.reward_id, paid.kind) = (r.campaign_id, r.reward_id, 'reward') AND paid.reissued_ms IS NULL
LEFT JOIN operation AS back
    ON (back.campaign_id, back.reward_id, back.kind) = (r.campaign_id, r.reward_id, 'return') AND back.reissued_ms IS NULL
WHERE r.state = 'returning'
ORDER BY r.campaign_id, r.reward_id;

-- name: ask_back
-- How many points are asked for, of rewards that are being taken back.
UPDATE reward AS r SET recovered = asked.points
FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS asked (campaign_id, reward_id, points)
WHERE (r.campaign_id, r.reward_id) = (asked.campaign_id, asked.reward_id);

-- name: close_rewards
-- Ends the taking back of locked rewards; what did not come back is owed.
WITH closed AS (
    UPDATE reward AS r
    SET state = 'returned', recovered = now.recovered, owed = now.owed, taken_back_ms = coalesce(r.taken_back_ms, $5),
        next_attempt_ms = NULL
    FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) AS now (campaign_id, reward_id, recovered, owed)
    WHERE (r.campaign_id, r.reward_id) = (now.campaign_id, now.reward_id)
    RETURNING r.campaign_id, r.player_id, r.kind, r.item, r.owed
)
INSERT INTO debt AS d (campaign_id, player_id, kind, item, amount)
SELECT campaign_id, player_id, kind, item, sum(owed)::bigint
FROM closed
WHERE owed > 0
GROUP BY campaign_id, player_id, kind, item
ORDER BY campaign_id, player_id, kind, item
ON CONFLICT ON CONSTRAINT debt_once DO UPDATE SET amount = d.amount + excluded.amount;

-- name: winners
-- How their brands call the players who won points.
SELECT player_id, brand_id, subject FROM player
WHERE player_id = ANY ($1::uuid[])
ORDER BY player_id;

-- name: inbox
-- A player's prizes in a campaign before a given one, newest first, without those that lie under covered tickets.
(SELECT g.campaign_id, g.grant_id, g.player_id, d.play_id, g.pool_id, g.entry_index, r.row_id, NULL AS source, g.kind,
        g.amount, r.name_zh, r.name_en, o.state AS credit, v.code, false AS is_covered, g.granted_ms, g.redeemed_ms,
        0::bigint AS withheld, NULL AS taken_back
 FROM prize_grant AS g
 JOIN draw AS d USING (campaign_id, entry_index)
 JOIN pool AS p USING (campaign_id, pool_id)
 JOIN pool_row AS r ON (r.campaign_id, r.pool_id, r.ordinal) = (g.campaign_id, g.pool_id, g.row_ordinal)
 LEFT JOIN operation AS o
     ON o.campaign_id = g.campaign_id AND o.entry_index = g.entry_index AND o.kind = 'credit' AND o.reissued_ms IS NULL
 LEFT JOIN voucher AS v ON (v.campaign_id, v.grant_id) = (g.campaign_id, g.grant_id)
 WHERE g.campaign_id = $1 AND g.player_id = $2 AND g.grant_id < $3
   AND (p.game <> 'scratch' OR d.uncovered_ms IS NOT NULL)
 ORDER BY g.grant_id DESC
 LIMIT $4)
UNION ALL
(SELECT r.campaign_id, r.reward_id, r.player_id, NULL, NULL, NULL, NULL, r.source, r.kind,
        r.amount, b.name_zh, b.name_en, o.state, v.code, false, r.given_ms, r.redeemed_ms,
        r.withheld, nullif(r.state, 'given')
 FROM reward AS r
 LEFT JOIN badge AS b ON r.kind = 'badge' AND (b.campaign_id, b.badge_id) = (r.campaign_id, r.item)
 LEFT JOIN operation AS o
     ON o.campaign_id = r.campaign_id AND o.reward_id = r.reward_id AND o.kind = 'reward' AND o.reissued_ms IS NULL
 LEFT JOIN voucher AS v ON (v.campaign_id, v.reward_id) = (r.campaign_id, r.reward_id)
 WHERE r.campaign_id = $1 AND r.player_id = $2 AND r.reward_id < $3
 ORDER BY r.reward_id DESC
 LIMIT $4)
ORDER BY grant_id DESC
LIMIT $4;

-- name: read_grant
-- One prize, of whomever. No row: no such prize.
SELECT g.campaign_id, g.grant_id, g.player_id, d.play_id, g.pool_id, g.entry_index, r.row_id, NULL AS source, g.kind,
       g.amount, r.name_zh, r.name_en, o.state AS credit, v.code, p.game = 'scratch' AND d.uncovered_ms IS NULL AS is_covered,
       g.granted_ms, g.redeemed_ms, 0::bigint AS withheld, NULL AS taken_back
FROM prize_grant AS g
JOIN draw AS d USING (campaign_id, entry_index)
JOIN pool AS p USING (campaign_id, pool_id)
JOIN pool_row AS r ON (r.campaign_id, r.pool_id, r.ordinal) = (g.campaign_id, g.pool_id, g.row_ordinal)
LEFT JOIN operation AS o
    ON o.campaign_id = g.campaign_id AND o.entry_index = g.entry_index AND o.kind = 'credit' AND o.reissued_ms IS NULL
LEFT JOIN voucher AS v ON (v.campaign_id, v.grant_id) = (g.campaign_id, g.grant_id)
WHERE g.campaign_id = $1 AND g.grant_id = $2
UNION ALL
SELECT r.campaign_id, r.reward_id, r.player_id, NULL, NULL, NULL, NULL, r.source, r.kind,
       r.amount, b.name_zh, b.name_en, o.state, v.code, false, r.given_ms, r.redeemed_ms, r.withheld, nullif(r.state, 'given')
FROM reward AS r
LEFT JOIN badge AS b ON r.kind = 'badge' AND (b.campaign_id, b.badge_id) = (r.campaign_id, r.item)
LEFT JOIN operation AS o
    ON o.campaign_id = r.campaign_id AND o.reward_id = r.reward_id AND o.kind = 'reward' AND o.reissued_ms IS NULL
LEFT JOIN voucher AS v ON (v.campaign_id, v.reward_id) = (r.campaign_id, r.reward_id)
WHERE r.campaign_id = $1 AND r.reward_id = $2;

-- name: redeem
-- Marks a prize as redeemed; one that is keeps its time. No row: no such prize, or it was taken back.
WITH drawn AS (
    UPDATE prize_grant SET redeemed_ms = coalesce(redeemed_ms, $3)
    WHERE campaign_id = $1 AND grant_id = $2
    RETURNING redeemed_ms
), given AS (
    UPDATE reward SET redeemed_ms = coalesce(redeemed_ms, $3)
    WHERE campaign_id = $1 AND reward_id = $2 AND (state = 'given' OR redeemed_ms IS NOT NULL)
    RETURNING redeemed_ms
)
SELECT redeemed_ms FROM drawn UNION ALL SELECT redeemed_ms FROM given;

-- name: open_lots
-- A player's chances that can be used, after a given lot, in the order in which plays use them (`lock_lots` of plays);
-- what lies under covered tickets is told to nobody.
SELECT l.lot_id, l.source, l.granted, l.units_left, l.expires_ms
FROM chance_lot AS l
LEFT JOIN draw AS d ON d.campaign_id = l.campaign_id
    AND d.entry_index = CASE WHEN l.source LIKE 'draw:%' THEN substr(l.source, 6)::bigint END
LEFT JOIN play AS t ON (t.campaign_id, t.play_id) = (d.campaign_id, d.play_id)
LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (t.campaign_id, t.pool_id)
WHERE l.campaign_id = $1 AND l.player_id = $2 AND l.units_left > 0 AND l.expires_ms > $3
  AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)
  AND (l.expires_ms, l.lot_id)
      > (coalesce((SELECT expires_ms FROM chance_lot WHERE campaign_id = $1 AND lot_id = $4), 0), $4)
ORDER BY l.expires_ms, l.lot_id
LIMIT $5;
