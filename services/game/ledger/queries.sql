-- Statements of the outbox. Arrays are columns: one element is one row.

-- name: enqueue
-- Stores credits in the transaction that owes them.
INSERT INTO operation (campaign_id, kind, operation_id, play_id, entry_index, reward_id, subject, body, attempt, state,
                       next_attempt_ms)
SELECT campaign_id, kind, operation_id, play_id, entry_index, reward_id, subject, body, attempt, 'due', $2
FROM unnest($1::due_credit[]);

-- name: claim_due
-- Credits whose turn it is, put off until $2 so that no other process sends them too. No row: none is due.
UPDATE operation AS o SET next_attempt_ms = $2
FROM (SELECT campaign_id, operation_id FROM operation
      WHERE state = 'due' AND kind NOT IN ('debit', 'repair') AND next_attempt_ms <= $1
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE (o.campaign_id, o.operation_id) = (due.campaign_id, due.operation_id)
RETURNING o.campaign_id, o.kind, o.operation_id, o.play_id, o.entry_index, o.reward_id, o.subject, o.body, o.attempt;

-- name: claim_refused
-- Refused credits whose turn it is, put off until $2 so that no other process looks at them too. No row: none is due.
-- One that the ledger's entries say was applied after all is a contradiction, which is for a person: paid anew, it would
-- be paid twice.
-- Refused returns are not among them: what a player does not have is owed (prizes/returning.py).
UPDATE operation AS o SET next_attempt_ms = $2
FROM (SELECT campaign_id, operation_id FROM operation
      WHERE state IN ('rejected', 'expired', 'fenced') AND kind IN ('credit', 'reward') AND reissued_ms IS NULL
        AND next_attempt_ms <= $1
        AND NOT EXISTS (SELECT FROM ledger_entry AS e
                        WHERE (e.campaign_id, e.operation_id) = (operation.campaign_id, operation.operation_id))
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS refused
WHERE (o.campaign_id, o.operation_id) = (refused.campaign_id, refused.operation_id)
RETURNING o.campaign_id, o.kind, o.operation_id, o.play_id, o.entry_index, o.reward_id, o.subject, o.body, o.attempt;

-- name: reissue
-- Lets refused credits go on under their next ids. No row for one: another process was faster, and it has gone on already.
WITH given_up AS (
    UPDATE operation AS o SET reissued_ms = $6
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::integer[])
        AS anew (campaign_id, refused_id, operation_id, body, attempt)
    WHERE (o.campaign_id, o.operation_id, o.attempt) = (anew.campaign_id, anew.refused_id, anew.attempt - 1)
      AND o.state IN ('rejected', 'expired', 'fenced') AND o.kind NOT IN ('debit', 'repair') AND o.reissued_ms IS NULL
    RETURNING o.campaign_id, o.kind, anew.operation_id, o.play_id, o.entry_index, o.reward_id, o.subject, anew.body, anew.attempt
)
INSERT INTO operation (campaign_id, kind, operation_id, play_id, entry_index, reward_id, subject, body, attempt, state,
                       next_attempt_ms)
SELECT campaign_id, kind, operation_id, play_id, entry_index, reward_id, subject, body, attempt, 'due', $7
FROM given_up
RETURNING campaign_id, kind, operation_id, play_id, entry_index, reward_id, subject, body, attempt;

-- name: give_up
-- Lets refused credits of rewards go on as nothing: nobody is owed them any more. No row for one: it has gone on already.
UPDATE operation AS o SET reissued_ms = $3
FROM unnest($1::text[], $2::text[]) AS refused (campaign_id, operation_id)
WHERE (o.campaign_id, o.operation_id) = (refused.campaign_id, refused.operation_id)
  AND o.state IN ('rejected', 'expired', 'fenced') AND o.reward_id IS NOT NULL AND o.reissued_ms IS NULL
RETURNING o.campaign_id, o.operation_id;

-- name: record
-- What the ledger decided. A credit that was recorded before is left as it is: a decision is for ever.
UPDATE operation AS o
SET state = decided.state, ledger_seq = decided.ledger_seq, next_attempt_ms = decided.next_attempt_ms
FROM unnest($1::decided_credit[]) AS decided
WHERE (o.campaign_id, o.operation_id) = (decided.campaign_id, decided.operation_id)
  AND o.state = 'due' AND o.kind NOT IN ('debit', 'repair');

-- name: claim_pass
-- Takes up a pass until $3, so that no other process does. No row: it is not its turn.
UPDATE reconciliation SET next_ms = $3
WHERE pass = $1 AND next_ms <= $2
RETURNING pass, after_seq, judged_seq, play_id, reward_id, repair_id;

-- name: release_pass
-- When a pass is taken up again, and when it last came to its end (null: it did not).
UPDATE reconciliation SET next_ms = $2, done_ms = coalesce($3, done_ms)
WHERE pass = $1;

-- name: restart_pass
-- Lets a pass begin anew.
UPDATE reconciliation
SET after_seq = 0, judged_seq = 0, play_id = '00000000-0000-0000-0000-000000000000',
    reward_id = '00000000-0000-0000-0000-000000000000', repair_id = '00000000-0000-0000-0000-000000000000'
WHERE pass = $1;

-- name: read_pass
-- How far a pass has come.
SELECT pass, after_seq, judged_seq, play_id, reward_id, repair_id FROM reconciliation WHERE pass = $1;

-- name: passes
-- When each pass last came to its end.
SELECT pass, after_seq, done_ms FROM reconciliation ORDER BY pass;

-- name: last_copied
-- The last entry that was copied; null: none was.
SELECT max(seq) FROM ledger_entry;

-- name: advance_feed
-- Moves a pass on in the feed. No row: another process was faster.
UPDATE reconciliation SET after_seq = $3
WHERE pass = $1 AND after_seq = $2
RETURNING pass;

-- name: plan_anew
-- What joins a page of the feed to all operations runs seldom: a plan made for a few rows long ago costs more than a new one.
SET LOCAL plan_cache_mode = force_custom_plan;

-- name: forget_entries
-- Removes the copies of a part of the feed that was read again.
DELETE FROM ledger_entry WHERE seq > $1 AND seq <= $2;

-- name: copy_entries
-- Keeps the entries that concern our campaigns: by the account that is debited or credited, else by the operation.
-- Where the operation is of an erased player ($9), so are the copies.
INSERT INTO ledger_entry (campaign_id, seq, operation_id, debit, credit, amount)
SELECT coalesce(d.campaign_id, c.campaign_id, o.campaign_id), e.seq, e.operation_id,
       CASE WHEN held.subject IS NOT NULL AND starts_with(e.debit, 'player:') THEN $9 ELSE e.debit END,
       CASE WHEN held.subject IS NOT NULL AND starts_with(e.credit, 'player:') THEN $9 ELSE e.credit END,
       e.amount
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[])
    AS e (seq, operation_id, debit, credit, amount, of_debit, of_credit, of_operation)
LEFT JOIN campaign AS d ON d.campaign_id = e.of_debit
LEFT JOIN campaign AS c ON c.campaign_id = e.of_credit
LEFT JOIN campaign AS o ON o.campaign_id = e.of_operation
LEFT JOIN operation AS held
    ON held.campaign_id = coalesce(d.campaign_id, c.campaign_id, o.campaign_id) AND held.operation_id = e.operation_id
       AND held.subject = $9
WHERE coalesce(d.campaign_id, c.campaign_id, o.campaign_id) IS NOT NULL;

-- name: add_hours
-- Adds what was read to the totals of its hours. An hour never goes back: entries are in the order of their commits.
INSERT INTO ledger_hour AS h (hour_ms, from_seq, to_seq, entries, points)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::numeric[])
ON CONFLICT (hour_ms) DO UPDATE
SET to_seq = excluded.to_seq, entries = h.entries + excluded.entries, points = h.points + excluded.points, agreed = false;

-- name: last_hour
-- The hour that was read last; null: nothing was read.
SELECT max(hour_ms) FROM ledger_hour;

-- name: open_hours
-- Hours before $1 whose totals have not been found to agree.
SELECT hour_ms, from_seq, to_seq, entries, points::bigint AS points FROM ledger_hour
WHERE NOT agreed AND hour_ms < $1
ORDER BY hour_ms
LIMIT $2;

-- name: reopen_hours
-- Lets all totals be compared again.
UPDATE ledger_hour SET agreed = false WHERE agreed;

-- name: agree_hour
-- An hour's totals are those of the ledger.
UPDATE ledger_hour SET agreed = true WHERE hour_ms = $1;

-- name: posted_operations
-- Operations of copied entries after a place in the feed, with the place and, where we made them, what they are for.
SELECT e.seq, e.campaign_id, e.operation_id, o.play_id, o.reward_id, o.repair_id
FROM ledger_entry AS e
LEFT JOIN operation AS o USING (campaign_id, operation_id)
WHERE e.seq > $1
ORDER BY e.seq
LIMIT $2;

-- name: advance_judged
-- Moves a pass on in the entries that it has judged. No row: another process was faster.
UPDATE reconciliation SET judged_seq = $3
WHERE pass = $1 AND judged_seq = $2
RETURNING pass;

-- name: advance_plays
-- Moves a pass on in the plays that it has compared. No row: another process was faster.
UPDATE reconciliation SET play_id = $3
WHERE pass = $1 AND play_id = $2
RETURNING pass;

-- name: advance_rewards
-- Moves a pass on in the rewards that it has compared. No row: another process was faster.
UPDATE reconciliation SET reward_id = $3
WHERE pass = $1 AND reward_id = $2
RETURNING pass;

-- name: advance_repairs
-- Moves a pass on in the repairs that it has compared. No row: another process was faster.
UPDATE reconciliation SET repair_id = $3
WHERE pass = $1 AND repair_id = $2
RETURNING pass;

-- name: plays_between
-- Plays of all campaigns in the order of their ids, which is that of their time.
SELECT p.campaign_id, p.play_id
FROM campaign AS c
CROSS JOIN LATERAL (
    SELECT play.campaign_id, play.play_id FROM play
    WHERE play.campaign_id = c.campaign_id AND play.play_id > $1 AND play.play_id < $2
    ORDER BY play.play_id
    LIMIT $3
) AS p
ORDER BY p.play_id
LIMIT $3;

-- name: rewards_between
-- Rewards of all campaigns in the order of their ids, which is that of their time.
SELECT r.campaign_id, r.reward_id
FROM campaign AS c
CROSS JOIN LATERAL (
    SELECT reward.campaign_id, reward.reward_id FROM reward
    WHERE reward.campaign_id = c.campaign_id AND reward.reward_id > $1 AND reward.reward_id < $2
    ORDER BY reward.reward_id
    LIMIT $3
) AS r
ORDER BY r.reward_id
LIMIT $3;

-- name: repairs_between
-- Repairs of all campaigns in the order of their ids, which is that of their time.
SELECT r.campaign_id, r.repair_id
FROM campaign AS c
CROSS JOIN LATERAL (
    SELECT streak_repair.campaign_id, streak_repair.repair_id FROM streak_repair
    WHERE streak_repair.campaign_id = c.campaign_id AND streak_repair.repair_id > $1 AND streak_repair.repair_id < $2
    ORDER BY streak_repair.repair_id
    LIMIT $3
) AS r
ORDER BY r.repair_id
LIMIT $3;

-- name: overdue_repairs
-- Repairs whose debit has been in flight since before $1.
SELECT campaign_id, repair_id FROM streak_repair
WHERE state IN ('funding', 'resolving') AND asked_ms < $1
ORDER BY campaign_id, repair_id
LIMIT $2;

-- name: overdue_rewards
-- Rewards whose credit or return has been in flight since before $1.
SELECT DISTINCT o.campaign_id, o.reward_id
FROM operation AS o JOIN reward AS r USING (campaign_id, reward_id)
WHERE o.state = 'due' AND o.kind NOT IN ('debit', 'repair') AND coalesce(r.taken_back_ms, r.given_ms) < $1
ORDER BY o.campaign_id, o.reward_id
LIMIT $2;

-- name: overdue_plays
-- Plays whose debit or credit has been in flight since before $1, and plays that wait for a person.
(SELECT campaign_id, play_id FROM play
 WHERE state IN ('funding', 'resolving') AND accepted_ms < $1
 LIMIT $2)
UNION
(SELECT o.campaign_id, o.play_id FROM operation AS o
 JOIN prize_grant AS g USING (campaign_id, entry_index)
 WHERE o.state = 'due' AND o.kind NOT IN ('debit', 'repair') AND g.granted_ms < $1
 LIMIT $2);

-- name: broken_plays
-- Plays with open breaks, after a break.
SELECT break_id, campaign_id, play_id FROM ledger_break
WHERE closed_ms IS NULL AND play_id IS NOT NULL AND break_id > $1
ORDER BY break_id
LIMIT $2;

-- name: broken_rewards
-- Rewards with open breaks, after a break.
SELECT break_id, campaign_id, reward_id FROM ledger_break
WHERE closed_ms IS NULL AND reward_id IS NOT NULL AND break_id > $1
ORDER BY break_id
LIMIT $2;

-- name: broken_repairs
-- Repairs with open breaks, after a break.
SELECT break_id, campaign_id, repair_id FROM ledger_break
WHERE closed_ms IS NULL AND repair_id IS NOT NULL AND break_id > $1
ORDER BY break_id
LIMIT $2;

-- name: broken_strangers
-- Operations of somebody else with open breaks, after a break.
SELECT break_id, campaign_id, operation_id FROM ledger_break
WHERE closed_ms IS NULL AND kind = 'theirs_only' AND break_id > $1
ORDER BY break_id
LIMIT $2;

-- name: debit_cases
-- Plays that cost something with their debit, as it is held and as it was posted.
SELECT 'debit' AS kind, p.campaign_id, p.play_id, NULL::uuid AS reward_id, NULL::uuid AS repair_id, p.state AS play_state,
       p.seat_id IS NOT NULL AS is_seated, false AS is_reissued, coalesce(o.operation_id, i.operation_id) AS operation_id, p.price_points AS owed_points, o.state,
       o.subject, o.body, o.ledger_seq, p.accepted_ms AS since_ms, p.apply_before_ms + $3 AS placed_by_ms, e.debits, e.credits,
       e.amounts
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, play_id)
JOIN play AS p USING (campaign_id, play_id)
CROSS JOIN LATERAL (
    SELECT 'play:' || p.campaign_id || '-' || replace(p.play_id::text, '-', '') AS operation_id
) AS i
LEFT JOIN operation AS o ON (o.campaign_id, o.play_id) = (p.campaign_id, p.play_id) AND o.kind = 'debit'
CROSS JOIN LATERAL (
    SELECT array_agg(x.debit ORDER BY x.seq) AS debits, array_agg(x.credit ORDER BY x.seq) AS credits,
           array_agg(x.amount ORDER BY x.seq) AS amounts
    FROM ledger_entry AS x
    WHERE x.campaign_id = p.campaign_id AND x.operation_id = coalesce(o.operation_id, i.operation_id)
) AS e
WHERE p.price_points > 0 OR o.operation_id IS NOT NULL;

-- name: credit_cases
-- Point prizes and credits of plays, each with the other where there is one, as it is held and as it was posted.
-- The orders and limits name the one index that serves: otherwise, before a table's first ANALYZE, every draw of the
-- campaign would be read for every play.
WITH asked AS (
    SELECT campaign_id, play_id FROM unnest($1::text[], $2::uuid[]) AS a (campaign_id, play_id)
), won AS (
    SELECT asked.campaign_id, asked.play_id, g.entry_index, g.amount, g.granted_ms
    FROM asked
    CROSS JOIN LATERAL (
        SELECT entry_index FROM draw
        WHERE draw.campaign_id = asked.campaign_id AND draw.play_id = asked.play_id
        ORDER BY nth
        LIMIT 10
    ) AS d
    CROSS JOIN LATERAL (
        SELECT entry_index, kind, amount, granted_ms FROM prize_grant
        WHERE prize_grant.campaign_id = asked.campaign_id AND prize_grant.entry_index >= d.entry_index
        ORDER BY entry_index
        LIMIT 1
    ) AS g
    WHERE g.entry_index = d.entry_index AND g.kind = 'points'
), owed AS (
    SELECT o.campaign_id, o.play_id, o.entry_index, o.operation_id, o.state, o.subject, o.body, o.ledger_seq, o.reissued_ms
    FROM asked JOIN operation AS o USING (campaign_id, play_id)
    WHERE o.kind = 'credit'
), both_sides AS (
    SELECT campaign_id, coalesce(won.play_id, owed.play_id) AS play_id, won.amount, won.granted_ms,
           coalesce(owed.operation_id, 'draw:' || campaign_id || ':' || entry_index) AS operation_id, owed.state,
           owed.subject, owed.body, owed.ledger_seq, owed.reissued_ms
    FROM won FULL JOIN owed USING (campaign_id, entry_index)
)
SELECT 'credit' AS kind, b.campaign_id, b.play_id, NULL::uuid AS reward_id, NULL::uuid AS repair_id, p.state AS play_state,
       p.seat_id IS NOT NULL AS is_seated,
       b.reissued_ms IS NOT NULL AS is_reissued, b.operation_id, b.amount AS owed_points, b.state, b.subject, b.body,
       b.ledger_seq, coalesce(b.granted_ms, 0) AS since_ms,
       coalesce(b.granted_ms, 0) + $3 AS placed_by_ms, e.debits, e.credits, e.amounts
FROM both_sides AS b
JOIN play AS p USING (campaign_id, play_id)
CROSS JOIN LATERAL (
    SELECT array_agg(x.debit ORDER BY x.seq) AS debits, array_agg(x.credit ORDER BY x.seq) AS credits,
           array_agg(x.amount ORDER BY x.seq) AS amounts
    FROM ledger_entry AS x
    WHERE x.campaign_id = b.campaign_id AND x.operation_id = b.operation_id
) AS e;

-- name: reward_cases
-- Rewards of points with their credits, and those that are taken back with their returns, as held and as posted. What was
-- reissued is fine where another operation goes on in its place, or where the reward is not owed any more.
WITH given AS (
    SELECT r.campaign_id, r.reward_id, r.state, r.given_ms, coalesce(r.taken_back_ms, r.given_ms) AS taken_back_ms,
           nullif(r.amount - r.withheld, 0) AS owed, nullif(r.recovered, 0) AS recovered,
           r.campaign_id || '-' || replace(r.reward_id::text, '-', '') AS wire_id
    FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, reward_id)
    JOIN reward AS r USING (campaign_id, reward_id)
    WHERE r.kind = 'points'
), due AS (
    SELECT campaign_id, reward_id, state, 'reward' AS kind, owed, given_ms AS since_ms, 'reward:' || wire_id AS first_id
    FROM given
    UNION ALL
    SELECT campaign_id, reward_id, state, 'return', recovered, taken_back_ms, 'return:' || wire_id
    FROM given
)
SELECT due.kind, due.campaign_id, NULL::uuid AS play_id, due.reward_id, NULL::uuid AS repair_id, NULL AS play_state,
       false AS is_seated,
       o.reissued_ms IS NOT NULL AND (due.state <> 'given' OR EXISTS (
           SELECT FROM operation AS n
           WHERE (n.campaign_id, n.reward_id, n.kind) = (due.campaign_id, due.reward_id, due.kind) AND n.reissued_ms IS NULL
       )) AS is_reissued,
       coalesce(o.operation_id, due.first_id) AS operation_id, due.owed AS owed_points, o.state, o.subject, o.body,
       o.ledger_seq, due.since_ms, due.since_ms + $3 AS placed_by_ms, e.debits, e.credits, e.amounts
FROM due
LEFT JOIN operation AS o ON (o.campaign_id, o.reward_id, o.kind) = (due.campaign_id, due.reward_id, due.kind)
CROSS JOIN LATERAL (
    SELECT array_agg(x.debit ORDER BY x.seq) AS debits, array_agg(x.credit ORDER BY x.seq) AS credits,
           array_agg(x.amount ORDER BY x.seq) AS amounts
    FROM ledger_entry AS x
    WHERE x.campaign_id = due.campaign_id AND x.operation_id = coalesce(o.operation_id, due.first_id)
) AS e
WHERE o.operation_id IS NOT NULL OR due.owed IS NOT NULL;

-- name: repair_cases
-- Repairs with their debits, as they are held and as they were posted.
SELECT 'repair' AS kind, r.campaign_id, NULL::uuid AS play_id, NULL::uuid AS reward_id, r.repair_id, r.state AS play_state,
       false AS is_seated, false AS is_reissued, i.operation_id, r.price_points AS owed_points, o.state, o.subject, o.body,
       o.ledger_seq, r.asked_ms AS since_ms, r.apply_before_ms + $3 AS placed_by_ms, e.debits, e.credits, e.amounts
FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, repair_id)
JOIN streak_repair AS r USING (campaign_id, repair_id)
CROSS JOIN LATERAL (
    SELECT 'repair:' || r.campaign_id || '-' || replace(r.repair_id::text, '-', '') AS operation_id
) AS i
LEFT JOIN operation AS o ON (o.campaign_id, o.repair_id) = (r.campaign_id, r.repair_id)
CROSS JOIN LATERAL (
    SELECT array_agg(x.debit ORDER BY x.seq) AS debits, array_agg(x.credit ORDER BY x.seq) AS credits,
           array_agg(x.amount ORDER BY x.seq) AS amounts
    FROM ledger_entry AS x
    WHERE x.campaign_id = r.campaign_id AND x.operation_id = i.operation_id
) AS e;

-- name: strangers
-- Entries of operations that we never made, and whether their campaign is closed.
SELECT e.campaign_id, e.operation_id, c.state = 'closed' AS is_closed, array_agg(e.debit ORDER BY e.seq) AS debits,
       array_agg(e.credit ORDER BY e.seq) AS credits, array_agg(e.amount ORDER BY e.seq) AS amounts
FROM unnest($1::text[], $2::text[]) AS asked (campaign_id, operation_id)
JOIN ledger_entry AS e USING (campaign_id, operation_id)
JOIN campaign AS c USING (campaign_id)
LEFT JOIN operation AS o USING (campaign_id, operation_id)
WHERE o.operation_id IS NULL
GROUP BY e.campaign_id, e.operation_id, c.state;

-- name: open_breaks
-- Stores breaks that were found; one that is open keeps its time, one that had healed is found anew. What was
-- acknowledged stays so while it is open and of the same value.
INSERT INTO ledger_break AS b (kind, operation_id, campaign_id, play_id, reward_id, repair_id, points, says, found_ms)
SELECT kind, operation_id, campaign_id, play_id, reward_id, repair_id, points, says, $9
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[])
    AS found (kind, operation_id, campaign_id, play_id, reward_id, repair_id, points, says)
ORDER BY kind, operation_id
ON CONFLICT ON CONSTRAINT ledger_break_once DO UPDATE
SET play_id = excluded.play_id, reward_id = excluded.reward_id, repair_id = excluded.repair_id, points = excluded.points,
    says = excluded.says,
    found_ms = CASE WHEN b.closed_ms IS NULL THEN b.found_ms ELSE excluded.found_ms END, closed_ms = NULL,
    acknowledged_ms = CASE WHEN b.closed_ms IS NULL AND b.points = excluded.points THEN b.acknowledged_ms END;

-- name: close_breaks_of_plays
-- Closes the breaks of plays that were compared and that were not found again ($3 and $4: kinds and operations found).
UPDATE ledger_break AS b SET closed_ms = $5
FROM unnest($1::text[], $2::uuid[]) AS compared (campaign_id, play_id)
WHERE (b.campaign_id, b.play_id) = (compared.campaign_id, compared.play_id) AND b.closed_ms IS NULL
  AND (b.kind, b.operation_id) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]));

-- name: close_breaks_of_rewards
-- Closes the breaks of rewards that were compared and that were not found again ($3 and $4: kinds and operations found).
UPDATE ledger_break AS b SET closed_ms = $5
FROM unnest($1::text[], $2::uuid[]) AS compared (campaign_id, reward_id)
WHERE (b.campaign_id, b.reward_id) = (compared.campaign_id, compared.reward_id) AND b.closed_ms IS NULL
  AND (b.kind, b.operation_id) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]));

-- name: close_breaks_of_repairs
-- Closes the breaks of repairs that were compared and that were not found again ($3 and $4: kinds and operations found).
UPDATE ledger_break AS b SET closed_ms = $5
FROM unnest($1::text[], $2::uuid[]) AS compared (campaign_id, repair_id)
WHERE (b.campaign_id, b.repair_id) = (compared.campaign_id, compared.repair_id) AND b.closed_ms IS NULL
  AND (b.kind, b.operation_id) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]));

-- name: close_breaks
-- Closes breaks of one kind whose operations were looked at and not found again ($3).
UPDATE ledger_break SET closed_ms = $4
WHERE kind = $1 AND operation_id = ANY ($2::text[]) AND operation_id <> ALL ($3::text[]) AND closed_ms IS NULL;

-- name: wake_plays
-- Plays that a sweeper is to drive on at once. Whatever is locked is being driven on.
UPDATE play AS p SET next_attempt_ms = $3
FROM (SELECT campaign_id, play_id
      FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, play_id)
      JOIN play USING (campaign_id, play_id)
      WHERE state IN ('funding', 'resolving') AND next_attempt_ms > $3
      ORDER BY campaign_id, play_id
      FOR NO KEY UPDATE OF play SKIP LOCKED) AS late
WHERE (p.campaign_id, p.play_id) = (late.campaign_id, late.play_id);

-- name: wake_repairs
-- Repairs that a sweeper is to drive on at once. Whatever is locked is being driven on.
UPDATE streak_repair AS r SET next_attempt_ms = $3
FROM (SELECT campaign_id, repair_id
      FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, repair_id)
      JOIN streak_repair USING (campaign_id, repair_id)
      WHERE state IN ('funding', 'resolving') AND next_attempt_ms > $3
      ORDER BY campaign_id, repair_id
      FOR NO KEY UPDATE OF streak_repair SKIP LOCKED) AS late
WHERE (r.campaign_id, r.repair_id) = (late.campaign_id, late.repair_id);

-- name: wake_credits
-- Credits that are to be sent again at once. Whatever is locked is being sent.
UPDATE operation AS o SET next_attempt_ms = $3
FROM (SELECT campaign_id, operation_id
      FROM unnest($1::text[], $2::text[]) AS asked (campaign_id, operation_id)
      JOIN operation USING (campaign_id, operation_id)
      WHERE state = 'due' AND kind NOT IN ('debit', 'repair') AND next_attempt_ms > $3
      ORDER BY campaign_id, operation_id
      FOR NO KEY UPDATE OF operation SKIP LOCKED) AS late
WHERE (o.campaign_id, o.operation_id) = (late.campaign_id, late.operation_id);

-- name: review_plays
-- Plays that a person has to look at: released ones, and paid ones whose seat does not stand in the log.
-- One that is locked is at work; the next pass finds it again, if it is odd still.
UPDATE play AS p SET state = 'review', finished_ms = NULL
FROM (SELECT campaign_id, play_id
      FROM unnest($1::text[], $2::uuid[]) AS asked (campaign_id, play_id)
      JOIN play USING (campaign_id, play_id)
      WHERE state IN ('rejected', 'cancelled') OR state = 'paid' AND seat_id IS NULL
      ORDER BY campaign_id, play_id
      FOR NO KEY UPDATE OF play SKIP LOCKED) AS odd
WHERE (p.campaign_id, p.play_id) = (odd.campaign_id, odd.play_id);

-- name: sums_of_open
-- Open breaks by kind: how many nobody has acknowledged, their value, and since when; and how many somebody has.
-- Of one brand, or of all (null).
SELECT b.kind, count(*) FILTER (WHERE b.acknowledged_ms IS NULL) AS breaks,
       coalesce(sum(b.points) FILTER (WHERE b.acknowledged_ms IS NULL), 0)::bigint AS points,
       min(b.found_ms) FILTER (WHERE b.acknowledged_ms IS NULL) AS oldest_ms, count(b.acknowledged_ms) AS acknowledged
FROM ledger_break AS b
LEFT JOIN campaign AS c USING (campaign_id)
WHERE b.closed_ms IS NULL AND ($1::text IS NULL OR c.brand_id = $1)
GROUP BY b.kind
ORDER BY b.kind;

-- name: list_open
-- Open breaks after one, oldest first, each with who acknowledged it as it stands; of one brand, or of all (null).
SELECT b.break_id, b.kind, b.operation_id, b.campaign_id, b.play_id, b.reward_id, b.repair_id, b.points, b.says, b.found_ms, b.closed_ms,
       a.at_ms AS acknowledged_ms, a.actor AS acknowledged_by, a.reason
FROM ledger_break AS b
LEFT JOIN campaign AS c USING (campaign_id)
LEFT JOIN break_acknowledgement AS a ON (a.break_id, a.at_ms) = (b.break_id, b.acknowledged_ms)
WHERE b.closed_ms IS NULL AND ($1::text IS NULL OR c.brand_id = $1) AND b.break_id > $2
ORDER BY b.break_id
LIMIT $3;

-- name: breaks_of_operations
-- The breaks of operations in a brand's campaigns, healed ones too.
SELECT b.break_id, b.kind, b.operation_id, b.campaign_id, b.play_id, b.reward_id, b.repair_id, b.points, b.says, b.found_ms, b.closed_ms,
       a.at_ms AS acknowledged_ms, a.actor AS acknowledged_by, a.reason
FROM ledger_break AS b
JOIN campaign AS c USING (campaign_id)
LEFT JOIN break_acknowledgement AS a ON (a.break_id, a.at_ms) = (b.break_id, b.acknowledged_ms)
WHERE b.operation_id = ANY ($2::text[]) AND c.brand_id = $1
ORDER BY b.break_id
LIMIT 100;

-- name: find_break
-- A break in a brand's campaigns. No row: there is none of this number.
SELECT b.break_id, b.kind, b.operation_id, b.campaign_id, b.play_id, b.reward_id, b.repair_id, b.points, b.says, b.found_ms, b.closed_ms,
       a.at_ms AS acknowledged_ms, a.actor AS acknowledged_by, a.reason
FROM ledger_break AS b
JOIN campaign AS c USING (campaign_id)
LEFT JOIN break_acknowledgement AS a ON (a.break_id, a.at_ms) = (b.break_id, b.acknowledged_ms)
WHERE b.break_id = $2 AND c.brand_id = $1;

-- name: acknowledge_break
-- Acknowledges a brand's open break of so many points. No row: it is another's, healed, changed or acknowledged.
WITH acknowledged AS (
    UPDATE ledger_break AS b SET acknowledged_ms = $4
    FROM campaign AS c
    WHERE c.campaign_id = b.campaign_id AND c.brand_id = $1 AND b.break_id = $2 AND b.points = $3
      AND b.closed_ms IS NULL AND b.acknowledged_ms IS NULL
    RETURNING b.break_id, b.points
)
INSERT INTO break_acknowledgement (break_id, at_ms, actor, reason, points)
SELECT break_id, $4, $5, $6, points FROM acknowledged
RETURNING break_id;

-- name: in_review
-- How many plays wait for a person.
SELECT count(*) FROM play WHERE state = 'review';

-- name: owner_of_operation
-- What an operation is for. No row: we never made it.
SELECT campaign_id, coalesce(play_id, reward_id, repair_id) AS owner_id FROM operation WHERE campaign_id = $1 AND operation_id = $2;

-- name: held_play
-- A play of a brand as we hold it. No row: there is none.
SELECT p.campaign_id, p.play_id, p.pool_id, p.state, p.draws, p.drawn, p.paid_with, p.price_points, p.accepted_ms,
       p.apply_before_ms, p.next_attempt_ms, p.finished_ms
FROM play AS p
JOIN campaign AS c USING (campaign_id)
WHERE c.brand_id = $1 AND p.campaign_id = $2 AND p.play_id = $3;

-- name: held_reward
-- A reward of points of a brand as we hold it. No row: there is none.
SELECT r.campaign_id, r.reward_id, r.source, r.state, r.amount, r.withheld, r.recovered, r.owed, r.given_ms, r.taken_back_ms
FROM reward AS r
JOIN campaign AS c USING (campaign_id)
WHERE c.brand_id = $1 AND r.campaign_id = $2 AND r.reward_id = $3 AND r.kind = 'points';

-- name: held_repair
-- A repair of a brand as we hold it. No row: there is none.
SELECT r.campaign_id, r.repair_id, r.streak_id, r.day, r.state, r.price_points, r.asked_ms, r.apply_before_ms,
       r.finished_ms, r.is_refunded
FROM streak_repair AS r
JOIN campaign AS c USING (campaign_id)
WHERE c.brand_id = $1 AND r.campaign_id = $2 AND r.repair_id = $3;

-- name: operations_of
-- What the ledger was asked for a play, a reward or a repair: a play's debit, then its credits in the order of their draws;
-- a reward's credit, then its returns; a repair's debit.
(SELECT campaign_id, operation_id, kind, play_id, reward_id, repair_id, state, subject, body, ledger_seq, next_attempt_ms
 FROM operation
 WHERE campaign_id = $1 AND play_id = $2
 ORDER BY kind DESC, entry_index, operation_id
 LIMIT $3)
UNION ALL
(SELECT campaign_id, operation_id, kind, play_id, reward_id, repair_id, state, subject, body, ledger_seq, next_attempt_ms
 FROM operation
 WHERE campaign_id = $1 AND reward_id = $2
 ORDER BY kind DESC, attempt
 LIMIT $3)
UNION ALL
(SELECT campaign_id, operation_id, kind, play_id, reward_id, repair_id, state, subject, body, ledger_seq, next_attempt_ms
 FROM operation
 WHERE campaign_id = $1 AND repair_id = $2
 LIMIT $3);

-- name: decisions_of_play
-- What people decided about a play in review, newest first.
SELECT at_ms, decision, outcome, actor, reason FROM play_decision
WHERE campaign_id = $1 AND play_id = $2
ORDER BY at_ms DESC
LIMIT 20;

-- name: entries_of_operations
-- The entries of operations on accounts of a brand's campaigns, as they were read.
SELECT e.seq, e.operation_id, e.debit, e.credit, e.amount
FROM ledger_entry AS e
JOIN campaign AS c USING (campaign_id)
WHERE c.brand_id = $1 AND e.operation_id = ANY ($2::text[])
ORDER BY e.seq
LIMIT 400;
