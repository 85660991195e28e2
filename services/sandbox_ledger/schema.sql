-- Applied at every start, under an advisory lock; every statement may run again.
SET LOCAL statement_timeout = 0;
CREATE SCHEMA IF NOT EXISTS sandbox_ledger;

-- One row: its lock puts all writers in one order, which is the order of the feed. `clock_ms` never goes back.
CREATE TABLE IF NOT EXISTS sandbox_ledger.head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    next_seq bigint NOT NULL CHECK (next_seq >= 1),
    clock_ms bigint NOT NULL
);
INSERT INTO sandbox_ledger.head (next_seq, clock_ms) VALUES (1, 0) ON CONFLICT DO NOTHING;

-- All writers begin with the head: whoever starts beside one waits for its end, and then each waits for the start.
LOCK TABLE sandbox_ledger.head IN SHARE ROW EXCLUSIVE MODE;

-- Books that were begun before accounts told what came to them, and entries were looked up by statement.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'entry_operation_id_leg_key'
               AND connamespace = 'sandbox_ledger'::regnamespace) THEN
        ALTER TABLE sandbox_ledger.entry
            DROP CONSTRAINT entry_operation_id_leg_key, DROP CONSTRAINT entry_operation_id_fkey;
        ALTER TABLE sandbox_ledger.operation ADD COLUMN first_seq bigint;
        ALTER TABLE sandbox_ledger.account
            ADD COLUMN credited numeric(40) NOT NULL DEFAULT 0, ADD COLUMN first_ms bigint;
        UPDATE sandbox_ledger.account SET credited = came.credited, first_ms = came.first_ms
        FROM (SELECT account, max(through) AS credited, min(credited_ms) AS first_ms
              FROM sandbox_ledger.lot GROUP BY account) AS came
        WHERE came.account = account.id;
    END IF;
END $$;

-- `credited`: all that ever came to a player, `first_ms`: when that began; both as the lots below tell.
CREATE TABLE IF NOT EXISTS sandbox_ledger.account (
    id text PRIMARY KEY,
    posted bigint NOT NULL CHECK (posted BETWEEN -9007199254740991 AND 9007199254740991),
    credited numeric(40) NOT NULL DEFAULT 0,
    first_ms bigint,
    CONSTRAINT guarded_floor CHECK (posted >= 0 OR NOT (id LIKE 'player:%' OR id LIKE 'campaign:%'))
) WITH (fillfactor = 70);

-- What was decided, for ever. `body` is null when only a fence was seen, `first_seq` unless it was applied.
CREATE TABLE IF NOT EXISTS sandbox_ledger.operation (
    id text PRIMARY KEY,
    outcome text NOT NULL CHECK (outcome IN ('applied', 'rejected', 'expired', 'fenced')),
    answer text NOT NULL,
    body text,
    decided_at bigint NOT NULL,
    first_seq bigint,
    CHECK ((body IS NULL) = (outcome = 'fenced'))
);

CREATE TABLE IF NOT EXISTS sandbox_ledger.entry (
    seq bigint PRIMARY KEY CHECK (seq >= 1),
    operation_id text NOT NULL,
    leg smallint NOT NULL CHECK (leg BETWEEN 0 AND 7),
    debit text NOT NULL,
    credit text NOT NULL,
    amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
    code text NOT NULL,
    debit_balance bigint NOT NULL,
    credit_balance bigint NOT NULL,
    posted_at bigint NOT NULL,
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

-- Every entry is the leg of an operation, and has the number that says so: looked up by key for all that a statement
-- adds, where a foreign key asks and locks for each row. Operations never change and never go (below).
CREATE OR REPLACE FUNCTION sandbox_ledger.demand_operation() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM added LEFT JOIN sandbox_ledger.operation AS o ON o.id = added.operation_id
               WHERE o.first_seq + added.leg IS DISTINCT FROM added.seq)
    THEN
        RAISE foreign_key_violation USING MESSAGE = 'an entry that is no leg of its operation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER belongs AFTER INSERT ON sandbox_ledger.entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sandbox_ledger.demand_operation();

CREATE OR REPLACE FUNCTION sandbox_ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON sandbox_ledger.operation
    FOR EACH STATEMENT EXECUTE FUNCTION sandbox_ledger.refuse_change();
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON sandbox_ledger.entry
    FOR EACH STATEMENT EXECUTE FUNCTION sandbox_ledger.refuse_change();

-- Rows as they are sent, one array for each table. Connections know a type by its number: these outlive the tables, and one
-- that has to change gets another name.
CREATE SCHEMA IF NOT EXISTS sandbox_ledger_sent;
DO $$ BEGIN
    CREATE TYPE sandbox_ledger_sent.operation AS (id text, outcome text, answer text, body text, first_seq bigint);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
DO $$ BEGIN
    CREATE TYPE sandbox_ledger_sent.account AS (id text, posted bigint, credited text, first_ms bigint);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
DO $$ BEGIN
    CREATE TYPE sandbox_ledger_sent.entry AS (seq bigint, operation_id text, leg smallint, debit text, credit text,
        amount bigint, code text, debit_balance bigint, credit_balance bigint, posted_at bigint);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
DO $$ BEGIN
    CREATE TYPE sandbox_ledger_sent.lot AS (account text, through text, seq bigint, credited_ms bigint);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
