-- Applied at every start, under an advisory lock; every statement may run again.
CREATE SCHEMA IF NOT EXISTS sandbox_ledger;

-- One row: its lock puts all writers in one order, which is the order of the feed. `clock_ms` never goes back.
CREATE TABLE IF NOT EXISTS sandbox_ledger.head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    next_seq bigint NOT NULL CHECK (next_seq >= 1),
    clock_ms bigint NOT NULL
);
INSERT INTO sandbox_ledger.head (next_seq, clock_ms) VALUES (1, 0) ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS sandbox_ledger.account (
    id text PRIMARY KEY,
    posted bigint NOT NULL CHECK (posted BETWEEN -9007199254740991 AND 9007199254740991),
    CONSTRAINT guarded_floor CHECK (posted >= 0 OR NOT (id LIKE 'player:%' OR id LIKE 'campaign:%'))
) WITH (fillfactor = 70);

-- What was decided, for ever. `body` is null when only a fence was seen.
CREATE TABLE IF NOT EXISTS sandbox_ledger.operation (
    id text PRIMARY KEY,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'rejected', 'expired', 'fenced')),
    answer text NOT NULL,
    body text,
    decided_at bigint NOT NULL,
    CHECK ((body IS NULL) = (outcome = 'fenced'))
);

CREATE TABLE IF NOT EXISTS sandbox_ledger.entry (
    seq bigint PRIMARY KEY CHECK (seq >= 1),
    operation_id text NOT NULL REFERENCES sandbox_ledger.operation (id),
    leg smallint NOT NULL CHECK (leg BETWEEN 0 AND 7),
    debit text NOT NULL,
    credit text NOT NULL,
    amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    code text NOT NULL,
    debit_balance bigint NOT NULL,
    credit_balance bigint NOT NULL,
    posted_at bigint NOT NULL,
    UNIQUE (operation_id, leg),
    CHECK (debit <> credit),
    -- The floor holds after every leg, not on the net.
    CONSTRAINT guarded_floor CHECK (
        debit_balance >= 0 OR NOT (debit LIKE 'player:%' OR debit LIKE 'campaign:%')
    )
);
CREATE INDEX IF NOT EXISTS entry_debit ON sandbox_ledger.entry (debit, seq);
CREATE INDEX IF NOT EXISTS entry_credit ON sandbox_ledger.entry (credit, seq);

-- Points that came to a player: `through` counts all that ever came there, up to and with these. What is left of
-- them follows from that and the balance. One index finds the oldest that are left, the other the last that are due.
CREATE TABLE IF NOT EXISTS sandbox_ledger.lot (
    account text NOT NULL,
    through numeric(40) NOT NULL CHECK (through >= 1),
    seq bigint NOT NULL,
    credited_ms bigint NOT NULL,
    PRIMARY KEY (account, through)
);
CREATE INDEX IF NOT EXISTS lot_due ON sandbox_ledger.lot (account, credited_ms, through);

CREATE OR REPLACE FUNCTION sandbox_ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON sandbox_ledger.operation
    FOR EACH STATEMENT EXECUTE FUNCTION sandbox_ledger.refuse_change();
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON sandbox_ledger.entry
    FOR EACH STATEMENT EXECUTE FUNCTION sandbox_ledger.refuse_change();
