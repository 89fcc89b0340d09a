"""Sends calls with a Python SDK, as a program of its own: `python_sdk.py segment|rudderstack URL KEY < calls.json`.

It prints that it is loaded, the status of each answer that the SDK gets, then what the SDK reports as lost, one a line.
"""

import json
import re
import sys
from typing import Any

from requests import Response, Session
from rudderstack.analytics import request as rudderstack_request
from rudderstack.analytics.client import Client as RudderStack
from segment.analytics import request as segment_request
from segment.analytics.client import Client as Segment

_SDKS = {"segment": (Segment, segment_request), "rudderstack": (RudderStack, rudderstack_request)}
_BATCH_SECONDS = 2.0
_HUMP = re.compile("(?=[A-Z])")


def main(sdk: str, url: str, key: str) -> None:
    """Send the calls of standard input."""
    errors: list[str] = []
    client_of, request = _SDKS[sdk]
    session: Session = request._session
    session.hooks["response"].append(say)
    print("loaded", flush=True)
    calls = json.load(sys.stdin)
    # One batch, as soon as all of them are in it: its time begins with the client, and is short on a busy machine.
    batches = {"upload_size": len(calls), "upload_interval": _BATCH_SECONDS}
    client = client_of(
        key, host=url, on_error=lambda error, _batch: errors.append(str(error)), max_retries=8, **batches
    )
    for call in calls:
        names = {_HUMP.sub("_", name).lower(): value for name, value in call.items() if name != "type"}
        getattr(client, call["type"])(**names)
    client.shutdown()
    for error in errors:
        print("lost:", error)


def say(response: Response, *_arguments: Any, **_options: Any) -> None:
    """Print an answer's status at once."""
    print(response.status_code, flush=True)


main(*sys.argv[1:])
