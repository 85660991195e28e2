-- How an event is looked up among all: in a subquery with a limit, so that the table is not hashed for it, and by what
-- tells events apart alone (a player is of one brand), so that no plan that was made while the table was empty reads
-- all events of a brand.

-- name: find_keys
-- The keys of a source that have not expired, with the types of which it may tell. No row: no such source, or none of its keys holds.
SELECT k.key_id, k.sealed, k.public_key, k.expires_ms, s.types
FROM webhook_key AS k JOIN webhook_source AS s USING (brand_id, source)
WHERE k.brand_id = $1 AND k.source = $2 AND (k.expires_ms IS NULL OR k.expires_ms > $3)
ORDER BY k.key_id
LIMIT $4;

-- name: declared_types
-- The event types that a brand has declared.
SELECT type, attributes, changed_by, changed_ms
FROM event_type
WHERE brand_id = $1
ORDER BY type
LIMIT $2;

-- name: insert_events
-- Stores what is new of a batch; what its webhook or its occurrence brought before is skipped. An original that
-- was reversed before it came is stored as reversed. In one order for all, so that two batches wait in line.
INSERT INTO event (brand_id, event_id, source, webhook_id, body_digest, type, reverses, player_id, occurrence,
                   sequence, occurred_ms, received_ms, attributes, state, next_attempt_ms)
SELECT i.brand_id, i.event_id, i.source, i.webhook_id, i.body_digest, i.type, i.reverses, i.player_id, i.occurrence,
       i.sequence, i.occurred_ms, $14, i.attributes,
       CASE WHEN tombstone.event_id IS NULL THEN i.state ELSE 'reversed' END, $14
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::uuid[],
            $9::text[], $10::bigint[], $11::bigint[], $12::jsonb[], $13::text[])
     AS i (brand_id, event_id, source, webhook_id, body_digest, type, reverses, player_id, occurrence,
           sequence, occurred_ms, attributes, state)
LEFT JOIN LATERAL (
    SELECT r.event_id FROM event AS r
    WHERE r.player_id = i.player_id AND r.occurrence = i.occurrence AND r.source = i.source
      AND r.type = i.type || '.reversed'
    LIMIT 1) AS tombstone ON true
ORDER BY i.brand_id, i.player_id, i.source, i.type, i.occurrence, i.webhook_id
ON CONFLICT DO NOTHING
RETURNING event_id;

-- name: find_events
-- What the webhooks or the occurrences of a batch have brought before, the webhook's own first.
SELECT i.ordinal, known.event_id, known.is_webhook, known.body_digest
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[])
     WITH ORDINALITY AS i (brand_id, source, webhook_id, player_id, type, occurrence, ordinal)
CROSS JOIN LATERAL (
    SELECT e.event_id, true AS is_webhook, e.body_digest
    FROM event AS e
    WHERE e.webhook_id = i.webhook_id AND (e.brand_id, e.source) IS NOT DISTINCT FROM (i.brand_id, i.source)
    UNION ALL
    SELECT e.event_id, false, e.body_digest
    FROM event AS e
    WHERE e.player_id = i.player_id AND e.occurrence = i.occurrence AND e.source = i.source AND e.type = i.type
    ORDER BY is_webhook DESC
    LIMIT 1
) AS known
ORDER BY i.ordinal;

-- name: count_conflicts
-- Counts webhooks that came again with another body. In one order, so that two batches wait in line.
UPDATE webhook_source AS s
SET conflicts = s.conflicts + i.conflicts
FROM (SELECT brand_id, source, count(*) AS conflicts
      FROM unnest($1::text[], $2::text[]) AS c (brand_id, source)
      GROUP BY brand_id, source ORDER BY brand_id, source) AS i
WHERE s.brand_id = i.brand_id AND s.source = i.source;

-- name: lock_players
-- Players with an event that is due, whom nobody else works on until the transaction ends; oldest first of $2 events.
SELECT player_id
FROM player
WHERE player_id IN (
    SELECT player_id FROM event
    WHERE state = 'stored' AND next_attempt_ms <= $1
    ORDER BY next_attempt_ms, event_id
    LIMIT $2)
ORDER BY player_id
LIMIT $3
FOR NO KEY UPDATE SKIP LOCKED;

-- name: annul_events
-- Ends what nobody has to process: originals that a reversal has overtaken, dead or not, and reversals of what never
-- counted.
-- For players that the transaction has locked.
WITH overtaken AS (
    UPDATE event AS o SET state = 'reversed', reason = NULL
    WHERE o.player_id = ANY ($1::uuid[]) AND o.state = 'stored' AND (
        SELECT true FROM event AS r
        WHERE r.player_id = o.player_id AND r.occurrence = o.occurrence AND r.source = o.source
          AND r.type = o.type || '.reversed'
        LIMIT 1)
), buried AS (
    UPDATE event AS o SET state = 'reversed', reason = NULL
    FROM event AS r
    WHERE r.player_id = ANY ($1::uuid[]) AND r.state = 'stored' AND o.state = 'dead'
      AND o.player_id = r.player_id AND o.occurrence = r.occurrence AND o.source = r.source
      AND o.type = r.reverses
)
UPDATE event AS r SET state = 'processed'
WHERE r.player_id = ANY ($1::uuid[]) AND r.state = 'stored' AND r.reverses IS NOT NULL
  AND (
      SELECT o.state FROM event AS o
      WHERE o.player_id = r.player_id AND o.occurrence = r.occurrence AND o.source = r.source
        AND o.type = r.reverses
      LIMIT 1) IS DISTINCT FROM 'processed';

-- name: next_events
-- The first stored event of each player, by sequence, then by time. An original that is reversed, or a reversal of
-- what was not processed, is no event to process: annul_events ends it.
SELECT DISTINCT ON (e.player_id)
       e.brand_id, e.event_id, e.source, e.type, e.reverses, e.player_id, e.occurrence, e.sequence,
       e.occurred_ms, e.attributes, e.attempts, e.next_attempt_ms
FROM event AS e
WHERE e.player_id = ANY ($1::uuid[]) AND e.state = 'stored'
  AND CASE WHEN e.reverses IS NULL
      THEN (
          SELECT true FROM event AS r
          WHERE r.player_id = e.player_id AND r.occurrence = e.occurrence AND r.source = e.source
            AND r.type = e.type || '.reversed'
          LIMIT 1) IS NULL
      ELSE (
          SELECT o.state FROM event AS o
          WHERE o.player_id = e.player_id AND o.occurrence = e.occurrence AND o.source = e.source
            AND o.type = e.reverses
          LIMIT 1) = 'processed'
      END
ORDER BY e.player_id, e.sequence NULLS LAST, e.occurred_ms, e.event_id;

-- name: put_off
-- Makes the events of players wait for the one before them.
UPDATE event AS e SET next_attempt_ms = i.until_ms
FROM unnest($1::uuid[], $2::bigint[]) AS i (player_id, until_ms)
WHERE e.player_id = i.player_id AND e.state = 'stored' AND e.next_attempt_ms < i.until_ms;

-- name: finish_events
-- Events of locked players were processed; what they reverse is reversed. No row for one: it is not stored any more.
-- By player, as the index of what waits is: by the events' ids alone a plan reads all that waits.
WITH reversed AS (
    UPDATE event AS o SET state = 'reversed'
    FROM event AS r
    WHERE r.player_id = ANY ($1::uuid[]) AND r.event_id = ANY ($2::uuid[]) AND r.state = 'stored'
      AND o.player_id = r.player_id AND o.occurrence = r.occurrence AND o.source = r.source
      AND o.type = r.reverses AND o.state = 'processed'
)
UPDATE event SET state = 'processed', attempts = attempts + 1, reason = NULL
WHERE player_id = ANY ($1::uuid[]) AND event_id = ANY ($2::uuid[]) AND state = 'stored'
RETURNING event_id;

-- name: fail_event
-- An attempt failed: the event waits for the next one, or is a dead letter. No row: it is not stored any more.
UPDATE event SET state = $3, attempts = attempts + 1, next_attempt_ms = $4, reason = $5
WHERE player_id = $1 AND event_id = $2 AND state = 'stored'
RETURNING event_id;

-- name: delete_ended
-- Forgets events that ended before the first event id, and dead letters before the second. Locked ones wait.
DELETE FROM event
WHERE (brand_id, event_id) IN (
    SELECT brand_id, event_id FROM event
    WHERE state <> 'stored' AND event_id < $1 AND (state <> 'dead' OR event_id < $2)
    ORDER BY event_id
    LIMIT $3
    FOR UPDATE SKIP LOCKED)
RETURNING event_id;

-- name: count_open
-- How many events are in each state that is not an end, up to a limit for each. The states are written out, since
-- the partial index is not found by a parameter.
SELECT 'stored' AS state, (SELECT count(*) FROM (SELECT FROM event WHERE state = 'stored' LIMIT $1) AS s) AS events
UNION ALL
SELECT 'unknown', (SELECT count(*) FROM (SELECT FROM event WHERE state = 'unknown' LIMIT $1) AS u)
UNION ALL
SELECT 'dead', (SELECT count(*) FROM (SELECT FROM event WHERE state = 'dead' LIMIT $1) AS d)
ORDER BY state;

-- name: put_source
-- Makes a source, or gives it another title and other types.
INSERT INTO webhook_source (brand_id, source, title, types, created_by, created_ms)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (brand_id, source) DO UPDATE SET title = excluded.title, types = excluded.types;

-- name: count_sources
-- How many other sources a brand has.
SELECT count(*) FROM webhook_source WHERE brand_id = $1 AND source <> $2;

-- name: lock_brand
-- Lets one transaction at a time add to what a brand may have so many of.
SELECT brand_id FROM brand WHERE brand_id = $1 FOR NO KEY UPDATE;

-- name: sources_of_brand
-- A brand's sources.
SELECT source, title, types, conflicts, created_by, created_ms
FROM webhook_source
WHERE brand_id = $1
ORDER BY source
LIMIT $2;

-- name: lock_source
-- A source whose keys nobody else changes until the transaction ends. No row: there is no such source.
SELECT source, title, types, conflicts, created_by, created_ms
FROM webhook_source
WHERE brand_id = $1 AND source = $2
FOR NO KEY UPDATE;

-- name: keys_of_sources
-- The keys of sources, those that have expired too, without what is secret.
SELECT source, key_id, sealed IS NULL AS is_public, public_key, created_by, created_ms, expires_ms
FROM webhook_key
WHERE brand_id = $1 AND source = ANY ($2::text[])
ORDER BY source, key_id
LIMIT $3;

-- name: insert_key
-- Adds a key to a source, whose row the transaction has locked.
INSERT INTO webhook_key (brand_id, source, key_id, sealed, public_key, created_by, created_ms, expires_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: delete_expired_keys
-- Forgets keys of a source that verify nothing any more.
DELETE FROM webhook_key WHERE brand_id = $1 AND source = $2 AND expires_ms <= $3;

-- name: expire_key
-- Sets or lifts the end of a key. No row: there is no such key.
UPDATE webhook_key SET expires_ms = $4
WHERE brand_id = $1 AND source = $2 AND key_id = $3
RETURNING key_id;

-- name: delete_key
-- Takes a key away. No row: there was none.
DELETE FROM webhook_key WHERE brand_id = $1 AND source = $2 AND key_id = $3 RETURNING key_id;

-- name: put_type
-- Declares an event type, or declares it anew.
INSERT INTO event_type (brand_id, type, attributes, changed_by, changed_ms)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (brand_id, type) DO UPDATE
SET attributes = excluded.attributes, changed_by = excluded.changed_by, changed_ms = excluded.changed_ms;

-- name: count_types
-- How many other event types a brand has declared.
SELECT count(*) FROM event_type WHERE brand_id = $1 AND type <> $2;

-- name: look_back
-- The last of so many events of a brand, newest first. No row: there are not as many.
SELECT event_id FROM event WHERE brand_id = $1 AND event_id < $2 ORDER BY event_id DESC OFFSET $3 LIMIT 1;

-- name: look_back_open
-- The same among those of a state that is not an end.
SELECT event_id FROM event
WHERE brand_id = $1 AND event_id < $2 AND state = $4 AND state IN ('stored', 'unknown', 'dead')
ORDER BY event_id DESC OFFSET $3 LIMIT 1;

-- name: list_events
-- One page of a brand's events back to $7, newest first; what is NULL is not asked for.
SELECT e.event_id, e.source, e.webhook_id, e.type, e.reverses, p.subject, e.occurrence, e.sequence, e.occurred_ms,
       e.received_ms, e.attributes, e.state, e.attempts, e.next_attempt_ms, e.reason
FROM event AS e LEFT JOIN player AS p USING (player_id)
WHERE e.brand_id = $1 AND e.event_id < $2 AND e.event_id >= $7
  AND ($3::text IS NULL OR e.state = $3) AND ($4::text IS NULL OR e.type = $4)
  AND ($5::text IS NULL OR e.player_id = (
        SELECT s.player_id FROM player AS s WHERE s.brand_id = $1 AND s.subject = $5))
ORDER BY e.event_id DESC
LIMIT $6;

-- name: list_open_events
-- The same of a state that is not an end, which $3 always says: found by the index of those, however many have ended.
SELECT e.event_id, e.source, e.webhook_id, e.type, e.reverses, p.subject, e.occurrence, e.sequence, e.occurred_ms,
       e.received_ms, e.attributes, e.state, e.attempts, e.next_attempt_ms, e.reason
FROM event AS e LEFT JOIN player AS p USING (player_id)
WHERE e.brand_id = $1 AND e.event_id < $2 AND e.event_id >= $7
  AND e.state = $3 AND e.state IN ('stored', 'unknown', 'dead') AND ($4::text IS NULL OR e.type = $4)
  AND ($5::text IS NULL OR e.player_id = (
        SELECT s.player_id FROM player AS s WHERE s.brand_id = $1 AND s.subject = $5))
ORDER BY e.event_id DESC
LIMIT $6;

-- name: find_event
-- An event of a brand. No row: there is none of this id.
SELECT e.event_id, e.source, e.webhook_id, e.type, e.reverses, p.subject, e.occurrence, e.sequence, e.occurred_ms,
       e.received_ms, e.attributes, e.state, e.attempts, e.next_attempt_ms, e.reason
FROM event AS e LEFT JOIN player AS p USING (player_id)
WHERE e.brand_id = $1 AND e.event_id = $2;

-- name: redrive_dead
-- Gives dead letters all their attempts again, oldest first. Events in other states stay what they are.
UPDATE event SET state = 'stored', attempts = 0, next_attempt_ms = $2, reason = NULL
WHERE (brand_id, event_id) IN (
    SELECT brand_id, event_id FROM event
    WHERE brand_id = $1 AND state = 'dead' AND ($3::uuid IS NULL OR event_id = $3) AND ($4::text IS NULL OR type = $4)
    ORDER BY event_id
    LIMIT $5
    FOR UPDATE)
RETURNING event_id;

-- name: read_unknown
-- What an event of an unknown type says, now that its type is declared. No row: it is not unknown any more.
UPDATE event
SET state = 'stored', reverses = $3, player_id = $4, occurrence = $5, sequence = $6, attributes = $7,
    next_attempt_ms = $8
WHERE brand_id = $1 AND event_id = $2 AND state = 'unknown'
RETURNING event_id;
