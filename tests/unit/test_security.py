"""docs/security.md against what is there: every threat has its test, and some of these tests."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from schemas.settings import Settings
from tests.unit.test_tidy import imports

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
COMPONENTS = re.findall(r"^### (.*)$", TEXT, re.MULTILINE)
ROWS = re.findall(r"^\| ([STRIDE]) \| (.*) \| (.*) \| (.*) \|$", TEXT, re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[1]))
def test_every_threat_has_a_test(row: tuple[str, str, str, str]) -> None:
    """The test that a row names is there, and each row names one."""
    found = NAMED.search(row[3])
    assert found, row
    path = ROOT / found[1]
    names = {node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if hasattr(node, "name")}
    assert found[2] in names


def test_every_component_has_threats() -> None:
    """Each table has rows, and no line of one is passed over here."""
    assert len(COMPONENTS) >= 10
    for part in TEXT.split("\n### ")[1:]:
        table = part.split("\n## ")[0]
        assert re.search(r"^\| [STRIDE] \|", table, re.MULTILINE), part.partition("\n")[0]
    assert len(ROWS) == len(re.findall(r"^\| [STRIDE] \|", TEXT, re.MULTILINE))


def test_the_pool_is_handed_no_way_to_a_database() -> None:
    """Neither an import nor a setting of the pool leads to a driver, an address or a secret."""
    waiting, named = {"actors.attribution_pool"}, set[str]()
    while waiting:
        found = set(imports(ROOT / f"{waiting.pop().replace('.', '/')}.py"))
        waiting |= {name for name in found - named if (ROOT / f"{name.replace('.', '/')}.py").exists()}
        named |= found
    assert {"actors.crediting", "attribution.ml.artifacts"} <= named
    assert not {name for name in named if name.startswith(("storage", "tenancy", "schemas.backends"))}
    given = Settings().pool.model_dump() | Settings().learning.model_dump()
    assert not {name for name in given if re.search("url|secret|password|host", name)}


def test_every_dependency_is_locked_with_its_hash() -> None:
    """Each package that a lock file takes from a registry has the hash of each of its files."""
    python = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    files = [file for each in python for file in (*each.get("wheels", ()), *filter(None, [each.get("sdist")]))]
    assert len(files) > 100
    assert all(file["hash"].startswith("sha256:") for file in files)
    for lock in ROOT.glob("*/package-lock.json"):
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        # What another package brings along is hashed with it.
        own = [package for name, package in packages.items() if name and not package.get("inBundle")]
        assert all("integrity" in package for package in own), lock
