-- A table with a window of tokens keeps the log of them open with a buffer of 1 MiB, which counts against the server's
-- bound of memory though hardly a page of it is ever touched: with a window for each table, a thousand tenants came to
-- 13 GiB. Here nothing is inserted under a token: what is counted or summed anew replaces what was there, by its version.
ALTER TABLE {activity} RESET SETTING non_replicated_deduplication_window;
ALTER TABLE {touch_counts} RESET SETTING non_replicated_deduplication_window;
ALTER TABLE {activity_weeks} RESET SETTING non_replicated_deduplication_window;
ALTER TABLE {touch_weeks} RESET SETTING non_replicated_deduplication_window;
ALTER TABLE {revenue_weeks} RESET SETTING non_replicated_deduplication_window;
ALTER TABLE {cost_weeks} RESET SETTING non_replicated_deduplication_window;
ALTER TABLE {install_values} RESET SETTING non_replicated_deduplication_window;
ALTER TABLE {person_aliases} RESET SETTING non_replicated_deduplication_window;
