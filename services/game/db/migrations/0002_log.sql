-- The draw log of a campaign (docs/fairdraw.md). The row in `log` is the head: whoever holds its lock writes.

CREATE TABLE log (
    campaign_id text PRIMARY KEY REFERENCES campaign,
    origin      text NOT NULL UNIQUE,
    key_sealed  bytea NOT NULL,
    public_key  bytea NOT NULL CHECK (octet_length(public_key) = 32),
    size        bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    last_t_ms   bigint NOT NULL DEFAULT 0,
    -- The compact range: hashes of the complete subtrees that make up the tree, left to right.
    frontier    bytea NOT NULL DEFAULT '',
    CONSTRAINT log_frontier CHECK (octet_length(frontier) = 32 * bit_count(size::bit(64)))
) WITH (fillfactor = 50);

CREATE TABLE log_entry (
    campaign_id text NOT NULL REFERENCES log,
    entry_index bigint NOT NULL CHECK (entry_index >= 0),
    entry       bytea NOT NULL CHECK (octet_length(entry) BETWEEN 1 AND 65535),
    leaf_hash   bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (campaign_id, entry_index)
);

-- Hash tiles (C2SP tlog-tiles), 256 hashes each. Level 0 is written when it is full; the tiles above grow as the ones below fill.
CREATE TABLE log_tile (
    campaign_id text NOT NULL REFERENCES log,
    level       smallint NOT NULL CHECK (level BETWEEN 0 AND 6),
    tile_index  bigint NOT NULL CHECK (tile_index >= 0),
    hashes      bytea NOT NULL CHECK (octet_length(hashes) % 32 = 0 AND octet_length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (campaign_id, level, tile_index),
    CONSTRAINT log_tile_level_0_is_full CHECK (level > 0 OR octet_length(hashes) = 8192)
);

-- Beacon rounds that seats of this log wait for.
CREATE TABLE beacon_round (
    campaign_id text NOT NULL REFERENCES log,
    round       bigint NOT NULL CHECK (round > 0),
    signature   bytea CHECK (octet_length(signature) = 48),
    entry_index bigint,
    PRIMARY KEY (campaign_id, round),
    FOREIGN KEY (campaign_id, entry_index) REFERENCES log_entry (campaign_id, entry_index),
    CONSTRAINT beacon_round_logged CHECK ((signature IS NULL) = (entry_index IS NULL))
);
CREATE INDEX beacon_round_awaited ON beacon_round (round) WHERE signature IS NULL;
