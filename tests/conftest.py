"""Fixtures for every test that runs on the real stack; unit tests ask for none of them."""

from tests.stack_fixtures import anyio_backend, api, http, running, tenant

__all__ = ["anyio_backend", "api", "http", "running", "tenant"]
