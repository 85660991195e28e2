-- What an evidence pack is made of. Each row is one line of a file: what to mask, and the rest as JSON.
-- $1 is the campaign. Secrets and sealed values never leave.

-- name: campaign
-- The campaign itself.
SELECT NULL::uuid AS player_id, NULL::text AS subject, to_jsonb(c)::text AS line
FROM campaign AS c
WHERE campaign_id = $1
ORDER BY campaign_id;

-- name: pools
-- Each version of a prize table, with its rows and what became of them. Drafts stay out.
SELECT NULL::uuid AS player_id, NULL::text AS subject,
    (to_jsonb(p) - '{secret_sealed,entry,rules}'::text[] || jsonb_build_object('rows', (
        SELECT jsonb_agg(to_jsonb(r) - '{campaign_id,pool_id}'::text[] ORDER BY ordinal)
        FROM pool_row AS r
        WHERE r.campaign_id = p.campaign_id AND r.pool_id = p.pool_id)))::text AS line
FROM pool AS p
WHERE campaign_id = $1 AND entry_index IS NOT NULL
ORDER BY entry_index;

-- name: seats
-- Seats that stand in the log.
SELECT s.player_id, subject, (to_jsonb(s) - 'player_id')::text AS line
FROM seat AS s
LEFT JOIN player USING (player_id)
WHERE campaign_id = $1 AND entry_index IS NOT NULL
ORDER BY entry_index;

-- name: plays
-- Every play, with how it was paid and how it ended.
SELECT p.player_id, subject, (to_jsonb(p) - '{player_id,idempotency_key,request_digest}'::text[])::text AS line
FROM play AS p
LEFT JOIN player USING (player_id)
WHERE campaign_id = $1
ORDER BY play_id;

-- name: draws
-- Which play each draw of the log belongs to, and what its row pays.
SELECT NULL::uuid AS player_id, NULL::text AS subject, (to_jsonb(d) || jsonb_build_object(
    'pool_id', r.pool_id, 'row_id', r.row_id, 'prize_kind', r.prize_kind, 'prize_amount', r.prize_amount))::text AS line
FROM draw AS d
JOIN play AS p USING (campaign_id, play_id)
JOIN pool_row AS r ON r.campaign_id = d.campaign_id AND r.pool_id = p.pool_id AND r.ordinal = d.row_ordinal
WHERE d.campaign_id = $1
ORDER BY entry_index;

-- name: prizes
-- What was won, and whether it was taken.
SELECT g.player_id, subject, (to_jsonb(g) - 'player_id')::text AS line
FROM prize_grant AS g
LEFT JOIN player USING (player_id)
WHERE campaign_id = $1
ORDER BY grant_id;

-- name: rewards
-- What was given for anything but a draw.
SELECT r.player_id, subject, (to_jsonb(r) - 'player_id')::text AS line
FROM reward AS r
LEFT JOIN player USING (player_id)
WHERE campaign_id = $1
ORDER BY reward_id;

-- name: operations
-- What the ledger was told, and where it stands there (`ledger_seq`).
SELECT NULL::uuid AS player_id, NULL::text AS subject, (to_jsonb(o) - '{body,subject}'::text[] || jsonb_build_object(
    'sha256', encode(sha256(body), 'hex'), 'operation', convert_from(body, 'UTF8')::jsonb))::text AS line
FROM operation AS o
WHERE campaign_id = $1
ORDER BY operation_id;

-- name: promises
-- What features may give at most, as the launch demanded it.
SELECT NULL::uuid AS player_id, NULL::text AS subject, to_jsonb(p)::text AS line
FROM promise AS p
WHERE campaign_id = $1
ORDER BY source;

-- name: changes
-- The change log: who did what, with the values before and after. To whom chances were granted is a player's name, or an
-- erased player's id.
SELECT coalesce(p.player_id, e.player_id) AS player_id, p.subject, (to_jsonb(h) || jsonb_build_object(
    'new_values', CASE WHEN action = 'chances.grant' THEN new_values - 'subject' ELSE new_values END))::text AS line
FROM campaign_change AS h
JOIN campaign AS c USING (campaign_id)
LEFT JOIN player AS p ON action = 'chances.grant' AND (p.brand_id, p.subject) = (c.brand_id, new_values ->> 'subject')
LEFT JOIN player AS e ON e.player_id = CASE WHEN action = 'chances.grant' AND p.player_id IS NULL
    AND new_values ->> 'subject' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (new_values ->> 'subject')::uuid END
WHERE campaign_id = $1
ORDER BY change_index;

-- name: decisions
-- What persons decided about plays under review.
SELECT NULL::uuid AS player_id, NULL::text AS subject, to_jsonb(d)::text AS line
FROM play_decision AS d
WHERE campaign_id = $1
ORDER BY at_ms, play_id;

-- name: breaks
-- Where the ledger did not agree, what came of it, and who acknowledged what stands.
SELECT NULL::uuid AS player_id, NULL::text AS subject, (to_jsonb(b) || jsonb_build_object('acknowledged', (
    SELECT jsonb_agg(to_jsonb(a) - 'break_id' ORDER BY at_ms)
    FROM break_acknowledgement AS a
    WHERE a.break_id = b.break_id)))::text AS line
FROM ledger_break AS b
WHERE campaign_id = $1
ORDER BY break_id;

-- name: completions
-- Tasks that were done, and how their review ended. Words of players stay out.
SELECT c.player_id, subject, (to_jsonb(c) - '{player_id,appeal}'::text[])::text AS line
FROM task_completion AS c
LEFT JOIN player USING (player_id)
WHERE campaign_id = $1
ORDER BY completion_id;

-- name: entries
-- The log's own bytes.
SELECT entry
FROM log_entry
WHERE campaign_id = $1 AND entry_index < $2
ORDER BY entry_index;

-- name: rules
-- The rules that each pool's entry binds, byte for byte.
SELECT pool_id, rules
FROM pool
WHERE campaign_id = $1 AND entry_index IS NOT NULL
ORDER BY entry_index;

-- name: winners
-- Draws that won something, the rarest rows first.
SELECT entry_index
FROM draw AS d
JOIN play AS p USING (campaign_id, play_id)
JOIN pool_row AS r ON r.campaign_id = d.campaign_id AND r.pool_id = p.pool_id AND r.ordinal = d.row_ordinal
WHERE d.campaign_id = $1 AND entry_index < $2 AND r.prize_kind <> 'nothing'
ORDER BY coalesce(r.weight, r.count), entry_index
LIMIT $3;

-- name: ask
-- Asks for a pack.
INSERT INTO evidence_pack (campaign_id, pack_id, asked_ms, asked_by, masked, reason, claimed_until_ms)
VALUES ($1, $2, $3, $4, $5, $6, 0);

-- name: packs
-- A campaign's packs.
SELECT pack_id, asked_ms, asked_by, masked, reason, made_ms, log_size, sha256, bytes, kept_until_ms,
    attempts
FROM evidence_pack
WHERE campaign_id = $1 AND ($2::text IS NULL OR pack_id = $2)
ORDER BY asked_ms, pack_id
LIMIT $3;

-- name: claim
-- Takes the pack that waits longest, for a while. No row: none waits.
UPDATE evidence_pack
SET claimed_until_ms = $2, attempts = attempts + 1
WHERE (campaign_id, pack_id) = (
    SELECT campaign_id, pack_id
    FROM evidence_pack
    WHERE made_ms IS NULL AND claimed_until_ms <= $1 AND attempts < $3
    ORDER BY claimed_until_ms, asked_ms, campaign_id, pack_id
    LIMIT 1
    FOR UPDATE SKIP LOCKED)
RETURNING campaign_id, pack_id, masked, asked_ms;

-- name: lock_unmade
-- Keeps others from making a pack. No row: somebody else was faster.
SELECT pack_id
FROM evidence_pack
WHERE campaign_id = $1 AND pack_id = $2 AND made_ms IS NULL
FOR NO KEY UPDATE;

-- name: add_chunk
-- A part of the zip.
INSERT INTO evidence_chunk (campaign_id, pack_id, nth, content)
VALUES ($1, $2, $3, $4);

-- name: made
-- The pack is whole, and locked from now on.
UPDATE evidence_pack
SET made_ms = $3, log_size = $4, sha256 = $5, bytes = $6, kept_until_ms = $7
WHERE campaign_id = $1 AND pack_id = $2;

-- name: chunk
-- A part of the zip. No row: it ends before.
SELECT content
FROM evidence_chunk
WHERE campaign_id = $1 AND pack_id = $2 AND nth = $3;

-- name: closes_ms
-- When the campaign is over at the latest.
SELECT closes_ms
FROM campaign
WHERE campaign_id = $1;
