"""Problems of the platform's operators: tenants' lives, platform keys, jobs. See `schemas/problems.py`."""

from schemas.problems import BadRequest, Conflict, NotFound, Unavailable


class DeleteUnconfirmed(BadRequest):
    """Deleting a tenant must be confirmed with its id."""

    slug = "delete-unconfirmed"
    title = "Delete unconfirmed"
    remedy = "Repeat the request with ?confirm= and the tenant's id."


class TenantStateConflict(Conflict):
    """The tenant is in a state from which this does not lead on."""

    slug = "tenant-state-conflict"
    title = "Tenant state conflict"
    remedy = "See GET /api/v1/tenants/{tenant_id} for its state, and /api/v1/jobs for what is being done with it."


class JobUnknown(NotFound):
    """There is no job with this id."""

    slug = "job-unknown"
    title = "Job unknown"
    remedy = "See GET /api/v1/jobs for the list."


class PlatformKeyUnknown(NotFound):
    """There is no platform key with this id, or it was revoked."""

    slug = "platform-key-unknown"
    title = "Platform key unknown"
    remedy = "See GET /api/v1/platform-keys for the list."


class LifeUnavailable(Unavailable):
    """What makes and deletes tenants is starting or out of reach; the request will be finished all the same."""

    slug = "life-unavailable"
    title = "Tenant supervisor unavailable"
    remedy = "Send the same request again after Retry-After: it goes on where it is, and is never done twice."
