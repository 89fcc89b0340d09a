"""What a program that only calls the platform has to install."""

import subprocess
import sys

PROGRAM = """
import sys
before = set(sys.modules)
import unmogrow.client
import unmogrow.client.tenant_models
print(*{name.partition(".")[0] for name in set(sys.modules) - before})
"""
PLATFORM = {"actors", "attribution", "cli", "ingest", "jobs", "local", "schemas", "serve_apps", "storage", "tenancy"}


def test_it_needs_three_packages() -> None:
    """Importing the client imports httpx, pydantic and zstandard, and nothing of the platform or its frameworks."""
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    imported = set(said.split())
    assert {"httpx", "pydantic", "zstandard"} <= imported
    assert not imported & (PLATFORM | {"ray", "fastapi", "starlette", "numpy", "pyarrow", "asyncpg", "orjson", "typer"})
