"""The error tree. A class is a problem type (RFC 9457): its slug, status, title and remedy.

The docstring is the default detail. `serve_apps/problem_responses.py` turns any of these into
`application/problem+json`; the page at `/problems/<slug>` is made from the same class.

    Problem
    ├── BadRequest 400      UnparseableBody, TenantRequired, TenantIdInvalid, ParameterInvalid, CursorInvalid
    ├── Unauthorized 401    CredentialsWrong, KeyInvalid, TokenInvalid
    ├── Forbidden 403       TenantMismatch, TenantSuspended, ScopeMissing, RoleInsufficient
    ├── NotFound 404        TenantUnknown, ConversionUnknown, DeadLetterUnknown, RouteUnknown, SchemaUnknown,
    │                       ProblemUnknown
    ├── MethodNotAllowed 405
    ├── Conflict 409        TenantExists, HostTaken
    ├── TooLarge 413        BodyTooLarge, TooManyEvents
    ├── UnsupportedMedia 415 MediaTypeUnsupported, EncodingUnsupported
    ├── Unprocessable 422   EventsInvalid, RequestInvalid, IdempotencyKeyReused
    ├── SlowDown 429        LoginTooOften, TenantOverShare, RateExceeded, QuotaExceeded, TooManyRequestsAtOnce
    └── Unavailable 503     SpoolUnavailable, StoreUnavailable, ActorUnavailable, DirectoryUnavailable
    Of tracking links (link_problems.py): LinkUnknown, AppsUnknown 404; LinkExists, LinksTooMany 409
    Of campaigns (campaign_problems.py): CampaignUnknown 404; CampaignExists, CampaignsTooMany 409
    Of imports (import_problems.py): ImportUnknown 404, FileTooLarge 413, TooManyImports 429,
    ImportFolderUnavailable 503
    Of SDKs (sdk_problems.py): WriteKeyUnknown 404; RequestTimeout 408
    Of tenants' schemas (event_schema_problems.py): EventSchemaUnknown 404; EventSchemaIncompatible,
    EventSchemasTooMany 409; EventSchemaInvalid 422
    Of fraud (fraud_problems.py): VerdictUnknown, ReviewUnknown 404; FraudListTooLong 413;
    FraudListInvalid 422; TooManyReviews, TooManyPreviews 429; FraudPreviewTooSlow 503
    Of attribution policies and persons (policy_problems.py): PolicyUnknown, RecomputeUnknown, PersonUnknown,
    EdgeUnknown 404; PoliciesTooMany, RecomputeUnfinished 409; PolicyInvalid 422; TooManyRecomputes 429
    Of models (model_problems.py): ModelsTooLarge 422; ModelsBusy 503
    Of learned models (learning_problems.py): LearnedModelUnknown 404; LearningUnderWay, ChampionMissing,
    ArtifactMissing, ModelUnloadable 409; LakeUnavailable, LoadingUnavailable 503
    Of users, sessions and keys (access_problems.py): LinkTokenInvalid 400; CsrfInvalid 403; UserUnknown,
    ApiKeyUnknown 404; UserExists, UsersTooMany, LastOwner, KeysTooMany, RotationUnderWay 409; PasswordRefused 422
    Of reports and money (report_problems.py): ReportParameterInvalid, UploadUnreadable 400; CostUnknown,
    RateUnknown 404; CostExists 409; UploadInvalid, QuestionTooLarge, ReportTooSlow 422
    Of tenants' lives (tenant_problems.py): DeleteUnconfirmed 400; JobUnknown, PlatformKeyUnknown 404;
    TenantStateConflict 409; LifeUnavailable 503
    Of the site (site_problems.py): SiteNotBuilt 404
"""

from schemas.problem import Problem


class BadRequest(Problem):
    """The request cannot be understood."""

    status = 400


class UnparseableBody(BadRequest):
    """The body is not JSON or NDJSON."""

    slug = "unparseable-body"
    title = "Body cannot be parsed"
    remedy = 'Send one JSON object, an array of them, {"events": [...]}, or one JSON object a line.'


class TenantRequired(BadRequest):
    """The request names no tenant."""

    slug = "tenant-required"
    title = "Tenant required"
    remedy = "Call the tenant's own host name, or send the X-Tenant-ID header."


class TenantIdInvalid(BadRequest):
    """A tenant id is a lower-case letter followed by 1 to 30 lower-case letters or digits."""

    slug = "tenant-id-invalid"
    title = "Tenant id invalid"
    remedy = "Use an id such as t123."


class ParameterInvalid(BadRequest):
    """A query parameter has a value that it cannot have."""

    slug = "parameter-invalid"
    title = "Parameter invalid"
    remedy = "Correct the parameter that the detail names."


class CursorInvalid(BadRequest):
    """The cursor was not made by this endpoint for this tenant."""

    slug = "cursor-invalid"
    title = "Cursor invalid"
    remedy = "Start again without a cursor, then pass next_cursor back unchanged."


class Unauthorized(Problem):
    """The caller is not known."""

    status = 401


class CredentialsWrong(Unauthorized):
    """The email or the password is wrong."""

    slug = "credentials-wrong"
    title = "Credentials wrong"
    remedy = "Check both, or reset the password."


class KeyInvalid(Unauthorized):
    """The key is missing, unknown or revoked."""

    slug = "key-invalid"
    title = "Key invalid"
    remedy = "Send a key of this tenant as 'Authorization: Bearer wk_...', as the Basic user name, or as X-Write-Key."


class TokenInvalid(Unauthorized):
    """The access token is missing, expired or not for this tenant."""

    slug = "token-invalid"
    title = "Token invalid"
    remedy = "Get one from POST /api/v1/auth, or a secret key, and send it as 'Authorization: Bearer ...'."


class Forbidden(Problem):
    """The caller is known but may not do this."""

    status = 403


class TenantMismatch(Forbidden):
    """The host, the X-Tenant-ID header and the token do not name the same tenant."""

    slug = "tenant-mismatch"
    title = "Tenant mismatch"
    remedy = "Make all that you send name one tenant."


class TenantSuspended(Forbidden):
    """The tenant is suspended."""

    slug = "tenant-suspended"
    title = "Tenant suspended"
    remedy = "Ask the platform's operator to resume it."


class ScopeMissing(Forbidden):
    """The key does not have the scope that this call needs."""

    slug = "scope-missing"
    title = "Scope missing"
    remedy = "Use a key with the scope that the detail names."


class RoleInsufficient(Forbidden):
    """The user's role does not permit this call."""

    slug = "role-insufficient"
    title = "Role insufficient"
    remedy = "Ask an owner of the tenant for a role that may do this."


class NotFound(Problem):
    """There is no such thing."""

    status = 404


class TenantUnknown(NotFound):
    """No tenant has this id or host name."""

    slug = "tenant-unknown"
    title = "Tenant unknown"
    remedy = "Check the host name or the X-Tenant-ID header."


class ConversionUnknown(NotFound):
    """The tenant has no conversion with this id."""

    slug = "conversion-unknown"
    title = "Conversion unknown"
    remedy = "Use the event_id of an install or a purchase that was accepted."


class DeadLetterUnknown(NotFound):
    """The tenant has no rejected event with this id."""

    slug = "dead-letter-unknown"
    title = "Dead letter unknown"
    remedy = "See /api/v1/events/rejected for the list; rejected events are kept for 30 days."


class RouteUnknown(NotFound):
    """There is nothing at this path."""

    slug = "route-unknown"
    title = "Route unknown"
    remedy = "See /openapi.json for what is there."


class SchemaUnknown(NotFound):
    """There is no event type of this name."""

    slug = "schema-unknown"
    title = "Schema unknown"
    remedy = "See /schemas/events for the list."


class ProblemUnknown(NotFound):
    """There is no problem type of this name."""

    slug = "problem-unknown"
    title = "Problem unknown"
    remedy = "See /problems for the list."


class MethodNotAllowed(Problem):
    """The path exists, but not with this method."""

    status = 405
    slug = "method-not-allowed"
    title = "Method not allowed"
    remedy = "Use a method that the Allow header names."


class Conflict(Problem):
    """The request contradicts what is already there."""

    status = 409


class TenantExists(Conflict):
    """A tenant with this id exists with another host or name."""

    slug = "tenant-exists"
    title = "Tenant exists"
    remedy = "Choose another id, or repeat the request that made it."


class HostTaken(Conflict):
    """Another tenant already has this host name."""

    slug = "host-taken"
    title = "Host taken"
    remedy = "Choose another host name."


class TooLarge(Problem):
    """The request is larger than the limit."""

    status = 413


class BodyTooLarge(TooLarge):
    """The body is over 10 MiB after decompression."""

    slug = "body-too-large"
    title = "Body too large"
    remedy = "Split it into smaller requests."


class TooManyEvents(TooLarge):
    """The request holds more than 10,000 events."""

    slug = "too-many-events"
    title = "Too many events"
    remedy = "Split it into smaller requests."


class UnsupportedMedia(Problem):
    """The body is of a kind that is not understood."""

    status = 415


class MediaTypeUnsupported(UnsupportedMedia):
    """The Content-Type is none that this call takes."""

    slug = "media-type-unsupported"
    title = "Media type unsupported"
    remedy = "Send application/json or application/x-ndjson."


class EncodingUnsupported(UnsupportedMedia):
    """The Content-Encoding is none that this call takes, or the body does not decompress."""

    slug = "encoding-unsupported"
    title = "Encoding unsupported"
    remedy = "Send the body plain, gzip or zstd."


class Unprocessable(Problem):
    """The request is understood but cannot be carried out."""

    status = 422


class EventsInvalid(Unprocessable):
    """No event of the request is valid."""

    slug = "events-invalid"
    title = "Events invalid"
    remedy = "Correct the fields that `rejected` names; schemas are at /schemas/events."


class RequestInvalid(Unprocessable):
    """The body lacks a field, or one has a value that it cannot have."""

    slug = "request-invalid"
    title = "Request invalid"
    remedy = "Correct the fields that `errors` names."


class IdempotencyKeyReused(Unprocessable):
    """This Idempotency-Key came before with another body."""

    slug = "idempotency-key-reused"
    title = "Idempotency key reused"
    remedy = "Make a new key for each request, and send the same key only with the same body."


class SlowDown(Problem):
    """Too much at once."""

    status = 429


class LoginTooOften(SlowDown):
    """Too many attempts for this account, or from this address."""

    slug = "login-too-often"
    title = "Login too often"
    remedy = "Wait as long as Retry-After says."


class TenantOverShare(SlowDown):
    """The tenant has more events waiting to be stored than its share of the spool."""

    slug = "tenant-over-share"
    title = "Tenant over its share"
    remedy = "Send again after Retry-After; nothing of this request was accepted."


class RateExceeded(SlowDown):
    """More events a second came than may come."""

    slug = "rate-exceeded"
    title = "Rate exceeded"
    remedy = "Send again after Retry-After; nothing of this request was accepted."


class QuotaExceeded(SlowDown):
    """The tenant has sent as many events as it may on this day."""

    slug = "quota-exceeded"
    title = "Daily quota exceeded"
    remedy = "Send again after Retry-After, which is the next day (UTC), or ask the platform's operator for more."


class TooManyRequestsAtOnce(SlowDown):
    """The tenant has as many requests open as it may have at once."""

    slug = "too-many-requests-at-once"
    title = "Too many requests at once"
    remedy = "Send again after Retry-After; put more events in fewer requests."


class Unavailable(Problem):
    """A part that this call needs is down."""

    status = 503


class SpoolUnavailable(Unavailable):
    """The tenant's database does not take events at the moment."""

    slug = "spool-unavailable"
    title = "Spool unavailable"
    remedy = "Send again after Retry-After; nothing of this request was acknowledged."


class StoreUnavailable(Unavailable):
    """The tenant's event store does not answer at the moment."""

    slug = "store-unavailable"
    title = "Store unavailable"
    remedy = "Try again after Retry-After."


class ActorUnavailable(Unavailable):
    """The tenant's actor is starting or out of reach."""

    slug = "actor-unavailable"
    title = "Actor unavailable"
    remedy = "Send again after Retry-After; nothing of this request was acknowledged."


class DirectoryUnavailable(Unavailable):
    """The directory of tenants does not answer at the moment, and what the request names is not known without it."""

    slug = "directory-unavailable"
    title = "Directory unavailable"
    remedy = "Send again after Retry-After; nothing of this request was acknowledged."
