-- Weeks (from Monday, UTC) of which ClickHouse has sums, and when these were asked for: whatever hour was counted anew
-- since makes the sum of its week void.
CREATE TABLE report_weeks (
    week date PRIMARY KEY,
    summed_at timestamptz NOT NULL
);
