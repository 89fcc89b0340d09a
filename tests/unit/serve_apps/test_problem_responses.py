"""Exceptions of the stores become problems that say what to do."""

import asyncio
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from serve_apps.problem_responses import install_problem_handlers
from storage.clickhouse.connect import QueryTooLargeError, RowsRefusedError, StoreAwayError


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreAwayError("gone"), 503, "store-unavailable"),
        (QueryTooLargeError("timeout"), 422, "report-too-slow"),
        (RowsRefusedError("not a number"), 503, "store-unavailable"),
    ],
)
def test_what_the_event_store_says(error: Exception, status: int, code: str) -> None:
    """Away or at fault: come again. Too slow: ask for less. Never a 500."""
    app = FastAPI()
    install_problem_handlers(app, ())
    handler: Any = app.exception_handlers[type(error)]
    response: Response = asyncio.run(handler(Request({"type": "http", "headers": []}), error))
    document = orjson.loads(response.body)
    assert (response.status_code, document["code"]) == (status, code)
    assert "Retry-After" in response.headers or status == 422
