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
-- Adds batches of entries to logs (migration 0039); to how many. Fewer than there are heads, and nothing was added: a log has
-- another size than the writer read.
SELECT append_to_logs($1::log_head[], $2::log_leaf[], $3::grown_tile[], $4::filled_tile[]);

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
SELECT wanted.campaign_id, wanted.level, wanted.tile_index, coalesce(
    (SELECT hashes
     FROM log_tile
     WHERE campaign_id = wanted.campaign_id AND level = wanted.level AND tile_index = wanted.tile_index),
    (SELECT string_agg(leaf_hash, ''::bytea ORDER BY entry_index)
     FROM log_entry
     WHERE campaign_id = wanted.campaign_id
       AND wanted.level = 0
       AND entry_index >= wanted.tile_index * 256
       AND entry_index < (wanted.tile_index + 1) * 256)) AS hashes
FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS wanted (campaign_id, level, tile_index)
ORDER BY wanted.campaign_id, wanted.level, wanted.tile_index;

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
