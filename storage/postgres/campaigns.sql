-- name: count
SELECT count(*) FROM campaigns

-- name: add
INSERT INTO campaigns (name, media_source, channel, campaign, starts_on, ends_on, budget, currency, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (media_source, campaign) DO NOTHING
RETURNING *

-- name: one
SELECT * FROM campaigns WHERE campaign_id = $1

-- name: page
SELECT * FROM campaigns
WHERE (created_at, campaign_id) < ($1, $2) AND ($3::text IS NULL OR media_source = $3)
ORDER BY created_at DESC, campaign_id DESC
LIMIT $4

-- name: replace
UPDATE campaigns SET name = $2, media_source = $3, channel = $4, campaign = $5, starts_on = $6, ends_on = $7,
    budget = $8, currency = $9, note = $10, updated_at = now()
WHERE campaign_id = $1
RETURNING *

-- name: delete
DELETE FROM campaigns WHERE campaign_id = $1 RETURNING campaign_id
