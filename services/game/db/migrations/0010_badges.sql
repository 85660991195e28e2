-- Badges as they are shown, sets of badges, and what players make of them.

ALTER TABLE badge
    ADD COLUMN criteria_zh text CHECK (length(criteria_zh) BETWEEN 1 AND 2000),
    ADD COLUMN criteria_en text CHECK (length(criteria_en) BETWEEN 1 AND 2000),
    ADD COLUMN image_url   text CHECK (image_url ~ '^https://[!-~]+$' AND length(image_url) <= 508);

-- A set as its manager wrote it; nothing of that changes once its campaign is launched. What is left of the prize, of
-- the alternative and of the points for duplicates goes down under the row's lock.
CREATE TABLE badge_set (
    campaign_id      text NOT NULL REFERENCES campaign,
    set_id           text NOT NULL CHECK (set_id ~ '^[a-z0-9-]{1,32}$'),
    draft            jsonb NOT NULL,
    prize_left       integer NOT NULL CHECK (prize_left >= 0),
    alternative_left integer NOT NULL CHECK (alternative_left >= 0),
    convert_left     integer NOT NULL CHECK (convert_left >= 0),
    PRIMARY KEY (campaign_id, set_id)
) WITH (fillfactor = 80);

-- A badge is in one set of its campaign: so it is plain which badges are spare.
CREATE TABLE badge_of_set (
    campaign_id text NOT NULL,
    badge_id    text NOT NULL,
    set_id      text NOT NULL,
    PRIMARY KEY (campaign_id, badge_id),
    FOREIGN KEY (campaign_id, badge_id) REFERENCES badge,
    FOREIGN KEY (campaign_id, set_id) REFERENCES badge_set ON DELETE CASCADE
);

-- What a player made of badges of a set, once for each key: what was asked for, and what came of it.
CREATE TABLE badge_trade (
    campaign_id text NOT NULL,
    trade_id    uuid NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    set_id      text NOT NULL,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    kind        text NOT NULL CHECK (kind IN ('exchange', 'convert', 'claim', 'redeem')),
    asked       jsonb NOT NULL,
    outcome     jsonb NOT NULL,
    traded_ms   bigint NOT NULL,
    PRIMARY KEY (campaign_id, trade_id),
    FOREIGN KEY (campaign_id, set_id) REFERENCES badge_set,
    CONSTRAINT badge_trade_key UNIQUE (campaign_id, player_id, key)
);

-- The prize of a set may be goods, which the brand delivers.
ALTER TABLE reward
    DROP CONSTRAINT reward_kind_check,
    ADD CONSTRAINT reward_kind_check CHECK (kind IN ('points', 'chances', 'voucher', 'badge', 'goods')),
    DROP CONSTRAINT reward_item,
    ADD CONSTRAINT reward_item CHECK ((kind IN ('voucher', 'badge', 'goods')) = (item IS NOT NULL)
                                      AND (item IS NULL OR amount = 1));
ALTER TABLE debt
    DROP CONSTRAINT debt_kind_check,
    ADD CONSTRAINT debt_kind_check CHECK (kind IN ('points', 'chances', 'voucher', 'badge', 'goods'));
