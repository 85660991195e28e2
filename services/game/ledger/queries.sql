-- Statements of the outbox. Arrays are columns: one element is one row.

-- name: enqueue
-- Stores credits in the transaction that owes them.
INSERT INTO operation (campaign_id, operation_id, kind, play_id, entry_index, subject, body, state, next_attempt_ms)
SELECT campaign_id, operation_id, 'credit', play_id, entry_index, subject, body, 'due', $7
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::bytea[])
    AS won (campaign_id, operation_id, play_id, entry_index, subject, body);

-- name: claim_due
-- Credits whose turn it is, put off until $2 so that no other process sends them too. No row: none is due.
UPDATE operation AS o SET next_attempt_ms = $2
FROM (SELECT campaign_id, operation_id FROM operation
      WHERE state = 'due' AND kind = 'credit' AND next_attempt_ms <= $1
      ORDER BY next_attempt_ms
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED) AS due
WHERE (o.campaign_id, o.operation_id) = (due.campaign_id, due.operation_id)
RETURNING o.campaign_id, o.operation_id, o.play_id, o.entry_index, o.subject, o.body;

-- name: record
-- What the ledger decided. A credit that was recorded before is left as it is: a decision is for ever.
UPDATE operation AS o
SET state = decided.state, ledger_seq = decided.ledger_seq
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS decided (campaign_id, operation_id, state, ledger_seq)
WHERE (o.campaign_id, o.operation_id) = (decided.campaign_id, decided.operation_id)
  AND o.state = 'due' AND o.kind = 'credit';
