"""What can go wrong with a call.

    ClientError
    ├── UnreachableError        nobody answered, however often it was tried
    └── ProblemError            the platform refused, and says why (RFC 9457)
        ├── InvalidError        400, 413, 415, 422: what was sent is wrong; `errors` name the fields
        ├── UnauthorizedError   401: the key, password or token is not known
        ├── ForbiddenError      403: it is known, and may not do this
        ├── NotFoundError       404
        ├── ConflictError       409
        ├── RateLimitedError    429: too much at once, or a quota is used up
        └── UnavailableError    5xx: the platform cannot do it now

A problem's `code` is stable and has a page of its own on the platform, at `/problems/<code>`.
"""

from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import TypeAdapter, ValidationError


class ClientError(Exception):
    """A call did not lead to an answer that was asked for."""


class UnreachableError(ClientError):
    """The platform did not answer within the client's patience."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One thing wrong with one field: the event's index in the request, a JSON Pointer, an explanation, its kind."""

    index: int
    pointer: str
    detail: str
    code: str


class ProblemError(ClientError):
    """The platform refused; the message is its explanation with what is wrong with which field, and the remedy."""

    def __init__(self, status: int, document: dict[str, Any], retry_after_seconds: float | None = None) -> None:
        self.status = status
        self.document = document
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{status}: {self.detail}{self._faults()} {self.remedy}".strip())

    @property
    def code(self) -> str:
        """The kind of problem, such as `tenant-unknown`; empty if something in between answered."""
        return str(self.document.get("code", ""))

    @property
    def detail(self) -> str:
        """What is wrong, in a sentence."""
        return str(self.document.get("detail", "no detail"))

    @property
    def remedy(self) -> str:
        """What to do about it, in a sentence; may be empty."""
        return str(self.document.get("remedy", ""))

    @property
    def request_id(self) -> str:
        """The id by which the platform's logs know the request."""
        return str(self.document.get("instance", ""))

    @property
    def errors(self) -> list[FieldFault]:
        """What is wrong with which field."""
        return [
            FieldFault(int(each.get("index", 0)), each["pointer"], each["detail"], each.get("code", ""))
            for each in self.document.get("errors", ())
        ]

    def _faults(self) -> str:
        return "".join(f" {fault.pointer}: {fault.detail}." for fault in self.errors)


class InvalidError(ProblemError):
    """What was sent is wrong."""


class UnauthorizedError(ProblemError):
    """The key, password or token is not known."""


class ForbiddenError(ProblemError):
    """It may not do this."""


class NotFoundError(ProblemError):
    """There is no such thing."""


class ConflictError(ProblemError):
    """It contradicts what is there."""


class RateLimitedError(ProblemError):
    """Too much at once, or a quota is used up."""


class UnavailableError(ProblemError):
    """The platform cannot do it now."""


_BY_STATUS: dict[int, type[ProblemError]] = {
    400: InvalidError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidError,
    415: InvalidError,
    422: InvalidError,
    429: RateLimitedError,
}
_SERVER_ERRORS_FROM = 500
_DOCUMENT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def problem_of(response: httpx.Response) -> ProblemError:
    """Make the exception of an answer that is a refusal, also of one that something in between wrote."""
    status = response.status_code
    kind = UnavailableError if status >= _SERVER_ERRORS_FROM else _BY_STATUS.get(status, ProblemError)
    try:
        document = _DOCUMENT.validate_json(response.content)
    except ValidationError:
        document = {"detail": response.text or response.reason_phrase}
    return kind(status, document, retry_after_seconds(response))


def retry_after_seconds(response: httpx.Response) -> float | None:
    """Read after how many seconds the platform would like to be asked again; None if it does not say."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
