"""Refusals as exceptions."""

import httpx
import pytest

from unmogrow.client import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    UnauthorizedError,
    UnavailableError,
)
from unmogrow.client.errors import FieldFault, problem_of


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, ProblemError),
        (409, ConflictError),
        (413, InvalidError),
        (422, InvalidError),
        (429, RateLimitedError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_each_status_has_its_kind(status: int, kind: type[ProblemError]) -> None:
    """What a caller can do about it decides the class."""
    assert type(problem_of(httpx.Response(status, json={}))) is kind


def test_a_problem_says_all_that_the_platform_said() -> None:
    """Code, sentence, remedy, request id, and what is wrong with which field."""
    document = {
        "code": "request-invalid",
        "detail": "A field is wrong.",
        "remedy": "Mend it.",
        "instance": "r-1",
        "errors": [{"index": 2, "pointer": "/cost", "detail": "is no amount", "code": "value"}],
    }
    problem = problem_of(httpx.Response(422, json=document, headers={"Retry-After": "3"}))
    assert (problem.code, problem.remedy, problem.request_id) == ("request-invalid", "Mend it.", "r-1")
    assert problem.errors == [FieldFault(2, "/cost", "is no amount", "value")]
    assert str(problem) == "422: A field is wrong. /cost: is no amount. Mend it."
    assert problem.retry_after_seconds == 3.0


def test_what_something_in_between_answers_is_a_problem_too() -> None:
    """A page in the place of a problem is its detail."""
    assert problem_of(httpx.Response(502, text="Bad Gateway")).detail == "Bad Gateway"
