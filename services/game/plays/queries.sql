-- Statements of the life of a play. Arrays are columns, one element is one row; or they are rows, of a type that is named
-- after them (migration 0038).

-- name: lock_pools
-- Locks the pools that plays are asked of, in key order.
SELECT p.campaign_id, p.pool_id
FROM unnest($1::text[], $2::text[]) AS asked (campaign_id, pool_id)
JOIN pool AS p USING (campaign_id, pool_id)
ORDER BY p.campaign_id, p.pool_id
FOR NO KEY UPDATE OF p;

-- name: pool_states
-- Pools as they stand, read by a statement of its own once they are locked: one that had to wait for a lock sees the
-- other rows as they were before the wait. No row: no such pool.
SELECT p.campaign_id, p.pool_id, c.state AS campaign_state, p.state, p.accepting, p.draws_reserved, p.draws_cap,
       (SELECT n.pool_id FROM pool AS n
        WHERE n.campaign_id = p.campaign_id AND n.replaces_id = p.pool_id AND n.state <> 'draft') AS replaced_by
FROM unnest($1::text[], $2::text[]) AS asked (campaign_id, pool_id)
JOIN pool AS p USING (campaign_id, pool_id)
JOIN campaign AS c USING (campaign_id)
ORDER BY p.campaign_id, p.pool_id;

-- name: add_participations
-- First plays of players in campaigns; those that have played are left alone.
INSERT INTO participation (campaign_id, player_id, day)
SELECT campaign_id, player_id, day
FROM unnest($1::text[], $2::uuid[], $3::date[]) AS asked (campaign_id, player_id, day)
ORDER BY campaign_id, player_id
ON CONFLICT DO NOTHING;

-- name: lock_participations
-- The counts of players in campaigns, locked in key order. No row: this is the player's first play.
SELECT t.campaign_id, t.player_id, t.draws_total, t.day, t.draws_today
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, player_id)
JOIN participation AS t USING (campaign_id, player_id)
ORDER BY t.campaign_id, t.player_id
FOR NO KEY UPDATE OF t;

-- name: find_plays
-- Plays that were accepted under these keys. No row: the key is new.
SELECT p.campaign_id, p.play_id, p.player_id, p.pool_id, p.idempotency_key, p.request_digest, p.state, p.draws, p.drawn,
       p.paid_with, p.price_points, p.day, p.seat_id, p.accepted_ms, p.apply_before_ms, p.finished_ms, p.balance_points,
       p.refusal, p.log_size
FROM unnest($1::text[], $2::uuid[], $3::text[]) AS asked (campaign_id, player_id, idempotency_key)
JOIN play AS p USING (campaign_id, player_id, idempotency_key)
ORDER BY p.campaign_id, p.play_id;

-- name: lock_live_seats
-- The seats of players in pools, offered or live, locked in key order. No row: the player has none there.
SELECT s.campaign_id, s.seat_id, s.pool_id, s.player_id, s.state, s.anchor, s.seed, s.entry_index, s.leaf_hash, s.round,
       s.seat_draws, s.draws_reserved, s.draws_taken
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS asked (campaign_id, pool_id, player_id)
JOIN seat AS s USING (campaign_id, pool_id, player_id)
WHERE s.state IN ('offered', 'live')
ORDER BY s.campaign_id, s.seat_id
FOR NO KEY UPDATE OF s;

-- name: count_unfinished
-- How many plays of players in pools are under way. No row: none.
SELECT p.campaign_id, p.pool_id, p.player_id, count(*) AS plays
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS asked (campaign_id, pool_id, player_id)
JOIN play AS p USING (campaign_id, pool_id, player_id)
WHERE p.state IN ('funding', 'resolving', 'paid')
GROUP BY p.campaign_id, p.pool_id, p.player_id
ORDER BY p.campaign_id, p.pool_id, p.player_id;

-- name: lock_lots
-- The chances of players that have not expired, locked in the order in which they are used.
SELECT l.campaign_id, l.lot_id, l.player_id, l.units_left, l.expires_ms
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, player_id)
JOIN chance_lot AS l USING (campaign_id, player_id)
WHERE l.units_left > 0 AND l.expires_ms > $3
ORDER BY l.campaign_id, l.player_id, l.expires_ms, l.lot_id
FOR NO KEY UPDATE OF l;

-- name: standpoints
-- What plays that are asked for are judged by, all of one moment: a row for each, in their order. Null are the pool's
-- columns where there is no such pool, the counts of whoever has not played yet, and the seat's where there is none.
SELECT y.play_id IS NOT NULL AS is_known,
       c.state AS campaign_state, p.state AS pool_state, p.accepting, p.draws_reserved AS pool_reserved, p.draws_cap,
       CASE WHEN NOT p.accepting THEN
           (SELECT n.pool_id FROM pool AS n
            WHERE n.campaign_id = p.campaign_id AND n.replaces_id = p.pool_id AND n.state <> 'draft')
       END AS replaced_by,
       t.draws_total, t.day, t.draws_today,
       s.seat_id, s.state, s.anchor, s.seed, s.entry_index, s.leaf_hash, s.round, s.seat_draws, s.draws_reserved, s.draws_taken
FROM unnest($1::asked_play[]) WITH ORDINALITY
    AS asked (campaign_id, pool_id, player_id, idempotency_key, nth)
LEFT JOIN pool AS p USING (campaign_id, pool_id)
LEFT JOIN campaign AS c USING (campaign_id)
LEFT JOIN participation AS t USING (campaign_id, player_id)
LEFT JOIN play AS y USING (campaign_id, player_id, idempotency_key)
LEFT JOIN seat AS s ON (s.campaign_id, s.pool_id, s.player_id) = (asked.campaign_id, asked.pool_id, asked.player_id)
                       AND s.state IN ('offered', 'live')
ORDER BY asked.nth;

-- name: accept
-- Stores accepted plays with the bytes of their debits, and what they reserve; nothing at all, and an error, where what
-- they were judged by has changed. Tables are locked one after the other, in the order that all transactions keep: each
-- step counts the rows of the one before.
WITH held AS (
    SELECT FROM unnest($1::text[], $2::text[]) AS asked (campaign_id, pool_id)
    JOIN pool AS p USING (campaign_id, pool_id)
    ORDER BY campaign_id, pool_id
    FOR NO KEY UPDATE OF p
), reserved AS (
    UPDATE pool AS p
    SET draws_reserved = p.draws_reserved + now.draws
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS now (campaign_id, pool_id, draws)
    WHERE (SELECT count(*) FROM held) = cardinality($1::text[])
      AND (p.campaign_id, p.pool_id) = (now.campaign_id, now.pool_id)
      AND p.accepting AND (p.draws_cap IS NULL OR p.draws_reserved + now.draws <= p.draws_cap)
    RETURNING 1
), counted AS (
    UPDATE participation AS t
    SET draws_total = now.draws_total, day = now.day, draws_today = now.draws_today
    FROM unnest($4::counted_player[]) AS now
    WHERE (t.campaign_id, t.player_id) = (now.campaign_id, now.player_id)
      AND (t.draws_total, t.day, t.draws_today) = (now.total_before, now.day_before, now.today_before)
      AND (SELECT count(*) FROM reserved) = cardinality($1::text[])
    RETURNING 1
), begun AS (
    INSERT INTO participation (campaign_id, player_id, draws_total, day, draws_today)
    SELECT campaign_id, player_id, draws_total, day, draws_today
    FROM unnest($4::counted_player[])
    WHERE total_before IS NULL AND (SELECT count(*) FROM counted) + $5::bigint = cardinality($4::counted_player[])
    RETURNING 1
), seated AS (
    UPDATE seat AS s
    SET draws_reserved = now.draws_reserved
    FROM unnest($6::reserved_seat[]) AS now
    WHERE (s.campaign_id, s.seat_id) = (now.campaign_id, now.seat_id)
      AND s.draws_reserved = now.reserved_before AND s.state = 'live'
      AND (SELECT count(*) FROM begun) = $5::bigint
    RETURNING 1
), used AS (
    UPDATE chance_lot AS l
    SET units_left = l.units_left - now.units
    FROM unnest($7::text[], $8::uuid[], $9::integer[]) AS now (campaign_id, lot_id, units)
    WHERE (l.campaign_id, l.lot_id) = (now.campaign_id, now.lot_id)
      AND l.units_left >= now.units
      AND (SELECT count(*) FROM seated) = cardinality($6::reserved_seat[])
    RETURNING 1
), played AS (
    INSERT INTO play (campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest, state, draws, paid_with,
                      price_points, day, seat_id, accepted_ms, apply_before_ms, next_attempt_ms)
    SELECT *, $11::bigint
    FROM unnest($10::accepted_play[])
), charged AS (
    INSERT INTO operation (campaign_id, operation_id, kind, play_id, subject, body, state, next_attempt_ms)
    SELECT campaign_id, operation_id, 'debit', play_id, subject, body, 'due', $11::bigint
    FROM unnest($12::due_debit[])
), paid AS (
    INSERT INTO chance_use (campaign_id, play_id, lot_id, units)
    SELECT * FROM unnest($13::text[], $14::uuid[], $15::uuid[], $16::integer[])
)
SELECT demand_unchanged((SELECT count(*) FROM reserved) + (SELECT count(*) FROM counted) + (SELECT count(*) FROM begun)
                        + (SELECT count(*) FROM seated) + (SELECT count(*) FROM used)
                        = cardinality($1::text[]) + cardinality($4::counted_player[]) + cardinality($6::reserved_seat[])
                          + cardinality($7::text[]));

-- name: plays_of_rounds
-- Paid plays whose seats wait for these beacon rounds, in the order of the seats.
SELECT p.play_id
FROM seat AS s
JOIN play AS p USING (campaign_id, seat_id)
WHERE s.campaign_id = $1 AND s.state = 'live' AND s.round = ANY ($2::bigint[]) AND p.state = 'paid'
ORDER BY s.entry_index, p.play_id
LIMIT $3;

-- name: pools_of_round
-- The pools whose seats name a beacon round.
SELECT DISTINCT pool_id FROM seat
WHERE campaign_id = $1 AND round = $2
ORDER BY pool_id
LIMIT 64;

-- name: sealed_queue
-- The plays of a sealed pool that wait for their one draw, in the order in which they must be drawn.
SELECT p.play_id
FROM seat AS s
JOIN play AS p USING (campaign_id, seat_id)
WHERE s.campaign_id = $1 AND s.pool_id = $2 AND s.state = 'live' AND p.state = 'paid'
ORDER BY s.entry_index
LIMIT $3;

-- name: lock_played
-- Locks plays first, then their seats and those of players in pools that are offered or live, each in key order.
WITH played AS MATERIALIZED (
    SELECT p.campaign_id, p.seat_id
    FROM unnest($1::wanted_play[])
    JOIN play AS p USING (campaign_id, play_id)
    ORDER BY p.campaign_id, p.play_id
    FOR NO KEY UPDATE OF p
)
SELECT FROM (SELECT campaign_id, seat_id FROM played WHERE seat_id IS NOT NULL
             UNION
             SELECT l.campaign_id, l.seat_id
             FROM unnest($2::text[], $3::text[], $4::uuid[]) AS place (campaign_id, pool_id, player_id)
             JOIN seat AS l USING (campaign_id, pool_id, player_id)
             WHERE l.state IN ('offered', 'live')) AS known
JOIN seat AS s USING (campaign_id, seat_id)
ORDER BY s.campaign_id, s.seat_id
FOR NO KEY UPDATE OF s;

-- name: under_log
-- What plays and seats depend on, all of one moment: a row for each play with its seat, and for each place of a player in a pool
-- with the seat there that is offered or live; how the player stands in the pool's line, and whom to pay. The first row has lists
-- besides: what pools have left of each row, the heads of their logs, and whether somebody is told of prizes. Null: not there.
-- Where no locks are held, `settle` finds out what has changed. Rows, not lists of them: those take twice as long to send and read.
-- Each standing is looked up by its whole key: joined, all of a line would be read for each play where most lines are short.
SELECT p.campaign_id, p.play_id, p.player_id, p.pool_id, p.idempotency_key, p.request_digest, p.state, p.draws, p.drawn,
       p.paid_with, p.price_points, p.day, p.seat_id, p.accepted_ms, p.apply_before_ms, p.finished_ms, p.balance_points,
       p.refusal, p.log_size,
       s.campaign_id, s.seat_id, s.pool_id, s.player_id, s.state, s.anchor, s.seed, s.entry_index, s.leaf_hash, s.round,
       s.seat_draws, s.draws_reserved, s.draws_taken,
       asked.campaign_id, o.lineage_id, who.player_id, t.tag, t.draws, t.paid::text, t.last::text, r.brand_id, r.subject,
       CASE WHEN asked.nth = 1 THEN
           (SELECT array_agg(row(q.campaign_id, q.pool_id, q.state,
                                 (SELECT array_agg(w.units_left ORDER BY w.ordinal)::text FROM pool_row AS w
                                  WHERE (w.campaign_id, w.pool_id) = (q.campaign_id, q.pool_id))))
            FROM unnest($5::text[], $6::text[]) AS staked (campaign_id, pool_id)
            JOIN pool AS q USING (campaign_id, pool_id))
       END AS pools,
       CASE WHEN asked.nth = 1 THEN
           (SELECT array_agg(row(campaign_id, origin, size, last_t_ms, frontier)) FROM log WHERE campaign_id = ANY ($5::text[]))
       END AS heads,
       CASE WHEN asked.nth = 1 THEN
           EXISTS (SELECT FROM campaign JOIN webhook_endpoint AS e USING (brand_id)
                   WHERE campaign_id = ANY ($5::text[]) AND 'prize.won' = ANY (e.types) AND e.state <> 'deleted')
       END AS is_told
FROM (SELECT w.campaign_id, w.play_id, NULL::text AS pool_id, NULL::uuid AS player_id, w.nth
      FROM unnest($1::wanted_play[]) WITH ORDINALITY AS w (campaign_id, play_id, nth)
      UNION ALL
      SELECT w.campaign_id, NULL::uuid, w.pool_id, w.player_id, w.nth + cardinality($1::wanted_play[])
      FROM unnest($2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY AS w (campaign_id, pool_id, player_id, nth)) AS asked
LEFT JOIN play AS p ON (p.campaign_id, p.play_id) = (asked.campaign_id, asked.play_id)
CROSS JOIN LATERAL (SELECT coalesce(p.pool_id, asked.pool_id) AS pool_id, coalesce(p.player_id, asked.player_id) AS player_id,
                           coalesce(p.seat_id,
                                    (SELECT l.seat_id FROM seat AS l
                                     WHERE (l.campaign_id, l.pool_id, l.player_id)
                                           = (asked.campaign_id, asked.pool_id, asked.player_id)
                                       AND l.state IN ('offered', 'live'))) AS seat_id) AS who
LEFT JOIN seat AS s ON (s.campaign_id, s.seat_id) = (asked.campaign_id, who.seat_id)
LEFT JOIN pool AS o ON (o.campaign_id, o.pool_id) = (asked.campaign_id, who.pool_id)
LEFT JOIN LATERAL (SELECT * FROM standing AS n
                   WHERE (n.campaign_id, n.lineage_id, n.player_id) = (asked.campaign_id, o.lineage_id, who.player_id)
                   LIMIT 1) AS t ON true
LEFT JOIN player AS r ON r.player_id = who.player_id;

-- name: beacon_values
-- Signatures of rounds that stand in the logs. No row, or null: not yet.
SELECT b.campaign_id, b.round, b.signature
FROM unnest($1::text[], $2::bigint[]) AS asked (campaign_id, round)
JOIN beacon_round AS b USING (campaign_id, round)
ORDER BY b.campaign_id, b.round;

-- name: add_standings
-- The pseudonyms of players who are seated in a line for the first time, with their counts.
INSERT INTO standing (campaign_id, lineage_id, player_id, tag, draws, paid, last)
SELECT s.campaign_id, s.lineage_id, s.player_id, s.tag, s.draws, s.paid::integer[], s.last::integer[]
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::integer[], $5::text[], $6::text[], $7::bytea[])
    AS s (campaign_id, lineage_id, player_id, draws, paid, last, tag);

-- name: save_seats
-- Seats that were offered or logged. The caller holds the locks of those that exist.
INSERT INTO seat (campaign_id, seat_id, pool_id, player_id, state, anchor, seed, entry_index, leaf_hash, round, seat_draws,
                  draws_reserved, draws_taken)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::uuid[], $5::text[], $6::bytea[], $7::bytea[], $8::bigint[],
                     $9::bytea[], $10::bigint[], $11::integer[], $12::integer[], $13::integer[])
ON CONFLICT (campaign_id, seat_id) DO UPDATE
SET state = excluded.state, seed = excluded.seed, entry_index = excluded.entry_index, leaf_hash = excluded.leaf_hash,
    round = excluded.round, draws_reserved = excluded.draws_reserved, draws_taken = excluded.draws_taken;

-- name: await_rounds
-- Beacon rounds that newly logged seats name.
INSERT INTO beacon_round (campaign_id, round)
SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT DO NOTHING;

-- name: save_beacons
-- Beacon values that were just logged.
UPDATE beacon_round AS b
SET signature = now.signature, entry_index = now.entry_index
FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bigint[]) AS now (campaign_id, round, signature, entry_index)
WHERE b.campaign_id = now.campaign_id AND b.round = now.round;

-- name: settle
-- Plays as they stand after their draws, those draws, what they used (seats, players' counts, stock), and, where these arrays have
-- any, the logs' new heads and entries, what was won, and the credits of that. Nothing at all, and an error, where a head or the
-- state of a play is not as it was read, or where somebody has to be told of a prize in $13. Heads are locked first, then plays;
-- all else waits until these have been found unchanged.
WITH appended AS MATERIALIZED (
    SELECT append_to_logs($1::log_head[], $2::log_leaf[], $3::grown_tile[], $4::filled_tile[]) AS logs
), advanced AS (
    UPDATE play AS p
    SET state = now.state, drawn = now.drawn, seat_id = now.seat_id, balance_points = now.balance_points,
        finished_ms = now.finished_ms, log_size = now.log_size, next_attempt_ms = now.next_attempt_ms
    FROM unnest($5::settled_play[]) AS now
    WHERE (SELECT logs FROM appended) = cardinality($1::log_head[])
      AND p.campaign_id = now.campaign_id AND p.play_id = now.play_id AND p.state = now.state_before
    RETURNING 1
), unchanged AS (
    SELECT (SELECT logs FROM appended) = cardinality($1::log_head[])
       AND (SELECT count(*) FROM advanced) = cardinality($5::settled_play[])
       AND NOT EXISTS (SELECT FROM campaign JOIN webhook_endpoint AS e USING (brand_id)
                       WHERE campaign_id IN (SELECT w.campaign_id FROM unnest($13::won_prize[]) AS w)
                         AND 'prize.won' = ANY (e.types) AND e.state <> 'deleted') AS so
), charged AS (
    UPDATE operation AS o
    SET state = 'applied', ledger_seq = now.ledger_seq
    FROM unnest($5::settled_play[]) AS now
    WHERE (SELECT so FROM unchanged)
      AND now.ledger_seq IS NOT NULL AND (o.campaign_id, o.play_id) = (now.campaign_id, now.play_id) AND o.kind = 'debit'
), drawn AS (
    INSERT INTO draw (campaign_id, entry_index, play_id, nth, seat_id, n, row_ordinal)
    SELECT * FROM unnest($6::logged_draw[])
    WHERE (SELECT so FROM unchanged)
), taken AS (
    UPDATE seat AS s
    SET state = now.state, draws_taken = now.draws_taken
    FROM unnest($7::drawn_seat[]) AS now
    WHERE (SELECT so FROM unchanged) AND s.campaign_id = now.campaign_id AND s.seat_id = now.seat_id
), counted AS (
    UPDATE standing AS t
    SET draws = now.draws, paid = now.paid::integer[], last = now.last::integer[]
    FROM unnest($8::drawn_standing[]) AS now
    WHERE (SELECT so FROM unchanged)
      AND (t.campaign_id, t.lineage_id, t.player_id) = (now.campaign_id, now.lineage_id, now.player_id)
), stocked AS (
    UPDATE pool_row AS r
    SET units_left = r.units_left - won.units, units_won = r.units_won + won.units
    FROM unnest($9::text[], $10::text[], $11::integer[], $12::bigint[]) AS won (campaign_id, pool_id, ordinal, units)
    WHERE (SELECT so FROM unchanged)
      AND (r.campaign_id, r.pool_id, r.ordinal) = (won.campaign_id, won.pool_id, won.ordinal)
), granted AS (
    INSERT INTO prize_grant (campaign_id, grant_id, player_id, entry_index, pool_id, row_ordinal, kind, amount, granted_ms)
    SELECT w.campaign_id, w.grant_id, w.player_id, w.entry_index, w.pool_id, w.row_ordinal, w.kind, w.amount, $14::bigint
    FROM unnest($13::won_prize[]) AS w
    WHERE (SELECT so FROM unchanged)
), owed AS (
    INSERT INTO operation (campaign_id, kind, operation_id, play_id, entry_index, reward_id, subject, body, attempt, state,
                           next_attempt_ms)
    SELECT c.campaign_id, c.kind, c.operation_id, c.play_id, c.entry_index, c.reward_id, c.subject, c.body, c.attempt, 'due',
           $16::bigint
    FROM unnest($15::due_credit[]) AS c
    WHERE (SELECT so FROM unchanged)
)
SELECT demand_unchanged(so) FROM unchanged;

-- name: lock_plays_everywhere
-- Plays of several campaigns, locked in key order.
SELECT p.campaign_id, p.play_id, p.player_id, p.pool_id, p.idempotency_key, p.request_digest, p.state, p.draws, p.drawn,
       p.paid_with, p.price_points, p.day, p.seat_id, p.accepted_ms, p.apply_before_ms, p.finished_ms, p.balance_points,
       p.refusal, p.log_size
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, play_id)
JOIN play AS p USING (campaign_id, play_id)
ORDER BY p.campaign_id, p.play_id
FOR NO KEY UPDATE OF p;

-- name: release
-- Plays that were never charged, and for good: what they had reserved is free again.
-- Rows are locked one table after the other, in the order that all transactions keep.
WITH ended AS (
    UPDATE play AS p
    SET state = now.state, refusal = now.refusal::jsonb, finished_ms = now.finished_ms
    FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bigint[])
        AS now (campaign_id, play_id, state, refusal, finished_ms)
    WHERE (p.campaign_id, p.play_id) = (now.campaign_id, now.play_id)
), refused AS (
    UPDATE operation AS o
    SET state = now.operation_state
    FROM unnest($1::text[], $2::uuid[], $6::text[]) AS now (campaign_id, play_id, operation_state)
    WHERE (o.campaign_id, o.play_id) = (now.campaign_id, now.play_id) AND o.kind = 'debit'
), uncounted AS (
    UPDATE participation AS t
    SET draws_total = now.draws_total, draws_today = now.draws_today
    FROM unnest($7::text[], $8::uuid[], $9::integer[], $10::integer[]) AS now (campaign_id, player_id, draws_total, draws_today)
    WHERE (t.campaign_id, t.player_id) = (now.campaign_id, now.player_id)
), unseated AS (
    UPDATE seat AS s
    SET draws_reserved = now.draws_reserved
    FROM unnest($11::text[], $12::bytea[], $13::integer[]) AS now (campaign_id, seat_id, draws_reserved)
    WHERE (s.campaign_id, s.seat_id) = (now.campaign_id, now.seat_id)
)
UPDATE pool AS p
SET draws_reserved = now.draws_reserved
FROM unnest($14::text[], $15::text[], $16::bigint[]) AS now (campaign_id, pool_id, draws_reserved)
WHERE (p.campaign_id, p.pool_id) = (now.campaign_id, now.pool_id);

-- name: lock_seats_everywhere
-- Seats of several campaigns by id, locked in key order.
SELECT s.campaign_id, s.seat_id, s.pool_id, s.player_id, s.state, s.anchor, s.seed, s.entry_index, s.leaf_hash, s.round,
       s.seat_draws, s.draws_reserved, s.draws_taken
FROM unnest($1::text[], $2::bytea[]) AS asked (campaign_id, seat_id)
JOIN seat AS s USING (campaign_id, seat_id)
ORDER BY s.campaign_id, s.seat_id
FOR NO KEY UPDATE OF s;

-- name: doubt
-- The debit's outcome is not known: the sweeper asks again later, unless somebody else knows by now.
UPDATE play SET state = 'resolving', next_attempt_ms = $3
WHERE campaign_id = $1 AND play_id = $2 AND state IN ('funding', 'resolving');

-- name: contradict
-- A play that was told "not charged" and yet was: a person has to look.
UPDATE play SET state = 'review', finished_ms = NULL
WHERE campaign_id = $1 AND play_id = $2 AND state IN ('rejected', 'cancelled');

-- name: reopen
-- Lets a play in review be driven on at once, by the ledger's word. No row: it is not in review.
UPDATE play SET state = 'resolving', refusal = NULL, finished_ms = NULL, seat_id = $3, next_attempt_ms = $4
WHERE campaign_id = $1 AND play_id = $2 AND state = 'review'
RETURNING play_id;

-- name: write_decision
-- What a person decided about a play in review.
INSERT INTO play_decision (campaign_id, play_id, at_ms, decision, outcome, actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: last_decision
-- What was decided last about a play. No row: nothing was.
SELECT at_ms, decision, outcome, actor, reason FROM play_decision
WHERE campaign_id = $1 AND play_id = $2
ORDER BY at_ms DESC
LIMIT 1;

-- name: plays_in_review
-- A brand's plays that wait for a person, after one.
SELECT p.campaign_id, p.play_id, p.pool_id, p.draws, p.price_points, p.accepted_ms
FROM play AS p
JOIN campaign AS c USING (campaign_id)
WHERE p.state = 'review' AND c.brand_id = $1 AND (p.campaign_id, p.play_id) > ($2, $3)
ORDER BY p.campaign_id, p.play_id
LIMIT $4;

-- name: claim_unfinished
-- Plays whose turn it is to be driven on, put off for a while so that no other process drives them too; without $4 only
-- those that need no ledger any more. No row: none is due.
UPDATE play AS p SET next_attempt_ms = $2
FROM (SELECT campaign_id, play_id FROM play
      WHERE state IN ('funding', 'resolving', 'paid') AND next_attempt_ms <= $1 AND ($4 OR state = 'paid')
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE (p.campaign_id, p.play_id) = (due.campaign_id, due.play_id)
RETURNING p.campaign_id, p.play_id, p.player_id, p.pool_id, p.idempotency_key, p.request_digest, p.state, p.draws, p.drawn,
          p.paid_with, p.price_points, p.day, p.seat_id, p.accepted_ms, p.apply_before_ms, p.finished_ms, p.balance_points,
          p.refusal, p.log_size;

-- name: read_play
-- One play, of whomever. No row: no such play.
SELECT campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest, state, draws, drawn, paid_with, price_points,
       day, seat_id, accepted_ms, apply_before_ms, finished_ms, balance_points, refusal, log_size
FROM play
WHERE campaign_id = $1 AND play_id = $2;

-- name: debits_of
-- The bytes of plays' debits. No row for one: the play cost nothing.
SELECT o.campaign_id, o.play_id, o.operation_id, o.subject, o.body
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, play_id)
JOIN operation AS o USING (campaign_id, play_id)
WHERE o.kind = 'debit'
ORDER BY o.campaign_id, o.play_id;

-- name: tell_plays
-- Plays of whomever, with their seats, how their players are called there, and their logged draws, once all are made: a row for each
-- draw, in order, or one without. No row for one: no such play. Each standing is looked up by its whole key (see under_log).
SELECT p.campaign_id, p.play_id, p.player_id, p.pool_id, p.idempotency_key, p.request_digest, p.state, p.draws, p.drawn,
       p.paid_with, p.price_points, p.day, p.seat_id, p.accepted_ms, p.apply_before_ms, p.finished_ms, p.balance_points,
       p.refusal, p.log_size,
       s.campaign_id, s.seat_id, s.pool_id, s.player_id, s.state, s.anchor, s.seed, s.entry_index, s.leaf_hash, s.round,
       s.seat_draws, s.draws_reserved, s.draws_taken,
       t.tag, p.play_id, p.player_id, p.pool_id, d.nth, d.entry_index, e.entry, d.seat_id, d.n, d.row_ordinal, d.uncovered_ms
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, play_id)
JOIN play AS p USING (campaign_id, play_id)
JOIN pool AS o USING (campaign_id, pool_id)
LEFT JOIN seat AS s ON (s.campaign_id, s.seat_id) = (p.campaign_id, p.seat_id)
LEFT JOIN LATERAL (SELECT n.tag FROM standing AS n
                   WHERE (n.campaign_id, n.lineage_id, n.player_id) = (p.campaign_id, o.lineage_id, p.player_id)
                   LIMIT 1) AS t ON true
LEFT JOIN LATERAL (SELECT * FROM draw AS m
                   WHERE (m.campaign_id, m.play_id) = (p.campaign_id, p.play_id) AND p.log_size IS NOT NULL
                   ORDER BY m.nth
                   LIMIT 10) AS d ON true
LEFT JOIN log_entry AS e ON (e.campaign_id, e.entry_index) = (p.campaign_id, d.entry_index)
ORDER BY p.campaign_id, p.play_id, d.nth;

-- name: entry_of_seat
-- The logged bytes of a seat.
SELECT entry FROM log_entry
WHERE campaign_id = $1 AND entry_index = $2;

-- name: history
-- A player's plays in a campaign before a given one, newest first.
SELECT campaign_id, play_id, player_id, pool_id, idempotency_key, request_digest, state, draws, drawn, paid_with, price_points,
       day, seat_id, accepted_ms, apply_before_ms, finished_ms, balance_points, refusal, log_size
FROM play
WHERE campaign_id = $1 AND player_id = $2 AND play_id < $3
ORDER BY play_id DESC
LIMIT $4;

-- name: uncover
-- Uncovers tickets by their numbers in settled plays, locked in key order; the entries of those that were covered.
WITH covered AS (
    SELECT campaign_id, entry_index
    FROM unnest($1::text[], $2::uuid[], $3::smallint[]) AS asked (campaign_id, play_id, nth)
    JOIN draw AS d USING (campaign_id, play_id, nth)
    WHERE d.uncovered_ms IS NULL
    ORDER BY campaign_id, entry_index
    FOR NO KEY UPDATE OF d
)
UPDATE draw AS d SET uncovered_ms = $4
FROM covered AS c
WHERE d.campaign_id = c.campaign_id AND d.entry_index = c.entry_index AND d.uncovered_ms IS NULL
RETURNING d.campaign_id, d.entry_index;

-- name: tell_of_reviews
-- Marks plays in review that nobody was told of, some at a time. Another process that does the same waits, and finds none.
WITH told AS (
    INSERT INTO review_told (campaign_id, play_id)
    SELECT p.campaign_id, p.play_id FROM play AS p
    WHERE p.state = 'review'
      AND NOT EXISTS (SELECT FROM review_told AS t WHERE t.campaign_id = p.campaign_id AND t.play_id = p.play_id)
    ORDER BY p.campaign_id, p.play_id
    LIMIT $1
    ON CONFLICT DO NOTHING
    RETURNING campaign_id, play_id
)
SELECT p.campaign_id, p.play_id, p.player_id, p.pool_id
FROM told JOIN play AS p USING (campaign_id, play_id)
ORDER BY p.campaign_id, p.play_id;

-- name: forget_reviews
-- Forgets, some at a time, that somebody was told of plays which are in review no more: they may come to be again.
DELETE FROM review_told
WHERE (campaign_id, play_id) IN (
    SELECT t.campaign_id, t.play_id FROM review_told AS t JOIN play AS p USING (campaign_id, play_id)
    WHERE p.state <> 'review'
    LIMIT $1);
