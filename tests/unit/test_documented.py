"""Docs that would otherwise rot."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from schemas.settings import Settings
from telemetry.metrics import METRICS, Metric

ROOT = Path(__file__).parents[2]


def setting_names() -> list[str]:
    """List every setting as its environment variable."""
    names = []
    for group, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [f"UNMOGROW_{group}__{name}".upper() for name in kind.model_fields]
        else:
            names.append(group.upper() if group.endswith("_url") else f"UNMOGROW_{group}".upper())
    return names


@pytest.mark.parametrize("name", setting_names())
def test_every_setting_is_documented(name: str) -> None:
    """docs/settings.md names every setting."""
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_setting_says_why() -> None:
    """Each field has a line that says why its default is what it is."""
    for group in Settings.model_fields.values():
        kind = group.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            assert all(field.description for field in kind.model_fields.values())
        else:
            assert group.description


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_documented(metric: Metric) -> None:
    """docs/metrics.md says of every metric what its code says."""
    row = f"| `{metric.name}` | {', '.join(f'`{label}`' for label in metric.labels)} | {metric.meaning} |"
    assert row in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_the_import_rule_is_the_one_in_the_docs() -> None:
    """The layers in docs/architecture.md are those that the linter keeps."""
    rule = "cli → local → serve_apps → actors | jobs → tenancy → storage | ingest | attribution → schemas | telemetry"
    assert rule in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    layers = ", ".join(f'"{layer}"' for layer in rule.split(" → "))
    assert f"layers = [{layers}]" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
