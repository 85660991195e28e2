-- Statements of prizes. Arrays are columns: one element is one row.

-- name: add_grants
-- Stores what draws won.
INSERT INTO prize_grant (campaign_id, grant_id, player_id, entry_index, pool_id, row_ordinal, kind, amount, granted_ms)
SELECT $1, g.grant_id, g.player_id, g.entry_index, g.pool_id, g.row_ordinal, g.kind, g.amount, $2
FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::integer[], $8::text[], $9::bigint[])
    AS g (grant_id, player_id, entry_index, pool_id, row_ordinal, kind, amount);

-- name: add_lots
-- Chances that draws won.
INSERT INTO chance_lot (campaign_id, lot_id, player_id, source, granted, units_left, expires_ms)
SELECT $1, l.lot_id, l.player_id, l.source, l.units, l.units, l.expires_ms
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[])
    AS l (lot_id, player_id, source, units, expires_ms);

-- name: take_vouchers
-- Gives each grant the lowest free code of its batch. Codes are taken under the log's lock only, so no row moves
-- between being found and being updated at its place (ctid): constant work however many codes there are, even
-- before the planner has seen them. No row for a grant: its batch has run out.
WITH asked AS (
    SELECT grant_id, voucher_batch, row_number() OVER (PARTITION BY voucher_batch ORDER BY grant_id) AS nth
    FROM unnest($2::uuid[], $3::text[]) AS a (grant_id, voucher_batch)
), free AS (
    SELECT b.voucher_batch, lowest.place, row_number() OVER (PARTITION BY b.voucher_batch ORDER BY lowest.code) AS nth
    FROM (SELECT voucher_batch, count(*) AS units FROM asked GROUP BY voucher_batch) AS b
    CROSS JOIN LATERAL (
        SELECT v.code, v.ctid AS place FROM voucher AS v
        WHERE v.campaign_id = $1 AND v.voucher_batch = b.voucher_batch AND v.grant_id IS NULL
        ORDER BY v.code
        LIMIT b.units
    ) AS lowest
)
UPDATE voucher AS v SET grant_id = asked.grant_id
FROM asked JOIN free USING (voucher_batch, nth)
WHERE v.ctid = free.place AND v.campaign_id = $1
RETURNING v.grant_id;

-- name: winners
-- How their brands call the players who won points.
SELECT player_id, brand_id, subject FROM player
WHERE player_id = ANY ($1::uuid[])
ORDER BY player_id;

-- name: inbox
-- A player's prizes in a campaign before a given one, newest first, without those that lie under covered tickets.
SELECT g.campaign_id, g.grant_id, g.player_id, d.play_id, g.pool_id, g.entry_index, r.row_id, g.kind, g.amount, r.name_zh,
       r.name_en, o.state AS credit, v.code, false AS is_covered, g.granted_ms, g.redeemed_ms
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
LIMIT $4;

-- name: read_grant
-- One prize, of whomever. No row: no such prize.
SELECT g.campaign_id, g.grant_id, g.player_id, d.play_id, g.pool_id, g.entry_index, r.row_id, g.kind, g.amount, r.name_zh,
       r.name_en, o.state AS credit, v.code, p.game = 'scratch' AND d.uncovered_ms IS NULL AS is_covered, g.granted_ms,
       g.redeemed_ms
FROM prize_grant AS g
JOIN draw AS d USING (campaign_id, entry_index)
JOIN pool AS p USING (campaign_id, pool_id)
JOIN pool_row AS r ON (r.campaign_id, r.pool_id, r.ordinal) = (g.campaign_id, g.pool_id, g.row_ordinal)
LEFT JOIN operation AS o
    ON o.campaign_id = g.campaign_id AND o.entry_index = g.entry_index AND o.kind = 'credit' AND o.reissued_ms IS NULL
LEFT JOIN voucher AS v ON (v.campaign_id, v.grant_id) = (g.campaign_id, g.grant_id)
WHERE g.campaign_id = $1 AND g.grant_id = $2;

-- name: redeem
-- Marks a prize as redeemed; one that is keeps its time. No row: no such prize.
UPDATE prize_grant SET redeemed_ms = coalesce(redeemed_ms, $3)
WHERE campaign_id = $1 AND grant_id = $2
RETURNING redeemed_ms;
