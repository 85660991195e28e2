-- Statements of the monitor. Whoever holds the lock of a log's row in fit_log counts its draws, of a pool's in fit_close
-- its untaken ones; counts and alerts come after.

-- name: find_logs
-- Lets new logs be followed.
INSERT INTO fit_log (campaign_id)
SELECT l.campaign_id FROM log AS l
WHERE NOT EXISTS (SELECT FROM fit_log AS f WHERE f.campaign_id = l.campaign_id)
ORDER BY l.campaign_id
LIMIT $1
ON CONFLICT (campaign_id) DO NOTHING;

-- name: claim_logs
-- The logs that were not followed for longest among those that have grown. No row: none has, or others follow them.
SELECT f.campaign_id, f.next_index, l.size AS until_index
FROM fit_log AS f JOIN log AS l USING (campaign_id)
WHERE f.next_index < l.size
ORDER BY f.followed_ms, f.campaign_id
LIMIT $1
FOR NO KEY UPDATE OF f SKIP LOCKED;

-- name: followed
-- Notes how far locked logs are counted.
UPDATE fit_log AS f SET next_index = now.until_index, followed_ms = $3
FROM unnest($1::text[], $2::bigint[]) AS now (campaign_id, until_index)
WHERE f.campaign_id = now.campaign_id;

-- name: postpone_log
-- Lets all others be followed first.
UPDATE fit_log SET followed_ms = $2 WHERE campaign_id = $1;

-- name: entries_in
-- The entries of a stretch of each log, looked up by their keys whatever the logs' sizes.
SELECT s.campaign_id, e.entry
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS s (campaign_id, next_index, until_index)
CROSS JOIN LATERAL (
    SELECT entry_index, entry FROM log_entry
    WHERE campaign_id = s.campaign_id AND entry_index >= s.next_index
    ORDER BY entry_index
    LIMIT s.until_index - s.next_index
) AS e
ORDER BY s.campaign_id, e.entry_index;

-- name: seats_of_draws
-- The seats of draws, each with the seat's draw before.
SELECT d.campaign_id, d.entry_index, s.pool_id, qe.entry AS before, se.entry AS seat, se.leaf_hash, b.signature
FROM unnest($1::text[], $2::bigint[]) AS asked (campaign_id, entry_index)
JOIN draw AS d USING (campaign_id, entry_index)
JOIN seat AS s USING (campaign_id, seat_id)
JOIN log_entry AS se ON (se.campaign_id, se.entry_index) = (s.campaign_id, s.entry_index)
LEFT JOIN draw AS q ON (q.campaign_id, q.seat_id, q.n) = (d.campaign_id, d.seat_id, d.n - 1)
LEFT JOIN log_entry AS qe ON (qe.campaign_id, qe.entry_index) = (q.campaign_id, q.entry_index)
LEFT JOIN beacon_round AS b ON (b.campaign_id, b.round) = (s.campaign_id, s.round)
ORDER BY d.campaign_id, d.entry_index;

-- name: after_refusals
-- Which of some turns, seats with a time each, had a play that was accepted, and refused then.
SELECT d.nth
FROM unnest($1::logged_turn[]) WITH ORDINALITY AS d (campaign_id, seat_id, since_ms, until_ms, nth)
WHERE EXISTS (SELECT FROM play AS r
              WHERE (r.campaign_id, r.seat_id) = (d.campaign_id, d.seat_id) AND r.state IN ('rejected', 'cancelled')
                AND r.finished_ms >= d.since_ms AND r.finished_ms <= d.until_ms)
ORDER BY d.nth;

-- name: pool_entries
-- The entries of published pools.
SELECT p.campaign_id, p.pool_id, p.entry
FROM unnest($1::text[], $2::text[]) AS asked (campaign_id, pool_id)
JOIN pool AS p USING (campaign_id, pool_id)
WHERE p.entry IS NOT NULL
ORDER BY p.campaign_id, p.pool_id;

-- name: begin_closes
-- Lets the untaken draws of pools be counted whose close stands among entries of logs.
INSERT INTO fit_close (campaign_id, pool_id)
SELECT p.campaign_id, p.pool_id
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS s (campaign_id, next_index, until_index)
JOIN pool AS p USING (campaign_id)
WHERE p.close_index >= s.next_index AND p.close_index < s.until_index
ORDER BY p.campaign_id, p.pool_id
ON CONFLICT (campaign_id, pool_id) DO NOTHING;

-- name: claim_close
-- Some closed pool whose seats are not all looked at, with its entry and its close, so that one at fault holds up no other.
-- No row: there is none, or others count it.
SELECT f.campaign_id, f.pool_id, f.seat_index, p.entry, p.seat_draws, c.entry AS close
FROM fit_close AS f
JOIN pool AS p USING (campaign_id, pool_id)
JOIN log_entry AS c ON (c.campaign_id, c.entry_index) = (p.campaign_id, p.close_index)
WHERE NOT f.is_done
ORDER BY random()
LIMIT 1
FOR NO KEY UPDATE OF f SKIP LOCKED;

-- name: left_seats
-- Logged seats of a pool after one that were not used up, in the order of the log.
SELECT s.entry_index, s.draws_taken, se.entry AS seat, se.leaf_hash, b.signature,
       EXISTS (SELECT FROM play AS r
               WHERE (r.campaign_id, r.seat_id) = (s.campaign_id, s.seat_id) AND r.state IN ('rejected', 'cancelled')
                 AND r.finished_ms >= coalesce((convert_from(qe.entry, 'UTF8')::jsonb ->> 't')::bigint, 0)) AS after_refusal
FROM seat AS s
JOIN log_entry AS se ON (se.campaign_id, se.entry_index) = (s.campaign_id, s.entry_index)
LEFT JOIN draw AS q ON (q.campaign_id, q.seat_id, q.n) = (s.campaign_id, s.seat_id, s.draws_taken)
LEFT JOIN log_entry AS qe ON (qe.campaign_id, qe.entry_index) = (q.campaign_id, q.entry_index)
LEFT JOIN beacon_round AS b ON (b.campaign_id, b.round) = (s.campaign_id, s.round)
WHERE s.campaign_id = $1 AND s.pool_id = $2 AND s.entry_index > $3 AND s.draws_taken < s.seat_draws
ORDER BY s.entry_index
LIMIT $4;

-- name: counted_close
-- Notes how far the seats of a locked pool are counted.
UPDATE fit_close SET seat_index = $3, is_done = $4 WHERE campaign_id = $1 AND pool_id = $2;

-- name: add_picks
-- Adds to counts, in key order, and says what they are then; picks are arrays as PostgreSQL writes them.
INSERT INTO fit_count AS f (campaign_id, pool_id, series, picks)
SELECT campaign_id, pool_id, series, picks::bigint[]
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS now (campaign_id, pool_id, series, picks)
ORDER BY campaign_id, pool_id, series
ON CONFLICT (campaign_id, pool_id, series) DO UPDATE SET picks = ARRAY(
    SELECT was + more FROM unnest(f.picks, excluded.picks) WITH ORDINALITY AS r (was, more, nth) ORDER BY nth)
RETURNING campaign_id, pool_id, series, picks;

-- name: put_alerts
-- Raises alerts; which of them are new. One that stands already stays as it is.
INSERT INTO fit_alert (campaign_id, pool_id, series, at_ms, log_size, draws, evidence_log10, entry_index, says)
SELECT $1, pool_id, series, $2, $3, draws, evidence_log10, entry_index, says
FROM unnest($4::text[], $5::text[], $6::bigint[], $7::double precision[], $8::bigint[], $9::text[])
     AS a (pool_id, series, draws, evidence_log10, entry_index, says)
ORDER BY pool_id, series
ON CONFLICT (campaign_id, pool_id, series) DO NOTHING
RETURNING pool_id, series;

-- name: counts_of_pool
-- The counts of a pool, by series.
SELECT series, picks FROM fit_count WHERE campaign_id = $1 AND pool_id = $2 ORDER BY series;

-- name: progress
-- How far a log is counted, and its size. No row: the campaign has no log.
SELECT coalesce(f.next_index, 0) AS counted, l.size
FROM log AS l LEFT JOIN fit_log AS f USING (campaign_id)
WHERE l.campaign_id = $1;

-- name: alerts_of_campaign
-- The alerts of a campaign.
SELECT pool_id, series, at_ms, log_size, draws, evidence_log10, entry_index, says, acknowledged_ms, acknowledged_by, reason
FROM fit_alert
WHERE campaign_id = $1
ORDER BY pool_id, series
LIMIT $2;

-- name: acknowledge_alert
-- Acknowledges an alert. No row: there is none, or somebody has.
UPDATE fit_alert SET acknowledged_ms = $4, acknowledged_by = $5, reason = $6
WHERE (campaign_id, pool_id, series) = ($1, $2, $3) AND acknowledged_ms IS NULL
RETURNING at_ms;

-- name: measured
-- Alerts that nobody has acknowledged, by series.
SELECT series, count(*) AS alerts FROM fit_alert WHERE acknowledged_ms IS NULL GROUP BY series ORDER BY series;

-- name: behind
-- How many entries of all logs are not counted yet.
SELECT coalesce(sum(l.size - coalesce(f.next_index, 0)), 0)::bigint AS entries
FROM log AS l LEFT JOIN fit_log AS f USING (campaign_id);
