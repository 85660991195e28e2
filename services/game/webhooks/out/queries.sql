-- Statements of webhooks out. Arrays are columns: one element is one row.

-- name: is_wanted
-- Whether a brand of these campaigns has an endpoint that wants one of these types.
SELECT EXISTS (
    SELECT FROM campaign AS c JOIN webhook_endpoint AS e USING (brand_id)
    WHERE c.campaign_id = ANY ($1::text[]) AND e.types && $2::text[] AND e.state <> 'deleted');

-- name: tell
-- Stores messages for the endpoints of their brand that want them. Their order is that of the arrays.
INSERT INTO webhook_delivery (brand_id, endpoint_id, message_id, type, player_id, lane, data, told_ms, next_attempt_ms)
SELECT c.brand_id, e.endpoint_id, m.message_id, m.type, m.player_id, m.lane, m.data, $1, $1
FROM unnest($2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[])
    WITH ORDINALITY AS m (campaign_id, message_id, type, player_id, lane, data, nth)
JOIN campaign AS c USING (campaign_id)
JOIN webhook_endpoint AS e ON e.brand_id = c.brand_id AND m.type = ANY (e.types) AND e.state <> 'deleted'
ORDER BY m.nth;

-- name: insert_message
-- Stores a message for one endpoint alone.
INSERT INTO webhook_delivery (brand_id, endpoint_id, message_id, type, lane, data, told_ms, next_attempt_ms)
VALUES ($1, $2, $3, $4, $4, '{}', $5, $5);

-- name: claim_deliveries
-- The first waiting message of each subject that is due, at most $3 of an endpoint, of a failing one a single probe; they are
-- put off until $2, so that nobody else sends them meanwhile. Whoever waits for the row of a first message finds it put off.
WITH due AS (
    SELECT d.position
    FROM webhook_endpoint AS e
    CROSS JOIN LATERAL (
        SELECT w.position
        FROM webhook_delivery AS w
        WHERE w.brand_id = e.brand_id AND w.endpoint_id = e.endpoint_id AND w.state = 'waiting' AND w.next_attempt_ms <= $1
          AND NOT EXISTS (
              SELECT FROM webhook_delivery AS f
              WHERE f.brand_id = w.brand_id AND f.endpoint_id = w.endpoint_id AND f.lane = w.lane
                AND f.state = 'waiting' AND f.position < w.position)
        ORDER BY w.next_attempt_ms, w.position
        LIMIT CASE WHEN e.failing_since_ms IS NULL THEN $3::integer ELSE 1 END
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS d
    WHERE e.state = 'active' AND e.retry_ms <= $1 AND e.endpoint_id <> ALL ($4::uuid[])
    LIMIT $5
), taken AS (
    UPDATE webhook_delivery AS d SET attempts = d.attempts + 1, next_attempt_ms = $2
    FROM due
    WHERE d.position = due.position
    RETURNING d.brand_id, d.endpoint_id, d.message_id, d.type, d.player_id, d.data, d.told_ms, d.attempts
)
SELECT t.brand_id, t.endpoint_id, t.message_id, t.type, p.subject, t.data, t.told_ms, t.attempts,
       e.url, e.sealed, CASE WHEN e.before_until_ms > $1 THEN e.sealed_before END AS sealed_before, e.failing_since_ms
FROM taken AS t
JOIN webhook_endpoint AS e USING (brand_id, endpoint_id)
LEFT JOIN player AS p ON p.player_id = t.player_id;

-- name: record_attempt
-- Notes what came of an attempt. No row: somebody else has sent the message since.
WITH noted AS (
    UPDATE webhook_delivery SET state = $5, next_attempt_ms = $6
    WHERE brand_id = $1 AND endpoint_id = $2 AND message_id = $3 AND attempts = $4 AND state = 'waiting'
    RETURNING brand_id, endpoint_id, message_id
)
INSERT INTO webhook_attempt (brand_id, endpoint_id, message_id, began_ms, took_ms, status, error, excerpt)
SELECT brand_id, endpoint_id, message_id, $7, $8, $9, $10, $11 FROM noted
RETURNING attempt_id;

-- name: note_success
-- The endpoint takes messages.
UPDATE webhook_endpoint SET failing_since_ms = NULL, retry_ms = 0
WHERE brand_id = $1 AND endpoint_id = $2 AND failing_since_ms IS NOT NULL;

-- name: note_failure
-- The endpoint fails since $3 or before, and is left alone until $4.
UPDATE webhook_endpoint SET failing_since_ms = coalesce(failing_since_ms, $3), retry_ms = $4
WHERE brand_id = $1 AND endpoint_id = $2;

-- name: pause_endpoint
-- Sends the endpoint nothing until it is resumed. No row: it is paused, or gone.
UPDATE webhook_endpoint SET state = 'paused', pause_reason = $3, paused_ms = $4
WHERE brand_id = $1 AND endpoint_id = $2 AND state = 'active'
RETURNING endpoint_id;

-- name: count_paused
-- How many endpoints were given up.
SELECT count(*) FROM webhook_endpoint WHERE state = 'paused';

-- name: purge_deliveries
-- Forgets old messages and those of deleted endpoints, some at a time.
DELETE FROM webhook_delivery
WHERE position IN (
    SELECT position FROM webhook_delivery WHERE told_ms < $1
    UNION ALL
    SELECT d.position FROM webhook_endpoint AS e JOIN webhook_delivery AS d USING (brand_id, endpoint_id)
    WHERE e.state = 'deleted'
    LIMIT $2)
RETURNING position;

-- name: purge_endpoints
-- Forgets deleted endpoints of which nothing is left.
DELETE FROM webhook_endpoint AS e
WHERE e.state = 'deleted'
  AND NOT EXISTS (SELECT FROM webhook_delivery AS d WHERE d.brand_id = e.brand_id AND d.endpoint_id = e.endpoint_id);

-- name: lock_brand
-- Makes others who add endpoints to the brand wait.
SELECT brand_id FROM brand WHERE brand_id = $1 FOR NO KEY UPDATE;

-- name: count_endpoints
-- How many endpoints a brand has.
SELECT count(*) FROM webhook_endpoint WHERE brand_id = $1 AND state <> 'deleted';

-- name: insert_endpoint
-- A new endpoint.
INSERT INTO webhook_endpoint (brand_id, endpoint_id, url, types, sealed, created_by, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: endpoints_of_brand
-- A brand's endpoints in the order in which they were made, or the one of them that $2 names; never a secret.
SELECT endpoint_id, url, types, state, pause_reason, paused_ms, failing_since_ms, created_by, created_ms
FROM webhook_endpoint
WHERE brand_id = $1 AND state <> 'deleted' AND ($2::uuid IS NULL OR endpoint_id = $2)
ORDER BY endpoint_id
LIMIT $3;

-- name: rotate_secret
-- A new secret; the one before signs too until $4. No row: there is no such endpoint.
UPDATE webhook_endpoint SET sealed_before = sealed, sealed = $3, before_until_ms = $4
WHERE brand_id = $1 AND endpoint_id = $2 AND state <> 'deleted'
RETURNING endpoint_id;

-- name: delete_endpoint
-- Sends the endpoint nothing ever again. No row: there is no such endpoint.
UPDATE webhook_endpoint SET state = 'deleted'
WHERE brand_id = $1 AND endpoint_id = $2 AND state <> 'deleted'
RETURNING endpoint_id;

-- name: resume_endpoint
-- Sends to an endpoint again that was paused.
UPDATE webhook_endpoint SET state = 'active', pause_reason = NULL, paused_ms = NULL, failing_since_ms = NULL, retry_ms = 0
WHERE brand_id = $1 AND endpoint_id = $2 AND state = 'paused';

-- name: resume_deliveries
-- What has failed is due once the endpoint is not paused any more, with all of its attempts: as few rows as probes were
-- made. The others are due already.
UPDATE webhook_delivery AS d SET next_attempt_ms = $3, attempts = 0
FROM webhook_endpoint AS e
WHERE d.brand_id = $1 AND d.endpoint_id = $2 AND d.state = 'waiting' AND d.attempts > 0
  AND e.brand_id = $1 AND e.endpoint_id = $2 AND e.state = 'paused';

-- name: look_back
-- The last of so many messages of an endpoint before one, newest first. No row: there are not as many.
SELECT message_id FROM webhook_delivery
WHERE brand_id = $1 AND endpoint_id = $2 AND message_id < $3
ORDER BY message_id DESC OFFSET $4 LIMIT 1;

-- name: list_deliveries
-- Messages of an endpoint before one and back to $6, newest first.
SELECT message_id, type, told_ms, state, attempts, next_attempt_ms
FROM webhook_delivery
WHERE brand_id = $1 AND endpoint_id = $2 AND message_id < $3 AND message_id >= $6
  AND ($4::text IS NULL OR state = $4)
ORDER BY message_id DESC
LIMIT $5;

-- name: find_delivery
-- One message of an endpoint.
SELECT message_id, type, told_ms, state, attempts, next_attempt_ms
FROM webhook_delivery
WHERE brand_id = $1 AND endpoint_id = $2 AND message_id = $3;

-- name: attempts_of_delivery
-- How sending a message went, the last attempt first.
SELECT began_ms, took_ms, status, error, excerpt
FROM webhook_attempt
WHERE brand_id = $1 AND endpoint_id = $2 AND message_id = $3
ORDER BY attempt_id DESC
LIMIT $4;

-- name: replay
-- Messages from $3 to $4 that wait no more are sent again, after all that waits, in their old order.
WITH chosen AS MATERIALIZED (
    SELECT message_id, position
    FROM webhook_delivery
    WHERE brand_id = $1 AND endpoint_id = $2 AND message_id >= $3 AND message_id <= $4 AND state <> 'waiting'
    ORDER BY message_id
    LIMIT $6
), ordered AS MATERIALIZED (
    SELECT message_id FROM chosen ORDER BY position
), placed AS MATERIALIZED (
    SELECT message_id, nextval('webhook_position') AS position FROM ordered
)
UPDATE webhook_delivery AS d
SET state = 'waiting', attempts = 0, next_attempt_ms = $5, position = placed.position
FROM placed
WHERE d.brand_id = $1 AND d.endpoint_id = $2 AND d.message_id = placed.message_id AND d.state <> 'waiting'
RETURNING d.message_id;
