-- name: upsert_costs
INSERT INTO costs (media_source, campaign, adset, day, app_id, country, currency, cost)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[], $8::numeric[]
)
ON CONFLICT (day, media_source, campaign, adset, app_id, country, currency)
DO UPDATE SET cost = excluded.cost, updated_at = now() WHERE costs.cost <> excluded.cost
RETURNING (xmax = 0) AS is_new

-- name: compare_costs
SELECT count(*) FILTER (WHERE c.cost_id IS NULL) AS new, count(*) FILTER (WHERE c.cost <> u.cost) AS changed
FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[], $8::numeric[])
    AS u (media_source, campaign, adset, day, app_id, country, currency, cost)
LEFT JOIN costs AS c
    ON (c.day, c.media_source, c.campaign, c.adset, c.app_id, c.country, c.currency)
        = (u.day, u.media_source, u.campaign, u.adset, u.app_id, u.country, u.currency)

-- name: add_cost
INSERT INTO costs (media_source, campaign, adset, day, app_id, country, currency, cost)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (day, media_source, campaign, adset, app_id, country, currency)
DO UPDATE SET cost = excluded.cost, updated_at = now()
RETURNING *

-- name: replace_cost
UPDATE costs SET media_source = $2, campaign = $3, adset = $4, day = $5, app_id = $6, country = $7, currency = $8,
    cost = $9, updated_at = now()
WHERE cost_id = $1
RETURNING *

-- name: one_cost
SELECT * FROM costs WHERE cost_id = $1

-- name: delete_cost
DELETE FROM costs WHERE cost_id = $1 RETURNING cost_id

-- name: costs_page
SELECT * FROM costs
WHERE (day, cost_id) < ($1, $2) AND day >= $3 AND ($4::text IS NULL OR media_source = $4)
ORDER BY day DESC, cost_id DESC
LIMIT $5

-- name: costs_between
SELECT day, media_source, campaign, adset, app_id, country, currency, cost FROM costs WHERE day BETWEEN $1 AND $2

-- name: upsert_rates
INSERT INTO rates (quote, currency, day, rate)
SELECT $1, u.currency, u.day, u.rate FROM unnest($2::text[], $3::date[], $4::numeric[]) AS u (currency, day, rate)
ON CONFLICT (quote, currency, day) DO UPDATE SET rate = excluded.rate, updated_at = now() WHERE rates.rate <> excluded.rate
RETURNING (xmax = 0) AS is_new

-- name: compare_rates
SELECT count(*) FILTER (WHERE r.rate IS NULL) AS new, count(*) FILTER (WHERE r.rate <> u.rate) AS changed
FROM unnest($2::text[], $3::date[], $4::numeric[]) AS u (currency, day, rate)
LEFT JOIN rates AS r ON r.quote = $1 AND r.currency = u.currency AND r.day = u.day

-- name: rates_between
SELECT currency, day, rate FROM rates WHERE quote = $1 AND day BETWEEN $2 AND $3

-- name: rates_page
SELECT currency, quote, day, rate FROM rates
WHERE quote = $1 AND ($2::text IS NULL OR currency = $2) AND (day, currency) < ($3, $4)
ORDER BY day DESC, currency DESC
LIMIT $5

-- name: delete_rate
DELETE FROM rates WHERE quote = $1 AND currency = $2 AND day = $3 RETURNING currency
