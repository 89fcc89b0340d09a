"""`python -m serve_apps.described deploy/serve.yaml`: the same with the version of this code, for `serve deploy`.

Serve replaces an application's replicas if its description is another, and does not look at the code: without a version
in it, new code would be deployed without a word and run nowhere.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from telemetry.code_version import code_version


def described(configuration: str, version: str) -> dict[str, Any]:
    """Read Serve's configuration (YAML); give it with the version among the arguments of each application."""
    read: dict[str, Any] = yaml.safe_load(configuration)
    applications = [{**each, "args": {**each.get("args", {}), "version": version}} for each in read["applications"]]
    return {**read, "applications": applications}


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    yaml.safe_dump(described(text, code_version()), sys.stdout, sort_keys=False)
