"""Charts as Helm renders them, and what they must agree with."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
CHARTS = ROOT / "deploy" / "helm"


def render(chart: str, *values: str, release: str = "release", namespace: str = "spaces") -> list[dict[str, Any]]:
    """Render a chart with values (`a.b=c`) set; give its objects.

    Raises:
        subprocess.CalledProcessError: Helm refused.
    """
    options = [option for value in values for option in ("--set", value)]
    done = subprocess.run(
        [str(ROOT / ".tools/bin/helm"), "template", release, str(CHARTS / chart), "--namespace", namespace, *options],
        capture_output=True,
        text=True,
        check=True,
    )
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Find the objects of a kind."""
    return [each for each in objects if each["kind"] == kind]


def pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Find the description of every pod, wherever it stands."""
    found: list[dict[str, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "containers" in value:
                found.append(value)
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(objects)
    return found
