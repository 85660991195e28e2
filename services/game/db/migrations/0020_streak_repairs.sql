-- Missed days that players repair for points: a debit each, with all that a play's debit has.

-- How many repairs of a streak there may be, and how many places are taken: by those that may be, or are, charged.
ALTER TABLE streak
    ADD COLUMN repairs integer CHECK (repairs >= 1),
    ADD COLUMN repairs_taken integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT streak_repairs CHECK (repairs_taken BETWEEN 0 AND coalesce(repairs, 0));

-- One repair. Once it is `applied` its day is kept; while that day is checked by an event as well, it is refunded.
-- `refunds` is the generation of the last refund.
CREATE TABLE streak_repair (
    campaign_id     text NOT NULL,
    repair_id       uuid NOT NULL,
    player_id       uuid NOT NULL REFERENCES player,
    streak_id       text NOT NULL,
    day             date NOT NULL,
    idempotency_key text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    state           text NOT NULL CHECK (state IN ('funding', 'applied', 'rejected', 'resolving', 'cancelled')),
    price_points    bigint NOT NULL CHECK (price_points >= 1),
    asked_ms        bigint NOT NULL,
    apply_before_ms bigint NOT NULL,
    next_attempt_ms bigint NOT NULL,
    finished_ms     bigint,
    balance_points  bigint,
    refusal         jsonb,
    refunds         integer NOT NULL DEFAULT 0 CHECK (refunds >= 0),
    is_refunded     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (campaign_id, repair_id),
    FOREIGN KEY (campaign_id, streak_id) REFERENCES streak,
    CONSTRAINT streak_repair_key UNIQUE (campaign_id, player_id, idempotency_key),
    CONSTRAINT streak_repair_finished CHECK ((state IN ('applied', 'rejected', 'cancelled')) = (finished_ms IS NOT NULL)),
    CONSTRAINT streak_repair_refused CHECK ((state IN ('rejected', 'cancelled')) = (refusal IS NOT NULL)),
    CONSTRAINT streak_repair_refunded CHECK (state = 'applied' OR refunds = 0),
    CONSTRAINT streak_repair_refund CHECK (refunds > 0 OR NOT is_refunded)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX streak_repair_one_live ON streak_repair (campaign_id, player_id, streak_id, day)
    WHERE state IN ('funding', 'resolving', 'applied');
CREATE INDEX streak_repair_unfinished ON streak_repair (next_attempt_ms) WHERE state IN ('funding', 'resolving');

-- The debit of a repair is driven by the repair, as that of a play is by the play: it is no credit of the outbox.
ALTER TABLE operation
    ADD COLUMN repair_id uuid,
    ADD FOREIGN KEY (campaign_id, repair_id) REFERENCES streak_repair,
    DROP CONSTRAINT operation_kind_check,
    ADD CONSTRAINT operation_kind_check CHECK (kind IN ('debit', 'credit', 'reward', 'return', 'repair')),
    DROP CONSTRAINT operation_kind,
    ADD CONSTRAINT operation_kind CHECK ((kind = 'credit') = (entry_index IS NOT NULL)
                                         AND (kind IN ('debit', 'credit')) = (play_id IS NOT NULL)
                                         AND (kind IN ('reward', 'return')) = (reward_id IS NOT NULL)
                                         AND (kind = 'repair') = (repair_id IS NOT NULL)),
    DROP CONSTRAINT operation_attempt,
    ADD CONSTRAINT operation_attempt CHECK (attempt = 1 OR kind NOT IN ('debit', 'repair')),
    DROP CONSTRAINT operation_reissued,
    ADD CONSTRAINT operation_reissued CHECK (
        reissued_ms IS NULL OR kind NOT IN ('debit', 'repair') AND state IN ('rejected', 'expired', 'fenced'));
CREATE UNIQUE INDEX operation_one_repair ON operation (campaign_id, repair_id) WHERE repair_id IS NOT NULL;
DROP INDEX operation_due_credit;
CREATE INDEX operation_due_credit ON operation (next_attempt_ms)
    WHERE state = 'due' AND kind NOT IN ('debit', 'repair');

-- Reconciliation compares repairs as it compares plays.
ALTER TABLE reconciliation ADD COLUMN repair_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE ledger_break
    ADD COLUMN repair_id uuid,
    DROP CONSTRAINT ledger_break_kind_check,
    ADD CONSTRAINT ledger_break_kind_check CHECK (kind IN (
        'ours_only', 'theirs_only', 'amount_differs', 'account_differs', 'play_without_charge', 'charge_without_play',
        'prize_without_credit', 'credit_without_prize', 'return_without_reversal', 'reversal_without_return',
        'repair_without_charge', 'charge_without_repair', 'debit_in_doubt', 'unrecorded', 'totals_differ'));
CREATE INDEX ledger_break_of_repair ON ledger_break (campaign_id, repair_id) WHERE closed_ms IS NULL;
