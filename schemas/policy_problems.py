"""The problems of policies, recomputations and persons: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import Conflict, NotFound, SlowDown, Unprocessable


class PolicyInvalid(Unprocessable):
    """This is no attribution policy."""

    slug = "policy-invalid"
    title = "Policy invalid"
    remedy = "Mend the fields that `errors` names; a field that is left out takes its default."


class PolicyUnknown(NotFound):
    """The tenant has no policy of this version."""

    slug = "policy-unknown"
    title = "Policy unknown"
    remedy = "GET /api/v1/policies lists the tenant's versions."


class PoliciesTooMany(Conflict):
    """The tenant has as many versions of its policy as it may have."""

    slug = "policies-too-many"
    title = "Too many policies"
    remedy = "Adopt one of the versions that are there."


class RecomputeUnknown(NotFound):
    """The tenant has no recomputation with this id."""

    slug = "recompute-unknown"
    title = "Recomputation unknown"
    remedy = "GET /api/v1/attributions/recompute lists the newest ones."


class RecomputeUnfinished(Conflict):
    """This recomputation is not done, so there is nothing to adopt."""

    slug = "recompute-unfinished"
    title = "Recomputation unfinished"
    remedy = "Wait until its state is done; start another if it failed."


class TooManyRecomputes(SlowDown):
    """The tenant has as many unfinished recomputations as it may have."""

    slug = "too-many-recomputes"
    title = "Too many recomputations"
    remedy = "Wait until some are done, then ask again."


class PersonUnknown(NotFound):
    """No event has joined this id with another."""

    slug = "person-unknown"
    title = "Person unknown"
    remedy = "Use an id that came with a user_id in an identify event or a conversion."


class EdgeUnknown(NotFound):
    """The tenant has no link between two ids with this number."""

    slug = "edge-unknown"
    title = "Edge unknown"
    remedy = "Use an edge_id that GET /api/v1/persons/{kind}/{value} gives."
