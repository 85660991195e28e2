-- Statements of erasure. $1 is a player, unless said otherwise; its brand's campaigns bound what is looked at.

-- name: ask_erasure
-- Asks for it. No row: it was asked for before.
INSERT INTO erasure (brand_id, player_id, asked_by, asked_ms, next_attempt_ms)
SELECT brand_id, player_id, $2, $3, $4 FROM player WHERE player_id = $1
ON CONFLICT DO NOTHING
RETURNING player_id;

-- name: erasure_of
-- What was asked for a player. No row: nothing.
SELECT asked_ms, done_ms FROM erasure WHERE player_id = $1;

-- name: due_erasures
-- Erasures whose turn it is ($1), put off until $2 so that no other process takes them up too. No row: none is.
UPDATE erasure AS e SET next_attempt_ms = $2
FROM (SELECT player_id FROM erasure
      WHERE done_ms IS NULL AND next_attempt_ms <= $1
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE e.player_id = due.player_id
RETURNING e.player_id;

-- name: lock_subject
-- The brand and the subject of a player, who does nothing else until the transaction ends. No row: it is erased.
SELECT brand_id, subject FROM player WHERE player_id = $1 AND subject IS NOT NULL FOR UPDATE;

-- name: under_way
-- How much of a player is not finished; $2 is its brand.
WITH mine AS (SELECT campaign_id FROM campaign WHERE brand_id = $2 AND state <> 'draft'),
plays AS (
    SELECT p.campaign_id, p.play_id, p.state FROM mine JOIN play AS p USING (campaign_id) WHERE p.player_id = $1
), operations AS (
    SELECT o.state, o.kind, o.reissued_ms FROM plays JOIN operation AS o USING (campaign_id, play_id)
    WHERE o.kind = 'debit'
    UNION ALL
    SELECT o.state, o.kind, o.reissued_ms
    FROM plays JOIN draw AS d USING (campaign_id, play_id) JOIN operation AS o USING (campaign_id, entry_index)
    WHERE o.kind = 'credit'
    UNION ALL
    SELECT o.state, o.kind, o.reissued_ms
    FROM mine JOIN reward AS r USING (campaign_id) JOIN operation AS o USING (campaign_id, reward_id)
    WHERE r.player_id = $1
)
SELECT (SELECT count(*) FROM plays WHERE state IN ('funding', 'resolving', 'paid', 'review'))::int AS plays,
       (SELECT count(*) FROM operations
        WHERE state = 'due' OR kind IN ('credit', 'reward') AND state <> 'applied' AND reissued_ms IS NULL)::int AS credits,
       (SELECT count(*) FROM mine JOIN reward AS r USING (campaign_id)
        WHERE r.player_id = $1 AND r.state = 'returning')::int AS returns,
       (SELECT count(*) FROM mine JOIN streak_repair AS s USING (campaign_id)
        WHERE s.player_id = $1 AND (s.state IN ('funding', 'resolving') OR s.refunds > 0 AND NOT s.is_refunded))::int AS repairs,
       (SELECT count(*) FROM event WHERE player_id = $1 AND state = 'stored')::int AS events,
       (SELECT count(*) FROM mine JOIN task_completion AS t USING (campaign_id)
        WHERE t.player_id = $1 AND t.state IN ('pending', 'appealed'))::int AS completions;

-- name: forget_operations
-- Puts $3 in the place of the account ($4) in what was asked of the ledger, and in our copies of its entries; $2 is the brand.
WITH mine AS (SELECT campaign_id FROM campaign WHERE brand_id = $2 AND state <> 'draft'),
plays AS (SELECT p.campaign_id, p.play_id FROM mine JOIN play AS p USING (campaign_id) WHERE p.player_id = $1),
operations AS (
    SELECT o.campaign_id, o.operation_id FROM plays JOIN operation AS o USING (campaign_id, play_id)
    UNION
    SELECT o.campaign_id, o.operation_id
    FROM mine JOIN reward AS r USING (campaign_id) JOIN operation AS o USING (campaign_id, reward_id)
    WHERE r.player_id = $1
    UNION
    SELECT o.campaign_id, o.operation_id
    FROM mine JOIN streak_repair AS s USING (campaign_id) JOIN operation AS o USING (campaign_id, repair_id)
    WHERE s.player_id = $1
), copies AS (
    UPDATE ledger_entry AS e
    SET debit = CASE WHEN e.debit = $4 THEN $3 ELSE e.debit END, credit = CASE WHEN e.credit = $4 THEN $3 ELSE e.credit END
    FROM operations
    WHERE (e.campaign_id, e.operation_id) = (operations.campaign_id, operations.operation_id) AND $4 IN (e.debit, e.credit)
)
UPDATE operation AS o
SET subject = $3,
    body = convert_to(replace(convert_from(o.body, 'UTF8'), '"' || $4 || '"', '"' || $3 || '"'), 'UTF8')
FROM operations
WHERE (o.campaign_id, o.operation_id) = (operations.campaign_id, operations.operation_id);

-- name: forget_breaks
-- The same where it was told how we and the ledger differ.
UPDATE ledger_break AS b SET says = regexp_replace(says, replace($2, '.', '\.') || '(?![A-Za-z0-9._~-])', $3, 'g')
FROM campaign AS c
WHERE c.brand_id = $1 AND b.campaign_id = c.campaign_id AND strpos(says, $2) > 0;

-- name: forget_changes
-- Puts the player's id in the place of the subject ($3) where managers granted it something; $2 is the brand.
UPDATE campaign_change AS h
SET new_values = jsonb_set(h.new_values, '{subject}', to_jsonb($1::uuid::text))
FROM campaign AS c
WHERE c.brand_id = $2 AND h.campaign_id = c.campaign_id AND h.action = 'chances.grant' AND h.new_values->>'subject' = $3;

-- name: forget_events
-- What events said is gone, and whose they were; their ids stay as long as they would have, so that none comes twice.
UPDATE event
SET player_id = NULL, occurrence = NULL, attributes = '{}', reason = NULL, state = 'unknown', type = '(erased)'
WHERE player_id = $1;

-- name: forget_unknown_events
-- The same of events ($1: the brand) whose type nobody had declared, where the subject ($2) stands in them.
UPDATE event SET attributes = '{}', type = '(erased)'
WHERE brand_id = $1 AND state = 'unknown' AND strpos(attributes::text, '"' || $2 || '"') > 0;

-- name: forget_words
-- What people wrote about completions.
UPDATE task_completion AS t
SET appeal = CASE WHEN t.appeal IS NOT NULL THEN '-' END, reason = CASE WHEN t.reason IS NOT NULL THEN '-' END
FROM campaign AS c
WHERE c.brand_id = $2 AND t.campaign_id = c.campaign_id AND t.player_id = $1;

-- name: forget_excerpts
-- What receivers answered to messages about the player.
UPDATE webhook_attempt AS a SET excerpt = ''
FROM webhook_delivery AS d
WHERE d.player_id = $1 AND (a.brand_id, a.endpoint_id, a.message_id) = (d.brand_id, d.endpoint_id, d.message_id);

-- name: forget_keys
-- The keys under which an app asked for things, since it may have put a name into them; $2 is the brand.
WITH mine AS (SELECT campaign_id FROM campaign WHERE brand_id = $2 AND state <> 'draft'),
plays AS (
    UPDATE play AS p SET idempotency_key = p.play_id::text
    FROM mine WHERE p.campaign_id = mine.campaign_id AND p.player_id = $1
), repairs AS (
    UPDATE streak_repair AS r SET idempotency_key = r.repair_id::text
    FROM mine WHERE r.campaign_id = mine.campaign_id AND r.player_id = $1
), gifts AS (
    UPDATE gift AS g SET key = g.gift_id::text FROM mine WHERE g.campaign_id = mine.campaign_id AND g.giver_id = $1
)
UPDATE badge_trade AS t SET key = t.trade_id::text FROM mine WHERE t.campaign_id = mine.campaign_id AND t.player_id = $1;

-- name: forget_ranks
-- Ranks stay; what they would still be given is not.
UPDATE board_result AS r SET is_due = false
FROM campaign AS c
WHERE c.brand_id = $2 AND r.campaign_id = c.campaign_id AND r.player_id = $1 AND r.is_due AND r.given_ms IS NULL;

-- name: forget_zones
-- Where the player lives.
DELETE FROM player_zone WHERE player_id = $1;

-- name: forget_segments
-- What the brand had said of the player; $2 is the brand.
DELETE FROM player_segment WHERE brand_id = $2 AND player_id = $1;

-- name: forget_risks
-- Nobody is told of the player's streaks any more.
DELETE FROM streak_risk AS s USING campaign AS c
WHERE c.brand_id = $2 AND s.campaign_id = c.campaign_id AND s.player_id = $1;

-- name: forget_groups
-- The player's own groups.
DELETE FROM player_group WHERE owner_id = $1;

-- name: forget_memberships
-- The player's places and nicknames in others' groups, and what was asked for with those that the player had made; $2: the brand.
WITH made AS (
    UPDATE player_group SET asked = 'null', key = group_id::text WHERE brand_id = $2 AND maker_id = $1
)
DELETE FROM group_member WHERE player_id = $1;

-- name: forget_subject
-- Cuts the tie. Who comes under the subject from now on is a new player.
UPDATE player SET subject = NULL, erased_ms = $2 WHERE player_id = $1;

-- name: finish_erasure
-- It is done.
UPDATE erasure SET done_ms = $2 WHERE player_id = $1;

-- name: put_off
-- Looks again at $2.
UPDATE erasure SET next_attempt_ms = $2 WHERE player_id = $1;
