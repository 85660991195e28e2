-- A refusal sticks to its id, so a credit that was refused for good goes on as another one. Only one that was refused
-- gives way, and only one of a prize has not given way: at most one of them can ever be applied.
ALTER TABLE operation
    ADD COLUMN attempt integer NOT NULL DEFAULT 1 CHECK (attempt >= 1),
    ADD COLUMN reissued_ms bigint,
    ADD CONSTRAINT operation_attempt CHECK (attempt = 1 OR kind = 'credit'),
    ADD CONSTRAINT operation_reissued CHECK (
        reissued_ms IS NULL OR kind = 'credit' AND state IN ('rejected', 'expired', 'fenced'));
DROP INDEX operation_one_credit;
CREATE UNIQUE INDEX operation_one_credit ON operation (campaign_id, entry_index)
    WHERE kind = 'credit' AND reissued_ms IS NULL;
CREATE INDEX operation_refused_credit ON operation (next_attempt_ms)
    WHERE state IN ('rejected', 'expired', 'fenced') AND kind = 'credit' AND reissued_ms IS NULL;
