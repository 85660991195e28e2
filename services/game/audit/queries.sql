-- The draw log. Whoever holds the lock of its row in `log` writes; nobody else does.

-- name: create_log
-- Starts the empty log of a campaign.
INSERT INTO log (campaign_id, origin, key_sealed, public_key)
VALUES ($1, $2, $3, $4);

-- name: lock_heads
-- Lets the transaction write these logs, and it alone. No row for one: the campaign has no log.
-- NO KEY: writers wait for one another, and foreign keys to the log do not wait for writers.
SELECT campaign_id, origin, size, last_t_ms, frontier
FROM log
WHERE campaign_id = ANY ($1::text[])
ORDER BY campaign_id
FOR NO KEY UPDATE;

-- name: lock_free_heads
-- The same, for those that nobody else holds. No row for one: somebody does, or the campaign has no log.
SELECT campaign_id, origin, size, last_t_ms, frontier
FROM log
WHERE campaign_id = ANY ($1::text[])
ORDER BY campaign_id
FOR NO KEY UPDATE SKIP LOCKED;

-- name: append
-- Adds batches of entries to logs. No row for one: the log has another size than the writer locked.
-- $1 to $5 are the logs: the size that the writer locked, and the new head; $6 the entries and their leaf hashes;
-- $7 to $10 what the tiles above level 0 gain; $11 and $12 the tiles of level 0 whose 256 leaves are there now.
WITH leaf AS (
    SELECT campaign_id, entry_index, entry, leaf_hash
    FROM unnest($6::log_leaf[])
), logged AS (
    INSERT INTO log_entry (campaign_id, entry_index, entry, leaf_hash)
    SELECT campaign_id, entry_index, entry, leaf_hash
    FROM leaf
), filled AS (
    INSERT INTO log_tile (campaign_id, level, tile_index, hashes)
    SELECT f.campaign_id, 0, f.tile_index,
           (SELECT string_agg(leaf_hash, ''::bytea ORDER BY entry_index)
            FROM (SELECT entry_index, leaf_hash
                  FROM log_entry AS e
                  WHERE e.campaign_id = f.campaign_id
                    AND e.entry_index >= f.tile_index * 256
                    AND e.entry_index < (f.tile_index + 1) * 256
                  UNION ALL
                  SELECT entry_index, leaf_hash
                  FROM leaf
                  WHERE leaf.campaign_id = f.campaign_id
                    AND leaf.entry_index >= f.tile_index * 256
                    AND leaf.entry_index < (f.tile_index + 1) * 256) AS waiting)
    FROM unnest($11::text[], $12::bigint[]) AS f (campaign_id, tile_index)
), grown AS (
    INSERT INTO log_tile (campaign_id, level, tile_index, hashes)
    SELECT campaign_id, level, tile_index, hashes
    FROM unnest($7::text[], $8::smallint[], $9::bigint[], $10::bytea[]) AS above (campaign_id, level, tile_index, hashes)
    ON CONFLICT (campaign_id, level, tile_index) DO UPDATE SET hashes = log_tile.hashes || excluded.hashes
)
UPDATE log
SET size = now.size, last_t_ms = now.last_t_ms, frontier = now.frontier
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])
    AS now (campaign_id, locked_size, size, last_t_ms, frontier)
WHERE log.campaign_id = now.campaign_id AND log.size = now.locked_size
RETURNING log.campaign_id;

-- name: sealed_key
-- The key that signs. No row: the campaign has no log.
SELECT origin, key_sealed
FROM log
WHERE campaign_id = $1;

-- name: readable_head
-- Where the log ends for those who read. No row: the campaign has no log, or it is not of the reader's brand.
SELECT origin, size, last_t_ms, frontier
FROM log
JOIN campaign USING (campaign_id)
WHERE campaign_id = $1 AND ($2::text IS NULL OR brand_id = $2);

-- name: tiles
-- Hash tiles, each as wide as it is now, each looked up by its key whatever the log's size.
-- A tile of level 0 that is not full yet is made of the entries' leaf hashes. NULL: not one hash of it is there.
SELECT wanted.level, wanted.tile_index, coalesce(
    (SELECT hashes
     FROM log_tile
     WHERE campaign_id = $1 AND level = wanted.level AND tile_index = wanted.tile_index),
    (SELECT string_agg(leaf_hash, ''::bytea ORDER BY entry_index)
     FROM log_entry
     WHERE campaign_id = $1
       AND wanted.level = 0
       AND entry_index >= wanted.tile_index * 256
       AND entry_index < (wanted.tile_index + 1) * 256)) AS hashes
FROM unnest($2::smallint[], $3::bigint[]) AS wanted (level, tile_index)
ORDER BY wanted.level, wanted.tile_index;

-- name: awaited_rounds
-- Beacon rounds that are public by now and that seats wait for, the oldest first.
SELECT campaign_id, round
FROM beacon_round
WHERE signature IS NULL AND round <= $1
ORDER BY round, campaign_id
LIMIT $2;

-- name: entries
-- The bytes of neighbouring entries.
SELECT entry
FROM log_entry
WHERE campaign_id = $1 AND entry_index >= $2
ORDER BY entry_index
LIMIT $3;

-- name: keep_verifier
-- Keeps a version of the auditor's file, once.
INSERT INTO verifier_file (sha256, source)
VALUES ($1, $2)
ON CONFLICT (sha256) DO NOTHING;

-- name: verifier_source
-- A version of the auditor's file. No row: none of this digest was published.
SELECT source
FROM verifier_file
WHERE sha256 = $1;

-- name: public_key
-- The name and the key of a log's notes. No row: the campaign has no log, or it is not of the reader's brand.
SELECT origin, public_key
FROM log
JOIN campaign USING (campaign_id)
WHERE campaign_id = $1 AND ($2::text IS NULL OR brand_id = $2);

-- name: brand_of_operator
-- The brand that publishes under this name. No row: none does, or it is not the reader's brand.
SELECT brand_id
FROM brand
WHERE operator_name = $1 AND ($2::text IS NULL OR brand_id = $2);

-- name: logs_of_brand
-- A page of a brand's logs, by the campaign's id.
SELECT campaign_id, origin, size, public_key
FROM campaign
JOIN log USING (campaign_id)
WHERE brand_id = $1 AND campaign_id > $2
ORDER BY campaign_id
LIMIT $3;

-- name: unwitnessed_logs
-- Logs that have grown beyond what some of these witnesses has cosigned, who waits longest first.
SELECT campaign_id
FROM log
CROSS JOIN LATERAL (
    SELECT min(coalesce(next_attempt_ms, 0)) AS due_ms
    FROM unnest($1::text[]) AS asked (witness)
    LEFT JOIN cosignature AS c ON c.campaign_id = log.campaign_id AND c.witness = asked.witness
    WHERE coalesce(c.size, 0) < log.size) AS waiting
WHERE due_ms <= $2
ORDER BY due_ms, campaign_id
LIMIT $3;

-- name: cosigned_sizes
-- What size of a log each witness has cosigned.
SELECT witness, size
FROM cosignature
WHERE campaign_id = $1
ORDER BY witness;

-- name: keep_cosignature
-- Keeps a cosignature, unless a newer one is there.
INSERT INTO cosignature (campaign_id, witness, size, line, next_attempt_ms)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (campaign_id, witness) DO UPDATE
SET size = excluded.size, line = excluded.line, next_attempt_ms = excluded.next_attempt_ms
WHERE cosignature.size < excluded.size;

-- name: postpone_witness
-- A witness did not cosign: it is asked again later.
INSERT INTO cosignature (campaign_id, witness, size, line, next_attempt_ms)
VALUES ($1, $2, 0, '', $3)
ON CONFLICT (campaign_id, witness) DO UPDATE SET next_attempt_ms = excluded.next_attempt_ms;

-- name: cosigned
-- The lines of the largest size that any of these witnesses has cosigned. No row: none has.
SELECT size, string_agg(line, '' ORDER BY witness) AS lines
FROM cosignature
WHERE campaign_id = $1 AND witness = ANY ($2::text[]) AND size > 0
GROUP BY size
ORDER BY size DESC
LIMIT 1;
