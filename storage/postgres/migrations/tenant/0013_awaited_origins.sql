-- Conversions that were attributed without one from which they may inherit, because that could not be decided. When it
-- is, they are attributed once more.
CREATE TABLE awaited_origins (
    origin_id text NOT NULL,
    heir_id text NOT NULL,
    PRIMARY KEY (origin_id, heir_id)
);

ALTER TABLE attribution_requeues DROP CONSTRAINT attribution_requeues_cause_check,
    ADD CONSTRAINT attribution_requeues_cause_check
    CHECK (cause IN ('late_touch', 'late_origin', 'identity', 'recompute', 'fraud'));
ALTER TABLE attributions DROP CONSTRAINT attributions_cause_check,
    ADD CONSTRAINT attributions_cause_check
    CHECK (cause IN ('first', 'late_touch', 'late_origin', 'recompute', 'identity', 'fraud'));
