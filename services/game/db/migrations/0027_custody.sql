-- Custody of secrets: who has opened one, and what a close leaves behind.

-- One row for each time that a process opens the secret of a pool, or (null) the key of a campaign's log, written before
-- it is opened. Rows are never changed; they stay as long as the campaign does.
CREATE TABLE secret_reading (
    campaign_id text NOT NULL REFERENCES campaign,
    reading_id  uuid NOT NULL,
    pool_id     text,
    purpose     text NOT NULL CHECK (purpose IN ('draw', 'close', 'sign', 'rotate')),
    process     text NOT NULL CHECK (length(process) BETWEEN 1 AND 300),
    read_ms     bigint NOT NULL,
    PRIMARY KEY (campaign_id, reading_id),
    FOREIGN KEY (campaign_id, pool_id) REFERENCES pool,
    CONSTRAINT secret_reading_of CHECK ((purpose = 'sign') <= (pool_id IS NULL)
                                        AND (purpose IN ('draw', 'close')) <= (pool_id IS NOT NULL))
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER secret_reading_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON secret_reading
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What players left in a pool, counted when it was closed: logged seats that were not used up, those of them without any
-- draw, and the draws that could still have been taken from them.
ALTER TABLE pool
    ADD COLUMN seats_unused  bigint,
    ADD COLUMN seats_undrawn bigint,
    ADD COLUMN draws_untaken bigint;
UPDATE pool p
SET seats_unused = left_over.seats_unused, seats_undrawn = left_over.seats_undrawn, draws_untaken = left_over.draws_untaken
FROM (SELECT p.campaign_id, p.pool_id, count(s.seat_id) AS seats_unused,
             count(s.seat_id) FILTER (WHERE s.draws_taken = 0) AS seats_undrawn,
             coalesce(sum(s.seat_draws - s.draws_taken), 0)::bigint AS draws_untaken
      FROM pool p
      LEFT JOIN seat s ON s.campaign_id = p.campaign_id AND s.pool_id = p.pool_id AND s.entry_index IS NOT NULL
                      AND s.draws_taken < s.seat_draws
      WHERE p.state = 'closed'
      GROUP BY p.campaign_id, p.pool_id) AS left_over
WHERE p.campaign_id = left_over.campaign_id AND p.pool_id = left_over.pool_id;
ALTER TABLE pool ADD CONSTRAINT pool_left_over CHECK (
    num_nulls(seats_unused, seats_undrawn, draws_untaken) = CASE WHEN state = 'closed' THEN 0 ELSE 3 END
    AND seats_undrawn BETWEEN 0 AND seats_unused AND draws_untaken >= seats_unused);
