-- name: published_pool
-- The terms of a pool that stands in the log. No row: there is none, or it is a draft.
SELECT c.brand_id, c.time_zone, c.limit_per_day, c.limit_total,
       p.pool_id, p.lineage_id, p.game, p.price_points, p.seat_draws, p.opens_ms, p.closes_ms,
       p.entry, p.entry_index, p.secret_sealed
FROM pool p JOIN campaign c USING (campaign_id)
WHERE p.campaign_id = $1 AND p.pool_id = $2 AND p.state <> 'draft';

-- name: prizes_of_pool
-- What each row of a pool pays, in table order.
SELECT row_id, ordinal, prize_kind AS kind, prize_amount AS amount, voucher_batch, name_zh, name_en,
       value_fen, value_source, value_date
FROM pool_row
WHERE campaign_id = $1 AND pool_id = $2
ORDER BY ordinal
LIMIT 256;
