-- What the rows of plays refer to was looked up row by row, a third of what plays cost the database. It is looked up
-- once for each statement now (docs/decisions/0042): as before, no row refers to one that is not there.

-- Each by its key: whatever the planner thinks of how many rows were added, it may never read a table whole.
CREATE FUNCTION demand_references() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
    missing boolean;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'log_entry' THEN
            missing := EXISTS (SELECT FROM (SELECT DISTINCT campaign_id FROM added) AS a
                               LEFT JOIN log USING (campaign_id)
                               WHERE log.campaign_id IS NULL);
        WHEN 'play' THEN
            missing := EXISTS (SELECT FROM (SELECT DISTINCT campaign_id, pool_id FROM added) AS a
                               LEFT JOIN pool USING (campaign_id, pool_id)
                               WHERE pool.pool_id IS NULL)
                    OR EXISTS (SELECT FROM added LEFT JOIN player USING (player_id)
                               WHERE player.player_id IS NULL);
        WHEN 'operation' THEN
            missing := EXISTS (SELECT FROM added AS a LEFT JOIN play USING (campaign_id, play_id)
                               WHERE a.play_id IS NOT NULL AND play.play_id IS NULL);
        WHEN 'draw' THEN
            missing := EXISTS (SELECT FROM added
                               LEFT JOIN log_entry USING (campaign_id, entry_index)
                               LEFT JOIN play USING (campaign_id, play_id)
                               LEFT JOIN seat ON (seat.campaign_id, seat.seat_id) = (added.campaign_id, added.seat_id)
                               WHERE log_entry.entry_index IS NULL OR play.play_id IS NULL OR seat.seat_id IS NULL);
    END CASE;
    IF missing THEN
        RAISE foreign_key_violation USING MESSAGE = format('a row of %I refers to one that is not there', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION demand_no_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_used boolean;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'log' THEN
            is_used := EXISTS (SELECT FROM log_entry WHERE campaign_id = OLD.campaign_id);
        WHEN 'pool' THEN
            is_used := EXISTS (SELECT FROM play WHERE campaign_id = OLD.campaign_id AND pool_id = OLD.pool_id);
        WHEN 'player' THEN
            is_used := EXISTS (SELECT FROM play WHERE player_id = OLD.player_id);
        WHEN 'play' THEN
            is_used := EXISTS (SELECT FROM operation WHERE campaign_id = OLD.campaign_id AND play_id = OLD.play_id)
                    OR EXISTS (SELECT FROM draw WHERE campaign_id = OLD.campaign_id AND play_id = OLD.play_id);
        WHEN 'log_entry' THEN
            is_used := EXISTS (SELECT FROM draw WHERE campaign_id = OLD.campaign_id AND entry_index = OLD.entry_index);
        WHEN 'seat' THEN
            is_used := EXISTS (SELECT FROM draw WHERE campaign_id = OLD.campaign_id AND seat_id = OLD.seat_id);
    END CASE;
    IF is_used THEN
        RAISE foreign_key_violation USING MESSAGE = format('a row of %I is referred to', TG_TABLE_NAME);
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

ALTER TABLE log_entry DROP CONSTRAINT log_entry_campaign_id_fkey;
ALTER TABLE play DROP CONSTRAINT play_player_id_fkey, DROP CONSTRAINT play_campaign_id_pool_id_fkey;
ALTER TABLE operation DROP CONSTRAINT operation_campaign_id_play_id_fkey;
ALTER TABLE draw
    DROP CONSTRAINT draw_campaign_id_entry_index_fkey,
    DROP CONSTRAINT draw_campaign_id_play_id_fkey,
    DROP CONSTRAINT draw_campaign_id_seat_id_fkey;

CREATE TRIGGER log_entry_refers AFTER INSERT ON log_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION demand_references();
CREATE TRIGGER play_refers AFTER INSERT ON play
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION demand_references();
CREATE TRIGGER operation_refers AFTER INSERT ON operation
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION demand_references();
CREATE TRIGGER draw_refers AFTER INSERT ON draw
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION demand_references();

CREATE TRIGGER log_stays BEFORE DELETE ON log FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER pool_stays BEFORE DELETE ON pool FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER player_stays BEFORE DELETE ON player FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER play_stays BEFORE DELETE ON play FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER log_entry_stays BEFORE DELETE ON log_entry FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER seat_stays BEFORE DELETE ON seat FOR EACH ROW EXECUTE FUNCTION demand_no_references();

-- No statement of ours changes what a row refers to, or a key that is referred to; whoever does has each row looked up.
CREATE FUNCTION demand_reference() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_there boolean;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'log_entry' THEN
            is_there := EXISTS (SELECT FROM log WHERE campaign_id = NEW.campaign_id);
        WHEN 'play' THEN
            is_there := EXISTS (SELECT FROM pool WHERE campaign_id = NEW.campaign_id AND pool_id = NEW.pool_id)
                    AND EXISTS (SELECT FROM player WHERE player_id = NEW.player_id);
        WHEN 'operation' THEN
            is_there := NEW.play_id IS NULL
                     OR EXISTS (SELECT FROM play WHERE campaign_id = NEW.campaign_id AND play_id = NEW.play_id);
        WHEN 'draw' THEN
            is_there := EXISTS (SELECT FROM log_entry
                                WHERE campaign_id = NEW.campaign_id AND entry_index = NEW.entry_index)
                    AND EXISTS (SELECT FROM play WHERE campaign_id = NEW.campaign_id AND play_id = NEW.play_id)
                    AND EXISTS (SELECT FROM seat WHERE campaign_id = NEW.campaign_id AND seat_id = NEW.seat_id);
    END CASE;
    IF NOT is_there THEN
        RAISE foreign_key_violation USING MESSAGE = format('a row of %I refers to one that is not there', TG_TABLE_NAME);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_entry_refers_anew BEFORE UPDATE OF campaign_id ON log_entry
    FOR EACH ROW EXECUTE FUNCTION demand_reference();
CREATE TRIGGER play_refers_anew BEFORE UPDATE OF campaign_id, pool_id, player_id ON play
    FOR EACH ROW EXECUTE FUNCTION demand_reference();
CREATE TRIGGER operation_refers_anew BEFORE UPDATE OF campaign_id, play_id ON operation
    FOR EACH ROW EXECUTE FUNCTION demand_reference();
CREATE TRIGGER draw_refers_anew BEFORE UPDATE OF campaign_id, entry_index, play_id, seat_id ON draw
    FOR EACH ROW EXECUTE FUNCTION demand_reference();

CREATE TRIGGER log_keeps_its_name BEFORE UPDATE OF campaign_id ON log
    FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER pool_keeps_its_name BEFORE UPDATE OF campaign_id, pool_id ON pool
    FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER player_keeps_its_name BEFORE UPDATE OF player_id ON player
    FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER play_keeps_its_name BEFORE UPDATE OF campaign_id, play_id ON play
    FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER log_entry_keeps_its_name BEFORE UPDATE OF campaign_id, entry_index ON log_entry
    FOR EACH ROW EXECUTE FUNCTION demand_no_references();
CREATE TRIGGER seat_keeps_its_name BEFORE UPDATE OF campaign_id, seat_id ON seat
    FOR EACH ROW EXECUTE FUNCTION demand_no_references();
