"""The one place where an exception becomes an answer: `application/problem+json`, on every route of both planes."""

from collections.abc import Iterable

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from schemas.problem import FieldError, Problem
from schemas.problems import (
    MethodNotAllowed,
    RequestInvalid,
    RouteUnknown,
    SpoolUnavailable,
    StoreUnavailable,
    UnparseableBody,
)
from schemas.report_problems import ReportTooSlow
from storage.clickhouse.connect import QueryTooLargeError, RowsRefusedError, StoreAwayError
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_SECONDS = 1

_FRAMEWORKS: dict[int, type[Problem]] = {kind.status: kind for kind in (UnparseableBody, MethodNotAllowed)}
"""What the framework itself refuses, beside paths that are none: a body that is no JSON, and methods."""

log = structlog.get_logger()


def request_id(request: Request) -> str:
    """Give the id that the edge put on the request; it is in every problem and every log line."""
    return request.headers.get("x-request-id", "")


def respond(request: Request, problem: Problem) -> Response:
    """Write a problem down."""
    headers = {}
    if problem.status in {429, 503}:
        headers["Retry-After"] = str(problem.retry_after_seconds or _RETRY_AFTER_SECONDS)
    if problem.status == 401:  # noqa: PLR2004 - the status is the name
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        orjson.dumps(problem.document(request_id(request))), problem.status, media_type=MEDIA_TYPE, headers=headers
    )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return respond(request, error)


async def _store_away(request: Request, error: Exception) -> Response:
    log.warning("store_away", request_id=request_id(request), error=repr(error))
    return respond(request, StoreUnavailable())


async def _store_too_slow(request: Request, error: Exception) -> Response:
    log.warning("query_too_large", request_id=request_id(request), error=repr(error))
    return respond(request, ReportTooSlow())


async def _store_refused(request: Request, error: Exception) -> Response:
    """Answer where the store refuses a question for its values: what reaches it should have been checked."""
    log.error("store_refused", request_id=request_id(request), error=repr(error))
    return respond(request, StoreUnavailable("The event store did not take the question."))


async def _database_away(request: Request, error: Exception) -> Response:
    log.warning("database_away", request_id=request_id(request), error=repr(error))
    return respond(request, SpoolUnavailable("The tenant's database does not answer at the moment."))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = tuple(
        FieldError(0, "/" + "/".join(str(part) for part in fault["loc"][1:]), fault["msg"]) for fault in error.errors()
    )
    return respond(request, RequestInvalid(errors=errors))


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = respond(request, _FRAMEWORKS.get(error.status_code, RouteUnknown)())
    response.headers.update(error.headers or {})
    if error.status_code == MethodNotAllowed.status:
        response.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    """Give all methods of a path: routes have one each, and the framework names that of the first alone.

    Of a fixed path these are its own, not also those of a path with a name in the place of its last word.
    """
    routes: Iterable[Route] = request.app.state.routes
    matching = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    fixed = [route for route in matching if not route.param_convertors]
    return {method for route in fixed or matching for method in route.methods or ()}


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected", request_id=request_id(request), exc_info=error)
    return respond(request, Problem())


def install_problem_handlers(app: FastAPI, routes: Iterable[BaseRoute]) -> None:
    """Map every exception that one of the app's routes can raise."""
    app.state.routes = tuple(route for route in routes if isinstance(route, Route))
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(StoreAwayError, _store_away)
    app.add_exception_handler(QueryTooLargeError, _store_too_slow)
    app.add_exception_handler(RowsRefusedError, _store_refused)
    for kind in (*CONNECTION_LOST, *DATABASE_GONE):
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(Exception, _unexpected)
