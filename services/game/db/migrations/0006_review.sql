-- What people decide about breaks and about plays that wait for them. Both histories are only ever added to.

-- Since when an open break is no alarm any more: a person has seen it as it stands. Null: nobody has.
ALTER TABLE ledger_break ADD COLUMN acknowledged_ms bigint;

CREATE TABLE break_acknowledgement (
    break_id bigint NOT NULL REFERENCES ledger_break,
    at_ms    bigint NOT NULL,
    actor    text NOT NULL,
    reason   text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    points   bigint NOT NULL,
    PRIMARY KEY (break_id, at_ms)
);

-- `outcome` is what the ledger had proved of the play's debit by then.
CREATE TABLE play_decision (
    campaign_id text NOT NULL,
    play_id     uuid NOT NULL,
    at_ms       bigint NOT NULL,
    decision    text NOT NULL CHECK (decision IN ('settle', 'cancel')),
    outcome     text NOT NULL CHECK (outcome IN ('applied', 'rejected', 'expired', 'fenced')),
    actor       text NOT NULL,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    PRIMARY KEY (campaign_id, play_id, at_ms),
    FOREIGN KEY (campaign_id, play_id) REFERENCES play (campaign_id, play_id),
    CONSTRAINT play_decision_proved CHECK ((decision = 'settle') = (outcome = 'applied'))
);

CREATE INDEX play_in_review ON play (campaign_id, play_id) WHERE state = 'review';
