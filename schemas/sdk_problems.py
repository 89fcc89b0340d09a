"""The problems of SDKs that speak Segment's protocol: more leaves of the tree in `schemas/problems.py`."""

from schemas.problem import Problem
from schemas.problems import NotFound


class WriteKeyUnknown(NotFound):
    """Invalid write key: it is missing, unknown or revoked."""

    slug = "write-key-unknown"
    title = "Write key unknown"
    remedy = "Send a write key of this tenant, as `unmogrow tenant create` printed it."


class RequestTimeout(Problem):
    """The request did not arrive in time."""

    status = 408
    slug = "request-timeout"
    title = "Request timeout"
    remedy = "Send it again, with fewer events if the connection is slow."
