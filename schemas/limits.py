"""Every bound of the product in one place, with the relations between them asserted at import."""

BODY_BYTES_MAX = 10 * 1024 * 1024
"""A request body after decompression."""

KEYLESS_BODY_BYTES_MAX = 512 * 1024
"""The same where the key is only in the body, which is then read before anybody is known; Segment sends 500 KB."""

KEYLESS_BODY_SECONDS_MAX = 10
"""How long such a body may take to arrive."""

BODY_GRACE_SECONDS = 2.0
BODY_BYTES_PER_SECOND_MIN = 8 * 1024
"""A body longer than what the edge holds back: past the grace it must come at least this fast on average."""

EVENTS_PER_REQUEST_MAX = 10_000

EVENT_BYTES_MAX = 64 * 1024
"""One event as JSON text."""

EVENT_NESTING_MAX = 16

EVENT_ID_CHARS_MAX = 100

EVENT_FUTURE_HOURS_MAX = 24
EVENT_AGE_DAYS_MAX = 400

PAGE_ROWS_MAX = 1_000
PAGE_ROWS_DEFAULT = 100

EVENT_SCHEMA_BYTES_MAX = 64 * 1024
EVENT_SCHEMAS_PER_TENANT_MAX = 1_000

CALL_BYTES_MAX = 16 * 1024 * 1024
"""Rows that one call from a replica to a tenant actor may carry, before compression."""

SHARDS_MAX = 16
"""Actors that share one tenant's work: each is a process of about 100 MB."""

LINKS_PER_TENANT_MAX = 10_000
"""Tracking links: every replica holds all of them in memory."""

CAMPAIGNS_PER_TENANT_MAX = 10_000
"""Campaigns that a tenant planned; events may name any number of others."""

KEYS_PER_TENANT_MAX = 100
"""Every replica holds all of them in memory, too."""

USERS_PER_TENANT_MAX = 1_000
"""People who may log in to a tenant, the invited included."""

PASSWORD_CHARS_MIN = 8
PASSWORD_CHARS_MAX = 256
"""Length of a password that is chosen; OWASP's ASVS asks for 8 at least and 64 at most as the upper bound."""

JOURNAL_SEGMENT_BYTES_MAX = 4 * 1024 * 1024
"""One file of the journal, which is handed over in one call for each tenant."""

IMPORT_LINE_BYTES_MAX = 1024 * 1024
"""One line of an imported text file."""

IMPORT_SLICE_ROWS = 100
"""Rows of an import that are checked together."""

IMPORT_BATCH_ROWS = 5_000
IMPORT_BATCH_BYTES = 2 * 1024 * 1024
"""An import's batch is sent when it has this many rows, or bytes of accepted ones."""

IMPORT_REJECTIONS_KEPT = 100
"""Rejected rows that an import's report names; the others are counted."""

IMPORT_BARREN_RUNS_MAX = 10
"""Runs of an import that end without any progress before it counts as failed."""

FILENAME_CHARS_MAX = 255

IDENTITY_USERS_PER_KEY_MAX = 5
"""Users whom a device's or an anonymous id still joins; one with more is shared by strangers."""

IDENTITY_KEYS_PER_USER_MAX = 100
"""Other ids that a user id still joins; one with more is no person's (`guest`)."""

POLICIES_PER_TENANT_MAX = 1_000
"""Versions of a tenant's policy."""

RECOMPUTES_KEPT_DAYS = 30
"""How long a recomputation can be looked at, and adopted, after it ended."""

RECOMPUTES_UNFINISHED_MAX = 5
"""Recomputations of one tenant that wait or run; they run one after the other."""

FRAUD_REVIEWS_UNFINISHED_MAX = 5
"""Fraud reviews of one tenant that wait or run; they run one after the other."""

FINGERPRINT_TOUCHES_MAX = 50
"""Touches of one fingerprint in 24 hours; of more, the right one would be found by luck, so none of them counts."""

REPORT_ROWS_MAX = 10_000
"""Rows of a report's answer; its totals are over all of them."""

REPORT_GROUPS_MAX = 30_000
"""Rows that a report is added up from, of each kind of figure: all of them are in memory at once."""

assert EVENT_BYTES_MAX < KEYLESS_BODY_BYTES_MAX < BODY_BYTES_MAX <= CALL_BYTES_MAX
assert JOURNAL_SEGMENT_BYTES_MAX + BODY_BYTES_MAX <= CALL_BYTES_MAX
# A row's objects are text within its JSON: escaping can double them.
assert IMPORT_BATCH_BYTES + 2 * IMPORT_SLICE_ROWS * EVENT_BYTES_MAX <= CALL_BYTES_MAX
assert EVENT_BYTES_MAX < IMPORT_LINE_BYTES_MAX
assert REPORT_ROWS_MAX <= REPORT_GROUPS_MAX
assert PAGE_ROWS_DEFAULT <= PAGE_ROWS_MAX
