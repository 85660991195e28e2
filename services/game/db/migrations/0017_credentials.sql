-- Badges as credentials that anybody can verify.

-- Who issues the badges of a brand. Each version has a key of its own and never changes: what it signed names it for ever.
CREATE TABLE badge_issuer (
    brand_id   text NOT NULL REFERENCES brand,
    version    integer NOT NULL CHECK (version BETWEEN 1 AND 100),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    url        text NOT NULL CHECK (url ~ '^https://[!-~]+$' AND length(url) <= 508),
    email      text CHECK (length(email) BETWEEN 3 AND 254),
    image_url  text CHECK (image_url ~ '^https://[!-~]+$' AND length(image_url) <= 508),
    key_sealed bytea NOT NULL,
    public_key bytea NOT NULL,
    created_by text NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (brand_id, version)
);

-- Awards that were exported, and by which version of the issuer: asked for again, the same bytes are signed. `status_index`
-- is its place in the brand's lists of what was revoked. Nothing here tells who has it.
CREATE TABLE badge_credential (
    campaign_id  text NOT NULL,
    award_id     uuid NOT NULL,
    brand_id     text NOT NULL,
    version      integer NOT NULL,
    status_index bigint GENERATED ALWAYS AS IDENTITY (START WITH 0 MINVALUE 0),
    issued_ms    bigint NOT NULL,
    PRIMARY KEY (campaign_id, award_id),
    FOREIGN KEY (campaign_id, award_id) REFERENCES badge_award,
    FOREIGN KEY (brand_id, version) REFERENCES badge_issuer,
    CONSTRAINT badge_credential_status UNIQUE (brand_id, status_index)
);
