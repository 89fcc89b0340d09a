"""The site's words for what the platform says by codes."""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import schemas
from schemas.problem import every_problem

TABLE = Path(__file__).parents[2] / "frontend/src/lib/messages/ru/problems.ts"


def test_every_problem_is_worded_in_russian() -> None:
    """A title and a remedy for every slug, and for no other; in English a problem speaks for itself."""
    for module in pkgutil.iter_modules(schemas.__path__, "schemas."):
        import_module(module.name)
    worded = re.findall(r"^  '([a-z-]+)': \[", TABLE.read_text(), re.MULTILINE)
    assert sorted(worded) == sorted(kind.slug for kind in every_problem())
