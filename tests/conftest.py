"""Fixtures for every test that runs on the real stack; unit tests ask for none of them."""

import os
import signal

from tests.lake_fixtures import lake_url, s3_endpoint
from tests.stack_fixtures import anyio_backend, api, http, running, shared_tenant, tenant

__all__ = ["anyio_backend", "api", "http", "lake_url", "running", "s3_endpoint", "shared_tenant", "tenant"]

# A process that pytest-xdist starts is told how wide its terminal is, though it has none. One that a shell starts in
# the background does not mind Ctrl-C, and so would not what the tests start.
os.environ.pop("COLUMNS", None)
signal.signal(signal.SIGINT, signal.default_int_handler)
