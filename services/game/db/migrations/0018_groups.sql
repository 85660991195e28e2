-- Groups of friends and family. Nicknames, and groups with the names that their owners gave them, go with the player's row.

CREATE TABLE player_group (
    brand_id text NOT NULL REFERENCES brand,
    group_id uuid NOT NULL,
    name     text NOT NULL CHECK (length(name) BETWEEN 1 AND 30),
    owner_id uuid NOT NULL REFERENCES player ON DELETE CASCADE,
    maker_id uuid NOT NULL,
    key      text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    asked    jsonb NOT NULL,
    made_ms  bigint NOT NULL,
    PRIMARY KEY (brand_id, group_id),
    CONSTRAINT player_group_key UNIQUE (brand_id, maker_id, key)
);
CREATE INDEX player_group_of_owner ON player_group (owner_id);

CREATE TABLE group_member (
    brand_id  text NOT NULL,
    group_id  uuid NOT NULL,
    member_id uuid NOT NULL,
    player_id uuid NOT NULL REFERENCES player ON DELETE CASCADE,
    nickname  text NOT NULL CHECK (length(nickname) BETWEEN 1 AND 20),
    joined_ms bigint NOT NULL,
    PRIMARY KEY (brand_id, group_id, member_id),
    FOREIGN KEY (brand_id, group_id) REFERENCES player_group ON DELETE CASCADE,
    CONSTRAINT group_member_once UNIQUE (brand_id, group_id, player_id)
);
CREATE INDEX group_member_of_player ON group_member (player_id);

-- Codes by which others join, found by their digest; sealed for the owner's retry.
CREATE TABLE group_invitation (
    brand_id      text NOT NULL,
    group_id      uuid NOT NULL,
    invitation_id uuid NOT NULL,
    key           text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    asked         jsonb NOT NULL,
    code_digest   bytea NOT NULL CHECK (octet_length(code_digest) = 32),
    code_sealed   bytea NOT NULL,
    uses_left     integer NOT NULL CHECK (uses_left BETWEEN 0 AND 50),
    expires_ms    bigint NOT NULL,
    PRIMARY KEY (brand_id, group_id, invitation_id),
    FOREIGN KEY (brand_id, group_id) REFERENCES player_group ON DELETE CASCADE,
    CONSTRAINT group_invitation_key UNIQUE (brand_id, group_id, key),
    CONSTRAINT group_invitation_code UNIQUE (brand_id, code_digest)
);
