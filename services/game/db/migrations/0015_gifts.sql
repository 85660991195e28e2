-- Gifts of chances and badges, from player to player by a code that is used once.

-- Chances that lie in a gift, or were given away by one, are neither left nor used.
ALTER TABLE chance_lot
    ADD COLUMN given_away integer NOT NULL DEFAULT 0 CHECK (given_away >= 0),
    DROP CONSTRAINT chance_lot_parts,
    ADD CONSTRAINT chance_lot_parts CHECK (units_left + taken_back + given_away <= granted);

-- What a player gives away: chances, which are portions of lots, or the badge of an award. While the gift is open it is
-- nobody's. Its code is kept as a digest, by which it is found, and sealed, for the giver's retry. Of the amount
-- `taken_back` was withdrawn while the gift was open, since the giver lost what it was won for.
CREATE TABLE gift (
    campaign_id     text NOT NULL REFERENCES campaign,
    gift_id         uuid NOT NULL,
    giver_id        uuid NOT NULL REFERENCES player,
    key             text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    asked           jsonb NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('chances', 'badge')),
    amount          integer NOT NULL CHECK (amount BETWEEN 1 AND 10),
    badge_id        text,
    award_id        uuid,
    code_digest     bytea NOT NULL CHECK (octet_length(code_digest) = 32),
    code_sealed     bytea NOT NULL,
    state           text NOT NULL CHECK (state IN ('open', 'redeemed', 'cancelled', 'expired', 'taken_back')),
    taken_back      integer NOT NULL DEFAULT 0 CHECK (taken_back BETWEEN 0 AND amount),
    recipient_id    uuid REFERENCES player CHECK (recipient_id <> giver_id),
    given_ms        bigint NOT NULL,
    expires_ms      bigint NOT NULL CHECK (expires_ms > given_ms),
    ended_ms        bigint,
    next_attempt_ms bigint,
    PRIMARY KEY (campaign_id, gift_id),
    FOREIGN KEY (campaign_id, badge_id) REFERENCES badge,
    FOREIGN KEY (campaign_id, award_id) REFERENCES badge_award,
    CONSTRAINT gift_key UNIQUE (campaign_id, giver_id, key),
    CONSTRAINT gift_code UNIQUE (campaign_id, code_digest),
    CONSTRAINT gift_badge CHECK ((kind = 'badge') = (badge_id IS NOT NULL) AND (badge_id IS NULL) = (award_id IS NULL)
                                 AND (kind = 'chances' OR amount = 1)),
    CONSTRAINT gift_redeemed CHECK ((state = 'redeemed') = (recipient_id IS NOT NULL)),
    CONSTRAINT gift_taken_back CHECK ((state = 'taken_back') = (taken_back = amount)),
    CONSTRAINT gift_ended CHECK ((state = 'open') = (ended_ms IS NULL) AND (state = 'open') = (next_attempt_ms IS NOT NULL))
);
CREATE INDEX gift_of_giver ON gift (campaign_id, giver_id, given_ms);
CREATE INDEX gift_of_recipient ON gift (campaign_id, recipient_id, ended_ms) WHERE recipient_id IS NOT NULL;
CREATE INDEX gift_to_expire ON gift (next_attempt_ms) WHERE state = 'open';
-- A badge lies in one gift, and is given away by one.
CREATE UNIQUE INDEX gift_of_award ON gift (campaign_id, award_id) WHERE state IN ('open', 'redeemed');

-- How many chances of which lot a gift holds, and until when they are good.
CREATE TABLE gift_lot (
    campaign_id   text NOT NULL,
    gift_id       uuid NOT NULL,
    lot_id        uuid NOT NULL,
    units         integer NOT NULL CHECK (units BETWEEN 1 AND 10),
    expires_ms    bigint NOT NULL,
    is_taken_back boolean NOT NULL DEFAULT false,
    PRIMARY KEY (campaign_id, gift_id, lot_id),
    FOREIGN KEY (campaign_id, gift_id) REFERENCES gift,
    FOREIGN KEY (campaign_id, lot_id) REFERENCES chance_lot
);
CREATE INDEX gift_lot_of_lot ON gift_lot (campaign_id, lot_id);
