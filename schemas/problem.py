"""What every error of the product is: RFC 9457's problem, with a type of its own and a remedy."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: `index` of the event in the request, JSON Pointer, explanation, kind of fault."""

    index: int
    pointer: str
    detail: str
    code: str = "value"

    def document(self) -> dict[str, str]:
        """Write it down for somebody who has the event before them."""
        return {"pointer": self.pointer, "detail": self.detail, "code": self.code}


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """Something went wrong."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "problem"
    title: ClassVar[str] = "Problem"
    remedy: ClassVar[str] = "Try again; if it persists, report the request id."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_seconds: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Say what happened here; without `detail` the class's docstring speaks."""
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.errors = errors
        self.retry_after_seconds = retry_after_seconds
        self.extra = extra or {}
        super().__init__(self.detail)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by keyword: problems cross process boundaries."""
        return _rebuild, (type(self), self.detail, self.errors, self.retry_after_seconds, self.extra)

    def document(self, instance: str) -> dict[str, Any]:
        """Build the problem+json body; `code` and `message` are what Segment-family SDKs look for."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.slug,
            "message": self.detail,
            "remedy": self.remedy,
        }
        if self.errors:
            body["errors"] = [asdict(error) for error in self.errors]
        return body | self.extra


def _rebuild(
    kind: type[Problem], detail: str, errors: tuple[FieldError, ...], retry_after: int | None, extra: dict[str, Any]
) -> Problem:
    return kind(detail, errors=errors, retry_after_seconds=retry_after, extra=extra)


def every_problem(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Walk the tree's leaves: the problem types a client can meet, each with a slug of its own."""
    # Not simply the classes without subclasses: Ray derives one from each exception that it carries.
    if root is not Problem and "slug" in vars(root):
        yield root
    for child in root.__subclasses__():
        yield from every_problem(child)
