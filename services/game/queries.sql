-- name: insert_player
-- Remembers a token's subject. No row: it is known already.
INSERT INTO player (player_id, brand_id, subject, created_ms)
VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT player_subject DO NOTHING
RETURNING player_id;

-- name: player_of_subject
-- Finds the player behind a token's subject. No row: it was never seen.
SELECT player_id FROM player WHERE brand_id = $1 AND subject = $2;

-- name: migrations_applied
-- How many migrations the database has.
SELECT count(*) FROM schema_migration;

-- name: brand_issuers
-- The token issuers, with their keys or where these are published.
SELECT brand_id, issuer, jwks_url, jwks FROM brand ORDER BY brand_id LIMIT $1;
