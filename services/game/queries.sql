-- name: player_of_subject
-- Finds the player behind a token's subject, and whether it is being erased. No row: it was never seen.
SELECT player_id, EXISTS (SELECT FROM erasure AS e WHERE e.player_id = player.player_id) AS is_leaving
FROM player WHERE brand_id = $1 AND subject = $2;

-- name: lock_player
-- Keeps all else that spends what a player has waiting.
SELECT player_id FROM player WHERE player_id = $1 FOR NO KEY UPDATE;

-- name: insert_players
-- Remembers subjects, in one order for all, so that two batches wait in line. Those that are known are skipped.
INSERT INTO player (player_id, brand_id, subject, created_ms)
SELECT player_id, brand_id, subject, $4
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS i (player_id, brand_id, subject)
ORDER BY brand_id, subject
ON CONFLICT ON CONSTRAINT player_subject DO NOTHING;

-- name: players_of_subjects
-- Finds the players behind subjects, and whether they are being erased; those that were never seen are left out.
SELECT brand_id, subject, p.player_id, EXISTS (SELECT FROM erasure AS e WHERE e.player_id = p.player_id) AS is_leaving
FROM unnest($1::text[], $2::text[]) AS i (brand_id, subject)
JOIN player AS p USING (brand_id, subject)
ORDER BY brand_id, subject;

-- name: leaving
-- Subjects that are being erased, by the player's id from $1 on, of which at most $2 at once. Each process forgets them.
SELECT player_id, p.brand_id, p.subject FROM erasure AS e JOIN player AS p USING (player_id)
WHERE e.done_ms IS NULL AND player_id > $1
ORDER BY player_id
LIMIT $2;

-- name: insert_reading
-- Notes that a process opens the secret of a pool, or the key of a log ($3 is null).
INSERT INTO secret_reading (campaign_id, reading_id, pool_id, purpose, process, read_ms)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: clock_ms
-- The database's clock.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint;

-- name: migrations_applied
-- How many migrations the database has.
SELECT count(*) FROM schema_migration;

-- name: brand_issuers
-- The token issuers, with their keys or where these are published.
SELECT brand_id, issuer, jwks_url, jwks FROM brand ORDER BY brand_id LIMIT $1;

-- name: outgrown_tables
-- Tables whose statistics are of less than half of their rows, quoted, the largest first. No row: all are known well.
-- Updates alone change no plan: a few rows that are updated by each play would be analyzed every other second.
SELECT format('%I.%I', s.schemaname, s.relname) AS quoted
FROM pg_stat_user_tables AS s
JOIN pg_class AS c ON c.oid = s.relid
WHERE s.n_live_tup > $1 + 2 * greatest(c.reltuples, 0) AND c.reltuples < $2
  AND pg_has_role(c.relowner, 'USAGE')  -- others' tables would stay as they are, and be asked for each time
ORDER BY s.n_live_tup DESC
LIMIT $3;

-- name: small_sample
-- A tenth of the rows that are read otherwise is enough to tell a large table from a small one; autovacuum reads them all later.
SET LOCAL default_statistics_target = 10;
