-- name: readings_of_campaign
-- One page of who opened the secrets of a campaign's pools (or, without a pool, the key of its log), oldest first.
SELECT reading_id, pool_id, purpose, process, read_ms
FROM secret_reading
WHERE campaign_id = $1 AND reading_id > $2
ORDER BY reading_id
LIMIT $3;
