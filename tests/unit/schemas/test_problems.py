"""The error tree."""

import pickle
from typing import Any

import pytest
from ray.exceptions import RayTaskError

from schemas import (
    access_problems,
    event_schema_problems,
    import_problems,
    link_problems,
    model_problems,
    problems,
    report_problems,
    sdk_problems,
)
from schemas.problem import FieldError, Problem, every_problem

EVERY = list(every_problem())


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.slug)
def test_pickles(kind: type[Problem]) -> None:
    """A problem crosses processes whole: class, detail, errors, and when to come back."""
    problem = kind(errors=(FieldError(3, "/a", "b"),), retry_after_seconds=2, extra={"accepted": 0})
    again = pickle.loads(pickle.dumps(problem))  # noqa: S301 - our own bytes
    assert type(again) is kind
    assert again.document("r-1") == problem.document("r-1")
    assert again.retry_after_seconds == 2


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.slug)
def test_says_what_sdks_look_for(kind: type[Problem]) -> None:
    """Every body has the RFC's members, and the `code` and `message` without which SDKs retry a final error."""
    document = kind().document("r-1")
    assert document["type"] == f"/problems/{document['code']}"
    assert document["detail"] == document["message"] != ""
    assert document["status"] in {400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 503}
    assert document["remedy"] != Problem.remedy


def test_slugs_are_unique() -> None:
    """One slug, one problem."""
    assert len({kind.slug for kind in EVERY}) == len(EVERY)


def test_the_tree_is_whole() -> None:
    """The leaves that have a module of their own are among the problems, and in the picture."""
    assert {
        access_problems.CsrfInvalid,
        link_problems.LinkUnknown,
        model_problems.ModelsBusy,
        event_schema_problems.EventSchemaUnknown,
        import_problems.ImportUnknown,
        sdk_problems.RequestTimeout,
        report_problems.UploadInvalid,
    } <= set(EVERY)
    assert all(kind.__name__ in (problems.__doc__ or "") for kind in EVERY)


def test_what_ray_derives_is_no_problem_type() -> None:
    """A problem that came through Ray leaves a subclass behind, and the list of types as it was."""
    before = list(every_problem())
    carry: Any = RayTaskError
    derived = carry("append", "", problems.SpoolUnavailable()).as_instanceof_cause()
    assert isinstance(derived, problems.SpoolUnavailable)
    assert list(every_problem()) == before
