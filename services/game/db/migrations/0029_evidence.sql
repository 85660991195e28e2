-- Evidence packs: asked for, made once, and then kept as they are until two years after the campaign's end.
CREATE TABLE evidence_pack (
    campaign_id      text NOT NULL REFERENCES campaign,
    pack_id          text NOT NULL CHECK (pack_id ~ '^[a-z0-9-]{1,32}$'),
    asked_ms         bigint NOT NULL,
    asked_by         text NOT NULL,
    masked           boolean NOT NULL,
    reason           text CHECK (octet_length(reason) <= 2000),
    claimed_until_ms bigint NOT NULL,
    made_ms          bigint,
    log_size         bigint,
    sha256           bytea CHECK (octet_length(sha256) = 32),
    bytes            bigint CHECK (bytes > 0),
    kept_until_ms    bigint,
    PRIMARY KEY (campaign_id, pack_id),
    CONSTRAINT evidence_pack_named CHECK (masked OR reason IS NOT NULL),
    CONSTRAINT evidence_pack_made CHECK (num_nulls(made_ms, log_size, sha256, bytes, kept_until_ms) IN (0, 5))
);
CREATE INDEX evidence_pack_due ON evidence_pack (claimed_until_ms) WHERE made_ms IS NULL;

CREATE TABLE evidence_chunk (
    campaign_id text NOT NULL,
    pack_id     text NOT NULL,
    nth         integer NOT NULL CHECK (nth >= 0),
    content     bytea NOT NULL,
    PRIMARY KEY (campaign_id, pack_id, nth),
    FOREIGN KEY (campaign_id, pack_id) REFERENCES evidence_pack
);
ALTER TABLE evidence_chunk ALTER COLUMN content SET STORAGE EXTERNAL;

-- The retention lock. The database refuses, whoever asks: a made pack never changes, and goes only when its time is over.
CREATE FUNCTION evidence_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept_until_ms bigint;
BEGIN
    SELECT p.kept_until_ms INTO kept_until_ms
    FROM evidence_pack AS p
    WHERE p.campaign_id = OLD.campaign_id AND p.pack_id = OLD.pack_id;
    IF kept_until_ms > extract(epoch FROM clock_timestamp()) * 1000 THEN
        RAISE EXCEPTION 'evidence pack % of campaign % is locked', OLD.pack_id, OLD.campaign_id;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END;
$$;
CREATE TRIGGER evidence_pack_is_locked BEFORE UPDATE OR DELETE ON evidence_pack
    FOR EACH ROW EXECUTE FUNCTION evidence_is_locked();
CREATE TRIGGER evidence_chunk_is_locked BEFORE UPDATE OR DELETE ON evidence_chunk
    FOR EACH ROW EXECUTE FUNCTION evidence_is_locked();

CREATE FUNCTION evidence_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence packs are not truncated';
END;
$$;
CREATE TRIGGER evidence_pack_stays BEFORE TRUNCATE ON evidence_pack
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_stays();
CREATE TRIGGER evidence_chunk_stays BEFORE TRUNCATE ON evidence_chunk
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_stays();
