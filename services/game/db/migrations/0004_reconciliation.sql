-- What reconciliation has read of the core ledger, and where it and our own rows do not agree.

-- The entries on accounts of our campaigns, or of our operations, as the ledger's feed told them.
CREATE TABLE ledger_entry (
    campaign_id  text NOT NULL REFERENCES campaign,
    seq          bigint NOT NULL CHECK (seq >= 1),
    operation_id text NOT NULL,
    debit        text NOT NULL,
    credit       text NOT NULL,
    amount       bigint NOT NULL CHECK (amount >= 1),
    PRIMARY KEY (campaign_id, seq)
);
CREATE INDEX ledger_entry_of_operation ON ledger_entry (campaign_id, operation_id);
CREATE INDEX ledger_entry_by_seq ON ledger_entry (seq);

-- Count and sum of all entries that were read, of every account there is, by the hour in which they were posted.
CREATE TABLE ledger_hour (
    hour_ms  bigint PRIMARY KEY,
    from_seq bigint NOT NULL CHECK (from_seq >= 1),
    to_seq   bigint NOT NULL,
    entries  bigint NOT NULL CHECK (entries >= 1),
    points   numeric(40, 0) NOT NULL,
    agreed   boolean NOT NULL DEFAULT false,
    CHECK (from_seq <= to_seq)
);
CREATE INDEX ledger_hour_open ON ledger_hour (hour_ms) WHERE NOT agreed;

-- How far each pass has come: in the feed, in the entries it has judged, and in the plays it has compared.
-- `recent` goes on for ever, `full` begins anew every day. Nobody else takes a pass up before `next_ms`.
CREATE TABLE reconciliation (
    pass       text PRIMARY KEY CHECK (pass IN ('recent', 'full')),
    after_seq  bigint NOT NULL DEFAULT 0,
    judged_seq bigint NOT NULL DEFAULT 0,
    play_id    uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    next_ms    bigint NOT NULL DEFAULT 0,
    done_ms    bigint
);
INSERT INTO reconciliation (pass) VALUES ('recent'), ('full');

-- A disagreement, until it has healed (`closed_ms`). Without a campaign it is one of the ledger's totals.
CREATE TABLE ledger_break (
    break_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN (
                     'ours_only', 'theirs_only', 'amount_differs', 'account_differs', 'play_without_charge',
                     'charge_without_play', 'prize_without_credit', 'credit_without_prize', 'debit_in_doubt',
                     'unrecorded', 'totals_differ')),
    operation_id text NOT NULL,
    campaign_id  text REFERENCES campaign,
    play_id      uuid,
    points       bigint NOT NULL CHECK (points >= 0),
    says         text NOT NULL,
    found_ms     bigint NOT NULL,
    closed_ms    bigint,
    CONSTRAINT ledger_break_once UNIQUE NULLS NOT DISTINCT (campaign_id, kind, operation_id)
);
CREATE INDEX ledger_break_open ON ledger_break (break_id) WHERE closed_ms IS NULL;
CREATE INDEX ledger_break_of_play ON ledger_break (campaign_id, play_id) WHERE closed_ms IS NULL;

CREATE INDEX operation_credit_of_play ON operation (campaign_id, play_id) WHERE kind = 'credit';
