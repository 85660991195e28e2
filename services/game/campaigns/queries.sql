-- name: published_pool
-- The terms of a pool that stands in the log. No row: there is none, or it is a draft.
SELECT c.brand_id, c.time_zone, c.limit_per_day, c.limit_total,
       p.pool_id, p.lineage_id, p.game, p.price_points, p.seat_draws, p.opens_ms, p.closes_ms,
       p.entry, p.entry_index, p.secret_sealed
FROM pool p JOIN campaign c USING (campaign_id)
WHERE p.campaign_id = $1 AND p.pool_id = $2 AND p.state <> 'draft';

-- name: prizes_of_pool
-- What each row of a pool pays, in table order.
SELECT r.row_id, r.ordinal, r.prize_kind AS kind, r.prize_amount AS amount, r.voucher_batch, r.badge_id,
       b.name_zh AS badge_zh, b.name_en AS badge_en, r.name_zh, r.name_en, r.value_fen, r.value_source, r.value_date
FROM pool_row r LEFT JOIN badge b USING (campaign_id, badge_id)
WHERE r.campaign_id = $1 AND r.pool_id = $2
ORDER BY r.ordinal
LIMIT 256;

-- name: insert_campaign
-- Stores a new draft.
INSERT INTO campaign (campaign_id, brand_id, state, name_zh, name_en, rules_zh, rules_en, opens_ms, closes_ms, time_zone,
                      limit_per_day, limit_total, created_by, created_ms)
VALUES ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: update_campaign
-- Edits a draft, which the caller has locked.
UPDATE campaign
SET name_zh = $2, name_en = $3, rules_zh = $4, rules_en = $5, opens_ms = $6, closes_ms = $7, time_zone = $8,
    limit_per_day = $9, limit_total = $10
WHERE campaign_id = $1;

-- name: find_campaign
-- A campaign of a brand. No row: there is none, or it is another brand's.
SELECT c.campaign_id, c.brand_id, b.operator_name, c.state, c.name_zh, c.name_en, c.rules_zh, c.rules_en,
       c.opens_ms, c.closes_ms, c.time_zone, c.limit_per_day, c.limit_total, c.version, c.created_by, c.created_ms,
       c.launched_ms
FROM campaign c JOIN brand b USING (brand_id)
WHERE c.campaign_id = $1 AND c.brand_id = $2;

-- name: lock_campaign
-- Makes managers and the background wait for one another; plays and foreign keys do not wait. No row: as above.
SELECT campaign_id FROM campaign WHERE campaign_id = $1 AND brand_id = $2 FOR NO KEY UPDATE;

-- name: campaigns_of_brand
-- One page of a brand's campaigns after an id, drafts only where asked for.
SELECT campaign_id, state, name_zh, name_en, opens_ms, closes_ms, time_zone
FROM campaign
WHERE brand_id = $1 AND campaign_id > $2 AND (state <> 'draft' OR $3)
ORDER BY campaign_id
LIMIT $4;

-- name: bump_version
-- Counts an edit of a locked draft.
UPDATE campaign SET version = version + 1 WHERE campaign_id = $1;

-- name: count_launched
-- How many launched campaigns of a brand close after a time.
SELECT count(*) FROM campaign WHERE brand_id = $1 AND state <> 'draft' AND closes_ms > $2;

-- name: set_campaign_state
-- Moves a locked campaign to another state; the first launch keeps its time, and so does the end.
UPDATE campaign
SET state = $2, launched_ms = coalesce(launched_ms, $3), ended_ms = CASE WHEN $2 = 'ended' THEN $3 ELSE ended_ms END
WHERE campaign_id = $1;

-- name: insert_pool
-- Stores a draft pool.
INSERT INTO pool (campaign_id, pool_id, lineage_id, replaces_id, game, state, price_points, seat_draws, beacon_delay,
                  guarantee_draws, guarantee_rows, draws_cap)
VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11);

-- name: insert_pool_rows
-- Stores the rows of a draft pool; arrays in table order.
INSERT INTO pool_row (campaign_id, pool_id, ordinal, row_id, weight, count, stock, win_limit, from_draw, else_row, units_left,
                      prize_kind, prize_amount, voucher_batch, badge_id, name_zh, name_en, value_fen, value_source, value_date)
SELECT $1, $2, r.nth - 1, r.row_id, r.weight, r.count, r.stock, r.win_limit, r.from_draw, r.else_row,
       coalesce(r.stock, r.count),
       r.prize_kind, r.prize_amount, r.voucher_batch, r.badge_id, r.name_zh, r.name_en, r.value_fen, r.value_source, r.value_date
FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[], $8::integer[], $9::text[], $10::text[],
            $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bigint[], $17::text[], $18::date[])
    WITH ORDINALITY
    AS r (row_id, weight, count, stock, win_limit, from_draw, else_row, prize_kind, prize_amount, voucher_batch, badge_id,
          name_zh, name_en, value_fen, value_source, value_date, nth);

-- name: delete_draft_pool
-- Removes a draft pool and its rows. No row: it is published, or there is none.
DELETE FROM pool WHERE campaign_id = $1 AND pool_id = $2 AND state = 'draft' RETURNING pool_id;

-- name: lock_pools
-- Locks the pools of a campaign against plays, in key order.
SELECT pool_id FROM pool WHERE campaign_id = $1 ORDER BY pool_id FOR NO KEY UPDATE;

-- name: pools_of_campaign
-- The pools of a campaign: published ones in the order of the log, then drafts.
SELECT pool_id, lineage_id, replaces_id, game, state, accepting, price_points, seat_draws, beacon_delay, guarantee_draws,
       guarantee_rows, draws_cap, draws_reserved, opens_ms, closes_ms, entry, entry_index, close_index
FROM pool
WHERE campaign_id = $1
ORDER BY entry_index NULLS LAST, pool_id
LIMIT 64;

-- name: rows_of_campaign
-- The rows of all pools of a campaign, in table order.
SELECT pool_id, row_id, weight, count, stock, win_limit, from_draw, else_row, units_left, units_won,
       prize_kind, prize_amount, voucher_batch, badge_id, name_zh, name_en, value_fen, value_source, value_date
FROM pool_row
WHERE campaign_id = $1
ORDER BY pool_id, ordinal
LIMIT 16384;

-- name: publish_pools
-- Draft pools that have just been logged; $7 says whether they may be played.
UPDATE pool p
SET state = 'live', accepting = $7, opens_ms = now.opens_ms, closes_ms = now.closes_ms, entry = now.entry,
    entry_index = now.entry_index, rules = now.rules, secret_sealed = now.secret_sealed
FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bigint[], $8::bytea[], $9::bytea[])
    AS now (pool_id, opens_ms, closes_ms, entry, entry_index, rules, secret_sealed)
WHERE p.campaign_id = $1 AND p.pool_id = now.pool_id AND p.state = 'draft';

-- name: pool_states
-- What changes of a campaign's published pools, in the order of the log.
SELECT p.pool_id, c.state AS campaign_state, p.state, p.accepting, p.draws_reserved, p.draws_cap, p.replaces_id,
       p.seats_unused, p.seats_undrawn, p.draws_untaken,
       (SELECT n.pool_id FROM pool n
        WHERE n.campaign_id = p.campaign_id AND n.replaces_id = p.pool_id AND n.state <> 'draft') AS replaced_by,
       (SELECT array_agg(r.units_left ORDER BY r.ordinal) FROM pool_row r
        WHERE r.campaign_id = p.campaign_id AND r.pool_id = p.pool_id) AS units_left
FROM pool p JOIN campaign c USING (campaign_id)
WHERE p.campaign_id = $1 AND p.state <> 'draft'
ORDER BY p.entry_index
LIMIT 64;

-- name: set_accepting
-- Opens or shuts the live pools of a campaign, which the caller has locked.
UPDATE pool SET accepting = $2 WHERE campaign_id = $1 AND state = 'live' AND accepting <> $2;

-- name: set_pool_state
-- Moves a locked, published pool to another state.
UPDATE pool SET state = $3, accepting = $4 WHERE campaign_id = $1 AND pool_id = $2;

-- name: count_unfinished
-- How many plays of a pool are accepted and not finished.
SELECT count(*) FROM play
WHERE campaign_id = $1 AND pool_id = $2 AND state IN ('funding', 'resolving', 'paid', 'review');

-- name: count_undrawn_sealed
-- How many logged seats of a sealed pool have no draw yet.
SELECT count(*) FROM seat
WHERE campaign_id = $1 AND pool_id = $2 AND state = 'live' AND draws_taken = 0;

-- name: lapse_seats
-- The unused draws of a replaced pool are gone.
UPDATE seat SET state = 'lapsed' WHERE campaign_id = $1 AND pool_id = $2 AND state IN ('offered', 'live');

-- name: points_due
-- Points that were won and that the ledger has not paid yet. Never null.
SELECT coalesce(sum(coalesce(g.amount, r.amount - r.withheld)), 0)::bigint
FROM operation o
LEFT JOIN prize_grant g USING (campaign_id, entry_index)
LEFT JOIN reward r USING (campaign_id, reward_id)
WHERE o.campaign_id = $1 AND o.kind IN ('credit', 'reward') AND o.state <> 'applied' AND o.reissued_ms IS NULL;

-- name: define_badge
-- Stores a badge; one of the same id is rewritten.
INSERT INTO badge (campaign_id, badge_id, name_zh, name_en, description_zh, description_en)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (campaign_id, badge_id) DO UPDATE
SET name_zh = excluded.name_zh, name_en = excluded.name_en, description_zh = excluded.description_zh,
    description_en = excluded.description_en;

-- name: badges_of_campaign
-- The badges of a campaign.
SELECT badge_id, name_zh, name_en, description_zh, description_en
FROM badge
WHERE campaign_id = $1
ORDER BY badge_id
LIMIT 1000;

-- name: save_promise
-- What a feature can give away at most; the last word counts.
INSERT INTO promise (campaign_id, source, points, vouchers, draws, until_ms, terms)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7::jsonb)
ON CONFLICT (campaign_id, source) DO UPDATE
SET points = excluded.points, vouchers = excluded.vouchers, draws = excluded.draws, until_ms = excluded.until_ms,
    terms = excluded.terms;

-- name: published_terms
-- What is published of what features promise.
SELECT source, terms FROM promise WHERE campaign_id = $1 AND terms <> '{}' ORDER BY source LIMIT 1000;

-- name: promises_left
-- The most that each feature can still give away: what was promised less what was given of it and stands.
SELECT p.points - coalesce(given.points, 0) AS points, p.vouchers, p.draws, p.until_ms, given.batches, given.units
FROM promise p
CROSS JOIN LATERAL (
    SELECT sum(g.amount) FILTER (WHERE g.kind = 'points')::bigint AS points,
           array_agg(g.item ORDER BY g.item) FILTER (WHERE g.kind = 'voucher') AS batches,
           array_agg(g.amount ORDER BY g.item) FILTER (WHERE g.kind = 'voucher') AS units
    FROM (SELECT r.kind, r.item, sum(r.amount - r.withheld)::bigint AS amount
          FROM reward r
          WHERE r.campaign_id = p.campaign_id AND r.state = 'given' AND r.kind IN ('points', 'voucher')
            AND (r.source = p.source OR starts_with(r.source, p.source || ':'))
          GROUP BY r.kind, r.item) AS g
) AS given
WHERE p.campaign_id = $1
ORDER BY p.source
LIMIT 1000;

-- name: pending_replacements
-- Drafts that may take the place of a draining pool now, or never will.
SELECT n.campaign_id, c.brand_id, n.pool_id
FROM pool n
JOIN campaign c USING (campaign_id)
JOIN pool o ON o.campaign_id = n.campaign_id AND o.pool_id = n.replaces_id
WHERE n.state = 'draft' AND o.state = 'draining'
  AND (c.state = 'ended' OR o.closes_ms <= $1 OR NOT EXISTS (
      SELECT FROM play
      WHERE play.campaign_id = o.campaign_id AND play.pool_id = o.pool_id
        AND play.state IN ('funding', 'resolving', 'paid', 'review')))
ORDER BY n.campaign_id, n.pool_id
LIMIT $2;

-- name: closable_pools
-- Pools that may be closed: closed by the clock, sold out or replaced, with every play finished and every beacon logged.
-- A play in review that has no seat can get none any more, and none is drawn in a pool that was replaced: the secret
-- need not wait for a person.
-- $3 and $4 ask about one pool alone; null: about all.
SELECT p.campaign_id, c.brand_id, p.pool_id
FROM pool p JOIN campaign c USING (campaign_id)
WHERE p.state IN ('live', 'replaced')
  AND ($3::text IS NULL OR p.campaign_id = $3) AND ($4::text IS NULL OR p.pool_id = $4)
  AND (p.closes_ms <= $1 OR p.state = 'replaced'
       OR p.game = 'scratch' AND NOT EXISTS (
           SELECT FROM pool_row r
           WHERE r.campaign_id = p.campaign_id AND r.pool_id = p.pool_id AND r.units_left > 0))
  AND NOT EXISTS (
      SELECT FROM play
      WHERE play.campaign_id = p.campaign_id AND play.pool_id = p.pool_id
        AND (play.state IN ('funding', 'resolving', 'paid')
             OR play.state = 'review' AND play.seat_id IS NOT NULL AND p.state = 'live'))
  AND NOT EXISTS (
      SELECT FROM beacon_round b JOIN seat s USING (campaign_id, round)
      WHERE b.campaign_id = p.campaign_id AND b.signature IS NULL
        AND s.pool_id = p.pool_id AND s.round IS NOT NULL)
ORDER BY p.closes_ms, p.campaign_id, p.pool_id
LIMIT $2;

-- name: close_pool
-- A pool whose close entry has just been logged, with a count of the logged seats that were never used up.
UPDATE pool
SET state = 'closed', accepting = false, close_index = $3, seats_unused = left_over.seats_unused,
    seats_undrawn = left_over.seats_undrawn, draws_untaken = left_over.draws_untaken
FROM (SELECT count(*) AS seats_unused, count(*) FILTER (WHERE draws_taken = 0) AS seats_undrawn,
             coalesce(sum(seat_draws - draws_taken), 0)::bigint AS draws_untaken
      FROM seat
      WHERE campaign_id = $1 AND pool_id = $2 AND entry_index IS NOT NULL AND draws_taken < seat_draws) AS left_over
WHERE campaign_id = $1 AND pool_id = $2
RETURNING pool.seats_unused, pool.seats_undrawn, pool.draws_untaken;

-- name: close_campaign
-- A locked campaign is over when every pool of it is closed. No row: one is not.
UPDATE campaign c SET state = 'closed'
WHERE c.campaign_id = $1 AND c.state <> 'closed'
  AND NOT EXISTS (SELECT FROM pool p WHERE p.campaign_id = c.campaign_id AND p.state <> 'closed')
RETURNING c.campaign_id;

-- name: uncover_tickets
-- Uncovers one batch of a pool's covered tickets after an entry; their entries. No row: none is covered.
WITH covered AS (
    SELECT d.entry_index
    FROM draw d JOIN play USING (campaign_id, play_id)
    WHERE d.campaign_id = $1 AND play.pool_id = $2 AND d.entry_index > $3 AND d.uncovered_ms IS NULL
    ORDER BY d.entry_index
    LIMIT $5
    FOR NO KEY UPDATE OF d
), uncovered AS (
    UPDATE draw d SET uncovered_ms = $4
    FROM covered
    WHERE d.campaign_id = $1 AND d.entry_index = covered.entry_index AND d.uncovered_ms IS NULL
)
SELECT entry_index FROM covered ORDER BY entry_index;

-- name: insert_vouchers
-- Adds the codes of a batch that are not there yet and counts them.
WITH added AS (
    INSERT INTO voucher (campaign_id, voucher_batch, code)
    SELECT $1, $2, unnest($3::text[])
    ON CONFLICT DO NOTHING
    RETURNING code
)
SELECT count(*) FROM added;

-- name: free_vouchers
-- How many codes of each batch nobody has won.
SELECT voucher_batch, count(*) AS free
FROM voucher
WHERE campaign_id = $1 AND grant_id IS NULL AND reward_id IS NULL
GROUP BY voucher_batch
ORDER BY voucher_batch
LIMIT 1000;

-- name: insert_change
-- Adds to the change log of a campaign, which the caller has locked or just made.
INSERT INTO campaign_change (campaign_id, change_index, at_ms, actor, action, old_values, new_values)
SELECT $1, coalesce(max(change_index) + 1, 0), $2, $3, $4, $5::jsonb, $6::jsonb
FROM campaign_change
WHERE campaign_id = $1;

-- name: changes_of_campaign
-- One page of a campaign's change log from an index on, oldest first.
SELECT at_ms, actor, action, old_values, new_values
FROM campaign_change
WHERE campaign_id = $1 AND change_index >= $2
ORDER BY change_index
LIMIT $3;

-- name: insert_chances
-- Grants free plays. No row: this source has granted some to the player already.
INSERT INTO chance_lot (campaign_id, lot_id, player_id, source, granted, units_left, expires_ms)
VALUES ($1, $2, $3, $4, $5, $5, $6)
ON CONFLICT (campaign_id, player_id, source) DO NOTHING
RETURNING lot_id;

-- name: chances_of_source
-- The free plays that a source has granted to a player.
SELECT lot_id, granted, units_left, expires_ms
FROM chance_lot
WHERE campaign_id = $1 AND player_id = $2 AND source = $3;

-- name: rules_of_pool
-- The bytes whose SHA-256 a published pool committed to. No row: not published.
SELECT p.rules FROM pool p WHERE p.campaign_id = $1 AND p.pool_id = $2 AND p.state <> 'draft';

-- name: participations_of
-- What players have taken in a campaign. No row for one: nothing.
SELECT player_id, draws_total, day, draws_today
FROM participation
WHERE campaign_id = $1 AND player_id = ANY ($2::uuid[])
ORDER BY player_id;

-- name: seats_of_players
-- Players' live seats in pools of a campaign, at most one of each in each.
SELECT player_id, pool_id, seat_id, seat_draws - draws_reserved AS draws_left
FROM seat
WHERE campaign_id = $1 AND pool_id = ANY ($2::text[]) AND player_id = ANY ($3::uuid[]) AND state = 'live'
ORDER BY player_id, pool_id;

-- name: chances_left
-- How many free plays players can still use; what lies under covered tickets is told to nobody. No row for one: none.
SELECT l.player_id, sum(l.units_left)::bigint AS units_left
FROM chance_lot AS l
LEFT JOIN draw AS d ON d.campaign_id = l.campaign_id
    AND d.entry_index = CASE WHEN l.source LIKE 'draw:%' THEN substr(l.source, 6)::bigint END
LEFT JOIN play AS t ON (t.campaign_id, t.play_id) = (d.campaign_id, d.play_id)
LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (t.campaign_id, t.pool_id)
WHERE l.campaign_id = $1 AND l.player_id = ANY ($2::uuid[]) AND l.units_left > 0 AND l.expires_ms > $3
  AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)
GROUP BY l.player_id
ORDER BY l.player_id;

-- name: brand_exists
-- Whether there is a brand of this id.
SELECT EXISTS (SELECT FROM brand WHERE brand_id = $1);

-- name: brand_of_launched
-- The brand of a campaign that the public may see. No row: there is none, or it is a draft.
SELECT brand_id FROM campaign WHERE campaign_id = $1 AND state <> 'draft';

-- name: stock_alerts
-- What a campaign's managers want to hear of.
SELECT kind, item, threshold FROM stock_alert WHERE campaign_id = $1 ORDER BY kind, item LIMIT $2;

-- name: delete_stock_alerts
-- Takes away all that is not asked for any more.
DELETE FROM stock_alert
WHERE campaign_id = $1 AND (kind, item) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]));

-- name: put_stock_alerts
-- Sets thresholds. Another one than before is told of anew.
INSERT INTO stock_alert AS s (campaign_id, kind, item, threshold)
SELECT $1, a.kind, a.item, a.threshold FROM unnest($2::text[], $3::text[], $4::integer[]) AS a (kind, item, threshold)
ON CONFLICT (campaign_id, kind, item) DO UPDATE
SET threshold = excluded.threshold, is_told = s.is_told AND s.threshold = excluded.threshold;

-- name: turn_stock_alerts
-- Marks stock of live campaigns that has come down to its threshold, and unmarks what has risen, some at a time. Codes are
-- counted no further than needed. Another process works on others.
WITH changed AS (
    SELECT s.campaign_id, s.kind, s.item, level.units_left
    FROM stock_alert AS s
    JOIN campaign AS c USING (campaign_id)
    CROSS JOIN LATERAL (
        SELECT CASE s.kind
            WHEN 'voucher' THEN (
                SELECT count(*) FROM (
                    SELECT FROM voucher AS v
                    WHERE v.campaign_id = s.campaign_id AND v.voucher_batch = s.item
                      AND v.grant_id IS NULL AND v.reward_id IS NULL
                    LIMIT s.threshold + 1) AS few)
            ELSE (
                SELECT r.units_left FROM pool_row AS r
                WHERE r.campaign_id = s.campaign_id AND r.pool_id = split_part(s.item, '/', 1)
                  AND r.row_id = split_part(s.item, '/', 2))
        END AS units_left
    ) AS level
    WHERE c.state = 'live' AND s.is_told <> (level.units_left <= s.threshold)
    ORDER BY s.campaign_id, s.kind, s.item
    LIMIT $1
    FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE stock_alert AS s SET is_told = NOT s.is_told
FROM changed
WHERE (s.campaign_id, s.kind, s.item) = (changed.campaign_id, changed.kind, changed.item)
RETURNING s.campaign_id, s.kind, s.item, s.threshold, s.is_told AS is_low, changed.units_left;
