-- Statements of groups. Whoever changes a group, its members or its codes locks its row first.

-- name: lock_group
-- A group, for nobody else until the transaction ends. No row: there is none.
SELECT group_id, name, owner_id FROM player_group WHERE brand_id = $1 AND group_id = $2 FOR NO KEY UPDATE;

-- name: find_group
-- A group. No row: there is none.
SELECT group_id, name, owner_id FROM player_group WHERE brand_id = $1 AND group_id = $2;

-- name: find_by_key
-- The group that a key of a player has made, and what was asked. No row: it is new.
SELECT group_id, asked FROM player_group WHERE brand_id = $1 AND maker_id = $2 AND key = $3;

-- name: groups_of
-- The groups of a player, in the order in which they were made.
SELECT g.group_id, g.name, g.owner_id
FROM group_member AS m JOIN player_group AS g USING (brand_id, group_id)
WHERE m.player_id = $2 AND m.brand_id = $1
ORDER BY g.made_ms, g.group_id
LIMIT $3;

-- name: members_of
-- The members of groups, in the order in which they came.
SELECT group_id, member_id, player_id, nickname, joined_ms FROM group_member
WHERE brand_id = $1 AND group_id = ANY ($2::uuid[])
ORDER BY group_id, joined_ms, member_id
LIMIT $3;

-- name: count_groups
-- In how many groups a player is.
SELECT count(*) FROM group_member WHERE player_id = $1;

-- name: add_group
-- Stores a group without members.
INSERT INTO player_group (brand_id, group_id, name, owner_id, maker_id, key, asked, made_ms)
VALUES ($1, $2, $3, $4, $4, $5, $6, $7);

-- name: add_member
-- Stores a member.
INSERT INTO group_member (brand_id, group_id, member_id, player_id, nickname, joined_ms)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: rename_group
-- Another name of a locked group.
UPDATE player_group SET name = $3 WHERE brand_id = $1 AND group_id = $2;

-- name: rename_member
-- Another nickname of a member of a locked group.
UPDATE group_member SET nickname = $4 WHERE brand_id = $1 AND group_id = $2 AND member_id = $3;

-- name: remove_member
-- Removes a member of a locked group, which another owns from now on. What its maker asked for has the maker's nickname:
-- it goes with the maker, who is the first to own it.
WITH gone AS (DELETE FROM group_member WHERE brand_id = $1 AND group_id = $2 AND member_id = $3)
UPDATE player_group SET owner_id = $4, asked = CASE WHEN owner_id = $4 THEN asked ELSE 'null' END
WHERE brand_id = $1 AND group_id = $2;

-- name: delete_group
-- Removes a locked group with its members and codes.
DELETE FROM player_group WHERE brand_id = $1 AND group_id = $2;

-- name: group_of_code
-- The group that a code is of. No row: no such code.
SELECT group_id FROM group_invitation WHERE brand_id = $1 AND code_digest = $2;

-- name: find_invitation
-- What a key has made of a locked group, and the sealed code. No row: it is new.
SELECT invitation_id, asked, code_sealed, expires_ms FROM group_invitation
WHERE brand_id = $1 AND group_id = $2 AND key = $3;

-- name: forget_invitations
-- Removes codes of a locked group that are used up or expired.
DELETE FROM group_invitation WHERE brand_id = $1 AND group_id = $2 AND (uses_left = 0 OR expires_ms <= $3);

-- name: withdraw_invitations
-- Removes all codes of a locked group.
DELETE FROM group_invitation WHERE brand_id = $1 AND group_id = $2;

-- name: count_invitations
-- How many codes a locked group has.
SELECT count(*) FROM group_invitation WHERE brand_id = $1 AND group_id = $2;

-- name: add_invitation
-- Stores a code of a locked group.
INSERT INTO group_invitation (brand_id, group_id, invitation_id, key, asked, code_digest, code_sealed, uses_left, expires_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: use_invitation
-- Uses a code of a locked group once. No row: it is used up, expired or withdrawn.
UPDATE group_invitation SET uses_left = uses_left - 1
WHERE brand_id = $1 AND group_id = $2 AND code_digest = $3 AND uses_left > 0 AND expires_ms > $4
RETURNING invitation_id;
