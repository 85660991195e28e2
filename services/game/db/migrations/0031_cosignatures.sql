-- What each witness has cosigned of each log, the newest alone; size 0 while it has cosigned nothing.
CREATE TABLE cosignature (
    campaign_id     text NOT NULL REFERENCES log,
    witness         text NOT NULL,
    size            bigint NOT NULL CHECK (size >= 0),
    line            text NOT NULL,
    next_attempt_ms bigint NOT NULL,
    PRIMARY KEY (campaign_id, witness),
    CONSTRAINT cosignature_line CHECK ((size = 0) = (line = ''))
);
