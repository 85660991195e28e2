-- What is given for anything but a draw, how it is taken back, and what players owe then.

-- The badges that can be awarded in a campaign.
CREATE TABLE badge (
    campaign_id    text NOT NULL REFERENCES campaign,
    badge_id       text NOT NULL CHECK (badge_id ~ '^[a-z0-9-]{1,32}$'),
    name_zh        text NOT NULL CHECK (length(name_zh) BETWEEN 1 AND 200),
    name_en        text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    description_zh text NOT NULL CHECK (length(description_zh) BETWEEN 1 AND 2000),
    description_en text NOT NULL CHECK (length(description_en) BETWEEN 1 AND 2000),
    PRIMARY KEY (campaign_id, badge_id)
);

-- A badge of a player; of a draw the award has the id of its prize, of a reward that of the reward.
CREATE TABLE badge_award (
    campaign_id text NOT NULL,
    award_id    uuid NOT NULL,
    player_id   uuid NOT NULL REFERENCES player,
    badge_id    text NOT NULL,
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
    state       text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'spent', 'gifted', 'reversed')),
    awarded_ms  bigint NOT NULL,
    PRIMARY KEY (campaign_id, award_id),
    FOREIGN KEY (campaign_id, badge_id) REFERENCES badge,
    CONSTRAINT badge_award_source UNIQUE (campaign_id, player_id, source)
);

-- One reward of a player for each source. `withheld` of it has settled a debt. One that is taken back is `returning`
-- until the ledger has decided about its points; in the end `recovered` of it came back and `owed` of it did not.
-- The points of a return that is under way are in `recovered` already.
CREATE TABLE reward (
    campaign_id     text NOT NULL REFERENCES campaign,
    reward_id       uuid NOT NULL,
    player_id       uuid NOT NULL REFERENCES player,
    source          text NOT NULL CHECK (source ~ '^[!-~]{1,80}$' AND source NOT LIKE 'draw:%'),
    kind            text NOT NULL CHECK (kind IN ('points', 'chances', 'voucher', 'badge')),
    amount          bigint NOT NULL CHECK (amount BETWEEN 1 AND 1000000000),
    item            text CHECK (item ~ '^[a-z0-9-]{1,32}$'),
    expires_ms      bigint,
    given_ms        bigint NOT NULL,
    redeemed_ms     bigint,
    state           text NOT NULL DEFAULT 'given' CHECK (state IN ('given', 'returning', 'returned')),
    withheld        bigint NOT NULL DEFAULT 0,
    recovered       bigint NOT NULL DEFAULT 0,
    owed            bigint NOT NULL DEFAULT 0,
    taken_back_ms   bigint,
    next_attempt_ms bigint,
    PRIMARY KEY (campaign_id, reward_id),
    CONSTRAINT reward_once UNIQUE (campaign_id, player_id, source),
    CONSTRAINT reward_item CHECK ((kind IN ('voucher', 'badge')) = (item IS NOT NULL) AND (item IS NULL OR amount = 1)),
    CONSTRAINT reward_expires CHECK ((kind = 'chances') = (expires_ms IS NOT NULL)),
    CONSTRAINT reward_redeemed CHECK (redeemed_ms IS NULL OR kind = 'voucher'),
    CONSTRAINT reward_parts CHECK (withheld BETWEEN 0 AND amount AND recovered BETWEEN 0 AND amount - withheld
                                   AND owed BETWEEN 0 AND amount - recovered),
    CONSTRAINT reward_given CHECK (state <> 'given' OR (recovered, owed) = (0, 0)),
    CONSTRAINT reward_taken_back CHECK ((state = 'given') = (taken_back_ms IS NULL)),
    CONSTRAINT reward_returning CHECK ((state = 'returning') = (next_attempt_ms IS NOT NULL)
                                       AND (state <> 'returning' OR kind = 'points'))
) WITH (fillfactor = 80);
CREATE INDEX reward_of_player ON reward (campaign_id, player_id, reward_id);
CREATE INDEX reward_to_return ON reward (next_attempt_ms) WHERE state = 'returning';

-- What a player owes of a kind: all that was `owed` of rewards less all that was `withheld` of later ones.
CREATE TABLE debt (
    campaign_id text NOT NULL REFERENCES campaign,
    player_id   uuid NOT NULL REFERENCES player,
    kind        text NOT NULL CHECK (kind IN ('points', 'chances', 'voucher', 'badge')),
    item        text,
    amount      bigint NOT NULL CHECK (amount >= 0),
    CONSTRAINT debt_once UNIQUE NULLS NOT DISTINCT (campaign_id, player_id, kind, item)
);

-- The most that a feature can give away in a campaign: the launch demands it. `vouchers` counts codes by batch.
CREATE TABLE promise (
    campaign_id text NOT NULL REFERENCES campaign,
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 80),
    points      bigint NOT NULL CHECK (points BETWEEN 0 AND 9007199254740991),
    vouchers    jsonb NOT NULL CHECK (jsonb_typeof(vouchers) = 'object'),
    PRIMARY KEY (campaign_id, source)
);

-- Chances that were taken back are neither left nor used.
ALTER TABLE chance_lot
    ADD COLUMN taken_back integer NOT NULL DEFAULT 0 CHECK (taken_back >= 0),
    ADD CONSTRAINT chance_lot_parts CHECK (units_left + taken_back <= granted);

ALTER TABLE voucher
    ADD COLUMN reward_id uuid,
    ADD FOREIGN KEY (campaign_id, reward_id) REFERENCES reward,
    ADD CONSTRAINT voucher_given_once CHECK (num_nonnulls(grant_id, reward_id) <= 1);
-- Partial, so that nobody looks for free codes here.
CREATE UNIQUE INDEX voucher_rewarded_once ON voucher (campaign_id, reward_id) WHERE reward_id IS NOT NULL;
DROP INDEX voucher_free;
CREATE INDEX voucher_free ON voucher (campaign_id, voucher_batch, code) WHERE grant_id IS NULL AND reward_id IS NULL;

-- A row of a pool may pay a badge.
ALTER TABLE pool_row
    ADD COLUMN badge_id text,
    ADD FOREIGN KEY (campaign_id, badge_id) REFERENCES badge,
    DROP CONSTRAINT pool_row_prize_kind_check,
    ADD CONSTRAINT pool_row_prize_kind_check
        CHECK (prize_kind IN ('points', 'voucher', 'goods', 'chances', 'badge', 'nothing')),
    DROP CONSTRAINT pool_row_prize,
    ADD CONSTRAINT pool_row_prize CHECK ((prize_kind = 'nothing') = (prize_amount = 0)
                                         AND (prize_kind = 'voucher') = (voucher_batch IS NOT NULL)
                                         AND (prize_kind = 'badge') = (badge_id IS NOT NULL)
                                         AND (prize_kind NOT IN ('voucher', 'goods', 'badge') OR prize_amount = 1));
ALTER TABLE prize_grant
    DROP CONSTRAINT prize_grant_kind_check,
    ADD CONSTRAINT prize_grant_kind_check CHECK (kind IN ('points', 'voucher', 'goods', 'chances', 'badge'));

-- The outbox: a `reward` pays points of a reward, a `return` takes them back. Both are issued anew as credits of draws are,
-- a return with what the player has left.
ALTER TABLE operation
    ALTER COLUMN play_id DROP NOT NULL,
    ADD COLUMN reward_id uuid,
    ADD FOREIGN KEY (campaign_id, reward_id) REFERENCES reward,
    DROP CONSTRAINT operation_kind_check,
    ADD CONSTRAINT operation_kind_check CHECK (kind IN ('debit', 'credit', 'reward', 'return')),
    DROP CONSTRAINT operation_kind,
    ADD CONSTRAINT operation_kind CHECK ((kind = 'credit') = (entry_index IS NOT NULL)
                                         AND (kind IN ('debit', 'credit')) = (play_id IS NOT NULL)
                                         AND (kind IN ('reward', 'return')) = (reward_id IS NOT NULL)),
    DROP CONSTRAINT operation_attempt,
    ADD CONSTRAINT operation_attempt CHECK (attempt = 1 OR kind <> 'debit'),
    DROP CONSTRAINT operation_reissued,
    ADD CONSTRAINT operation_reissued CHECK (
        reissued_ms IS NULL OR kind <> 'debit' AND state IN ('rejected', 'expired', 'fenced'));
CREATE UNIQUE INDEX operation_one_reward ON operation (campaign_id, reward_id, kind)
    WHERE reward_id IS NOT NULL AND reissued_ms IS NULL;
CREATE INDEX operation_of_reward ON operation (campaign_id, reward_id) WHERE reward_id IS NOT NULL;
DROP INDEX operation_due_credit;
CREATE INDEX operation_due_credit ON operation (next_attempt_ms) WHERE state = 'due' AND kind <> 'debit';
DROP INDEX operation_refused_credit;
CREATE INDEX operation_refused_credit ON operation (next_attempt_ms)
    WHERE state IN ('rejected', 'expired', 'fenced') AND kind IN ('credit', 'reward') AND reissued_ms IS NULL;

-- Reconciliation compares rewards as it compares plays.
ALTER TABLE reconciliation ADD COLUMN reward_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE ledger_break
    ADD COLUMN reward_id uuid,
    DROP CONSTRAINT ledger_break_kind_check,
    ADD CONSTRAINT ledger_break_kind_check CHECK (kind IN (
        'ours_only', 'theirs_only', 'amount_differs', 'account_differs', 'play_without_charge', 'charge_without_play',
        'prize_without_credit', 'credit_without_prize', 'return_without_reversal', 'reversal_without_return',
        'debit_in_doubt', 'unrecorded', 'totals_differ'));
CREATE INDEX ledger_break_of_reward ON ledger_break (campaign_id, reward_id) WHERE closed_ms IS NULL;
