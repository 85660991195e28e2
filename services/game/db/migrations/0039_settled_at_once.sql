-- Plays that are settled by themselves are read by one statement, without locks, and written by one that finds the heads of
-- their logs as they were read, or does nothing (docs/decisions/0047).

-- A log's head as it will be, and the size that it had when it was read.
CREATE TYPE log_head AS (campaign_id text, size_before bigint, size bigint, last_t_ms bigint, frontier bytea);

-- What a tile above level 0 gains.
CREATE TYPE grown_tile AS (campaign_id text, level smallint, tile_index bigint, hashes bytea);

-- A tile of level 0 whose 256 leaves are there now.
CREATE TYPE filled_tile AS (campaign_id text, tile_index bigint);

-- What `driven_play` has, and the state that the play was read in. That type is what processes of the release before send.
CREATE TYPE settled_play AS (
    campaign_id text, play_id uuid, state text, drawn smallint, seat_id bytea, balance_points bigint, finished_ms bigint,
    log_size bigint, next_attempt_ms bigint, ledger_seq bigint, state_before text
);

-- Adds batches of entries to logs: from here on nobody else writes to them until the transaction ends. Answers how many logs
-- these are; nothing at all is added unless all heads are as they were read. Nobody is waited for: whoever holds a head may be
-- about to move it.
CREATE FUNCTION append_to_logs(heads log_head[], leaves log_leaf[], above grown_tile[], filled filled_tile[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    IF cardinality(heads) = 0 THEN
        RETURN 0;
    END IF;
    SELECT count(*) INTO held
    FROM (SELECT FROM unnest(heads) AS now
          JOIN log AS l USING (campaign_id)
          WHERE l.size = now.size_before
          ORDER BY l.campaign_id
          FOR NO KEY UPDATE OF l SKIP LOCKED) AS unchanged;
    IF held < cardinality(heads) THEN
        RETURN held;
    END IF;
    INSERT INTO log_entry (campaign_id, entry_index, entry, leaf_hash)
    SELECT * FROM unnest(leaves);
    IF cardinality(filled) > 0 THEN
        INSERT INTO log_tile (campaign_id, level, tile_index, hashes)
        SELECT f.campaign_id, 0, f.tile_index,
               (SELECT string_agg(e.leaf_hash, ''::bytea ORDER BY e.entry_index)
                FROM log_entry AS e
                WHERE e.campaign_id = f.campaign_id
                  AND e.entry_index >= f.tile_index * 256
                  AND e.entry_index < (f.tile_index + 1) * 256)
        FROM unnest(filled) AS f;
    END IF;
    IF cardinality(above) > 0 THEN
        INSERT INTO log_tile (campaign_id, level, tile_index, hashes)
        SELECT * FROM unnest(above)
        ON CONFLICT (campaign_id, level, tile_index) DO UPDATE SET hashes = log_tile.hashes || excluded.hashes;
    END IF;
    UPDATE log AS l
    SET size = now.size, last_t_ms = now.last_t_ms, frontier = now.frontier
    FROM unnest(heads) AS now
    WHERE l.campaign_id = now.campaign_id;
    RETURN held;
END $$;
