-- A made pack gets no further part either: until now only what it had was locked.
CREATE FUNCTION evidence_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM evidence_pack AS p
               WHERE p.campaign_id = NEW.campaign_id AND p.pack_id = NEW.pack_id AND p.made_ms IS NOT NULL) THEN
        RAISE EXCEPTION 'evidence pack % of campaign % is locked', NEW.pack_id, NEW.campaign_id;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER evidence_pack_is_whole BEFORE INSERT OR UPDATE ON evidence_chunk
    FOR EACH ROW EXECUTE FUNCTION evidence_is_whole();
