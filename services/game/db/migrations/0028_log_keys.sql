-- A log keeps its name and its key: whoever pinned the key once needs no other, and a log under another key is another log.
CREATE FUNCTION refuse_another_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of % keeps its origin and its key', OLD.campaign_id USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER log_keeps_its_key BEFORE UPDATE OF origin, public_key ON log
    FOR EACH ROW WHEN ((OLD.origin, OLD.public_key) IS DISTINCT FROM (NEW.origin, NEW.public_key))
    EXECUTE FUNCTION refuse_another_key();
