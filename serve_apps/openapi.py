"""What `/openapi.json` says beyond what FastAPI reads from the routes: who may call, and every way to be refused.

A route declares its callers and its problems once, by `documented(USER, ConversionUnknown)`. The statuses, the bodies
and the descriptions come from the problem classes, as the answers themselves do.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from inspect import getdoc
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from schemas.access_problems import CsrfInvalid
from schemas.event_types import common_schema
from schemas.problem import Problem
from schemas.problems import (
    ActorUnavailable,
    BodyTooLarge,
    DirectoryUnavailable,
    EncodingUnsupported,
    EventsInvalid,
    KeyInvalid,
    MediaTypeUnsupported,
    QuotaExceeded,
    RateExceeded,
    RequestInvalid,
    RoleInsufficient,
    ScopeMissing,
    SpoolUnavailable,
    StoreUnavailable,
    TenantMismatch,
    TenantOverShare,
    TenantRequired,
    TenantSuspended,
    TenantUnknown,
    TokenInvalid,
    TooManyEvents,
    TooManyRequestsAtOnce,
    UnparseableBody,
)
from schemas.report_problems import QuestionTooLarge
from schemas.sdk_problems import RequestTimeout
from serve_apps.callers import ADMINISTRATORS, EDITORS, ONESELF, OWNERS, READERS, Allowed, AllowedPlatform
from serve_apps.problem_responses import MEDIA_TYPE

EVENT = {"$ref": "#/components/schemas/Event"}
PROBLEM = {"$ref": "#/components/schemas/Problem"}

_TENANT_HEADER = {
    "name": "X-Tenant-ID",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[a-z][a-z0-9]{1,30}$"},
    "description": "The tenant's id. Not needed on the tenant's own host name; all that name a tenant must agree.",
}
_BEARER = {"type": "http", "scheme": "bearer"}
_SECURITY_SCHEMES = {
    "accessToken": _BEARER | {"bearerFormat": "JWT", "description": "A user's access token, from POST /api/v1/auth."},
    "accessCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "unmogrow_access",
        "description": "The same in a cookie, from POST /api/v1/auth with `X-Session: cookie`; by TLS its name begins "
        "with __Host-. What changes anything needs X-CSRF-Token: the value of the cookie unmogrow_csrf.",
    },
    "secretKey": _BEARER | {"description": "A secret key of the tenant (sk_...) with the scope in `x-scope`."},
    "writeKey": {"type": "apiKey", "in": "header", "name": "X-Write-Key", "description": "The tenant's write key."},
    "writeKeyBearer": _BEARER | {"description": "The tenant's write key as a bearer token."},
    "writeKeyBasic": {"type": "http", "scheme": "basic", "description": "The write key as the user name (Segment's)."},
    "platformKey": _BEARER | {"description": "A key of the platform's operators."},
}
RETRY_AFTER = {"schema": {"type": "integer", "minimum": 1}, "description": "Whole seconds.", "required": True}
_HEADERS: dict[int | str, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: {"Retry-After": RETRY_AFTER},
    503: {"Retry-After": RETRY_AFTER},
}
_Answers = dict[int | str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call: security schemes of which one is enough, and how the call can be refused before it begins.

    Who is allowed is checked before the parameters and the body are looked at: a stranger learns nothing of what is
    wrong with them.
    """

    schemes: tuple[str, ...]
    problems: tuple[type[Problem], ...]
    names_tenant: bool = True
    allowed: Allowed | AllowedPlatform | None = None


_OF_TENANT = (TenantRequired, TenantMismatch, TenantSuspended, TenantUnknown, DirectoryUnavailable)
INTAKE = (
    *(UnparseableBody, BodyTooLarge, TooManyEvents, MediaTypeUnsupported, EncodingUnsupported, EventsInvalid),
    *(RateExceeded, QuotaExceeded, TooManyRequestsAtOnce, TenantOverShare, ActorUnavailable, SpoolUnavailable),
)
"""The problems of every door for events."""

ANYBODY = Access((), (), names_tenant=False)
TENANT = Access((), _OF_TENANT)


def _for(allowed: Allowed) -> Access:
    schemes = ("accessToken", "accessCookie", *(("secretKey",) if allowed.scope else ()))
    problems = (
        *(TokenInvalid, KeyInvalid, RoleInsufficient, ScopeMissing, CsrfInvalid),
        *(SpoolUnavailable, StoreUnavailable, QuestionTooLarge),
    )
    return Access(schemes, (*_OF_TENANT, *problems), allowed=allowed)


USER = _for(READERS)
EDITOR = _for(EDITORS)
OWNER = _for(OWNERS)
ADMINISTRATOR = _for(ADMINISTRATORS)
SELF = _for(ONESELF)
WRITE_KEY = Access(("writeKey", "writeKeyBearer", "writeKeyBasic"), (*_OF_TENANT, KeyInvalid, ScopeMissing))
PLATFORM_KEY = Access(("platformKey",), (KeyInvalid, ScopeMissing, DirectoryUnavailable), names_tenant=False)


def platform_key(scope: str) -> Access:
    """Give who may call with a platform key of a scope."""
    problems = (*PLATFORM_KEY.problems, SpoolUnavailable)
    return Access(PLATFORM_KEY.schemes, problems, names_tenant=False, allowed=AllowedPlatform(scope))


def documented(access: Access, *problems: type[Problem], **operation: Any) -> dict[str, Any]:
    """Make the arguments by which a route's decorator says what it refuses; `operation` is merged into OpenAPI's."""
    parameters = [*operation.pop("parameters", ()), *([_TENANT_HEADER] if access.names_tenant else [])]
    # An empty list says that anybody may call; without one the document would say nothing.
    security: dict[str, Any] = {"security": [{scheme: []} for scheme in access.schemes]}
    lists = security | ({"parameters": parameters} if parameters else {})
    responses = _merged(refusals((*access.problems, *problems)), operation.pop("responses", {}))
    allowed = access.allowed
    if allowed is None:
        return {"responses": responses, "openapi_extra": operation | lists}
    roles = {"x-roles": sorted(allowed.roles)} if isinstance(allowed, Allowed) else {}
    whom = roles | ({"x-scope": allowed.scope} if allowed.scope else {})
    return {
        "responses": responses,
        "openapi_extra": operation | lists | whom,
        "dependencies": [Depends(allowed.check)],
    }


def refusals(kinds: Iterable[type[Problem]]) -> _Answers:
    """Describe problems as responses, by status."""
    by_status = attrgetter("status")
    ordered = sorted(set(kinds), key=lambda kind: (kind.status, kind.slug))
    return {status: _refusal(status, list(same)) for status, same in groupby(ordered, key=by_status)}


def _refusal(status: int, kinds: list[type[Problem]]) -> dict[str, Any]:
    lines = [f"- `{kind.slug}`: {kind().detail}" for kind in kinds]
    refusal = {"description": "\n".join(lines), "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
    return refusal | ({"headers": _HEADERS[status]} if status in _HEADERS else {})


def _merged(first: _Answers, second: _Answers) -> _Answers:
    merged = first | second
    for status in first.keys() & second.keys():
        content = first[status]["content"] | second[status].get("content", {})
        merged[status] = first[status] | second[status] | {"content": content}
    return merged


def operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named: what generated clients call their methods."""
    return route.name


def publish(app: FastAPI) -> None:
    """Have the app's document complete: summaries, security schemes, and problems in the place of FastAPI's own."""
    generate = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            _complete(document)
            app.openapi_schema = _named_plainly(document)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's own way of extending it


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    named = {scheme for operation in operations for either in operation["security"] for scheme in either}
    components["securitySchemes"] = {name: how for name, how in _SECURITY_SCHEMES.items() if name in named}
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _problem_schema()
    schemas["Event"] = {name: value for name, value in common_schema().items() if not name.startswith("$")} | {
        "externalDocs": {"url": "/schemas/events", "description": "What each type of event has to have beside these."}
    }
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operation in operations:
        summary, _, rest = operation["description"].partition("\n")
        operation |= {"summary": summary.rstrip("."), "description": rest.strip() or summary}
        if "requestBody" in operation:
            # Whatever a route makes of its body, the bounds of all bodies come first (serve_apps/bodies.py).
            for kind in (RequestTimeout, BodyTooLarge):
                operation["responses"].setdefault(str(kind.status), _refusal(kind.status, [kind]))
        if operation["responses"].get("422", {}).get("description") == "Validation Error":
            operation["responses"] |= {"422": _refusal(RequestInvalid.status, [RequestInvalid])}


def _named_plainly(document: dict[str, Any]) -> dict[str, Any]:
    """Call shapes of lists what clients would: `Page_Cost_` becomes `CostPage`."""
    text = re.sub(rb'"(#/components/schemas/)?(Page|Listing)_(\w+)_"', rb'"\1\3\2"', orjson.dumps(document))
    plain: dict[str, Any] = orjson.loads(text)
    return plain


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    fault = {"index": {"type": "integer"}, "pointer": text, "detail": text, "code": text}
    names = ("type", "title", "detail", "instance", "code", "message", "remedy")
    return {
        "title": "Problem",
        "description": f"RFC 9457. {getdoc(Problem.document)}",
        "type": "object",
        "required": [*names, "status"],
        "properties": dict.fromkeys(names, text)
        | {
            "status": {"type": "integer"},
            "errors": {"type": "array", "items": {"type": "object", "required": list(fault), "properties": fault}},
        },
    }
