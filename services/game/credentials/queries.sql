-- Statements of badges as credentials.

-- name: lock_brand
-- Makes others who change the brand's issuer wait.
SELECT brand_id FROM brand WHERE brand_id = $1 FOR NO KEY UPDATE;

-- name: newest_issuer
-- Who issues a brand's badges now. No row: nobody was named.
SELECT brand_id, version, name, url, email, image_url FROM badge_issuer
WHERE brand_id = $1
ORDER BY version DESC
LIMIT 1;

-- name: add_issuer
-- A new version of who issues a brand's badges.
INSERT INTO badge_issuer (brand_id, version, name, url, email, image_url, key_sealed, public_key, created_by, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: sealed_key
-- The sealed key of a version. No row: there is none.
SELECT key_sealed FROM badge_issuer WHERE brand_id = $1 AND version = $2;

-- name: public_key
-- The public key of a version. No row: there is none.
SELECT public_key FROM badge_issuer WHERE brand_id = $1 AND version = $2;

-- name: published_badge
-- A badge of a launched campaign of a brand. No row: there is none.
SELECT b.campaign_id, b.badge_id, b.name_zh, b.name_en, b.description_zh, b.description_en,
       coalesce(b.criteria_zh, b.description_zh) AS criteria_zh, coalesce(b.criteria_en, b.description_en) AS criteria_en,
       b.image_url
FROM badge AS b
JOIN campaign AS c USING (campaign_id)
WHERE c.brand_id = $1 AND c.campaign_id = $2 AND c.state <> 'draft' AND b.badge_id = $3;

-- name: awards_of_player
-- A player's awards before one, newest first, or the one that $4 names; what lies under covered tickets is told to nobody.
SELECT a.award_id, a.source, a.state, a.awarded_ms, b.campaign_id, b.badge_id, b.name_zh, b.name_en, b.description_zh,
       b.description_en, coalesce(b.criteria_zh, b.description_zh) AS criteria_zh,
       coalesce(b.criteria_en, b.description_en) AS criteria_en, b.image_url
FROM badge_award AS a
JOIN badge AS b USING (campaign_id, badge_id)
LEFT JOIN prize_grant AS g ON (g.campaign_id, g.grant_id) = (a.campaign_id, a.award_id)
LEFT JOIN draw AS d ON (d.campaign_id, d.entry_index) = (g.campaign_id, g.entry_index)
LEFT JOIN pool AS p ON (p.campaign_id, p.pool_id) = (g.campaign_id, g.pool_id)
WHERE a.campaign_id = $1 AND a.player_id = $2 AND a.award_id < $3 AND ($4::uuid IS NULL OR a.award_id = $4)
  AND (p.game IS DISTINCT FROM 'scratch' OR d.uncovered_ms IS NOT NULL)
ORDER BY a.award_id DESC
LIMIT $5;

-- name: add_credential
-- Notes that an award is exported; it may be already.
INSERT INTO badge_credential (campaign_id, award_id, brand_id, version, issued_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: find_credential
-- Who signed an exported award, and its place in the brand's lists. No row: it was never exported.
SELECT c.status_index, i.brand_id, i.version, i.name, i.url, i.email, i.image_url
FROM badge_credential AS c
JOIN badge_issuer AS i USING (brand_id, version)
WHERE c.campaign_id = $1 AND c.award_id = $2;

-- name: revoked
-- The places, from $2 on, of exported awards that are not their players' any more, for good: the badge of an open gift may
-- come back to its giver.
SELECT c.status_index
FROM badge_credential AS c
JOIN badge_award AS a USING (campaign_id, award_id)
WHERE c.brand_id = $1 AND c.status_index >= $2 AND c.status_index < $2 + $3::bigint
  AND (a.state = 'reversed' OR a.state = 'gifted' AND NOT EXISTS (
      SELECT FROM gift AS g WHERE g.campaign_id = a.campaign_id AND g.award_id = a.award_id AND g.state = 'open'))
ORDER BY c.status_index
LIMIT $3;
