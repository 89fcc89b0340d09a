"""The style that keeps the code readable, enforced."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|NotImplemented" r"Error|place" r"holder)\b")
ENTRY_POINTS = {
    "cli/main.py": "the `unmogrow` command",
    "local/clickhouse_baseline.py": "run by `make baseline`",
    "local/clickhouse_server.py": "run as a module by the stack",
    "local/deploy.py": "run as a module by the stack",
    "local/ray_head.py": "run as a module by the stack",
    "local/serve_driver.py": "run as a module beside Ray's head",
    "jobs/retrain.py": "run as a module by jobs of Ray",
    "local/worker_setup.py": "run by Ray in each worker",
    "serve_apps/entry.py": "imported by `serve deploy`",
    "serve_apps/prepare.py": "run as a module before a cluster is deployed",
    "deploy/cluster/keep_gcs.py": "run on the head of a cluster",
    "deploy/helm/readme.py": "run by `make charts` and `make lint`",
    "deploy/helm/unpack.py": "run by `make` to install Helm",
    "deploy/helm/unmogrow-tenant/files/provision.py": "run by the tenant chart's job",
    "contract/__main__.py": "run by `make openapi` and `make lint`",
    "bench/ingest.py": "run by `make bench`",
    "bench/depth.py": "run by `make bench-depth`",
    "bench/soak.py": "run by `make soak`",
    "bench/links.py": "run by `make bench-links`",
    "bench/models.py": "run by `make bench-models`",
    "bench/reports.py": "run by `make bench-reports`",
    "bench/journeys.py": "run by `make bench-journeys`",
    "bench/learning.py": "run by `make bench-learning`",
    "bench/results_lag.py": "run by `make bench-results`",
    "bench/pool.py": "run by `make bench`",
    "bench/raylets.py": "run by `make bench-raylets`",
    "bench/raylet.py": "started by bench/raylets.py",
    "bench/tenants.py": "run by `make bench-tenants`",
    "bench/plain_handler.py": "run by uvicorn for the bench",
}


def tracked(suffix: str) -> list[Path]:
    """List the files of a kind that git knows."""
    names = subprocess.run(["git", "ls-files", f"*{suffix}"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in names.stdout.splitlines() if (ROOT / name).exists()]


PYTHON = tracked(".py")


def is_generated(path: Path) -> bool:
    """Say whether `make openapi` makes a module."""
    return path.match("unmogrow/client/*_calls.py") or path.match("unmogrow/client/*_models.py")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in PYTHON if not is_generated(path)], ids=named)
def test_short_enough_to_read(path: Path) -> None:
    """No function over 70 lines, no module over 400."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MODULE_LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, node.name


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_nothing_unfinished(path: Path) -> None:
    """No mark of something left for later."""
    assert not UNFINISHED.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [path for path in PYTHON if path.name.startswith("test_")], ids=named)
def test_every_test_states_a_behaviour(path: Path) -> None:
    """Each test's docstring is one sentence."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            assert (ast.get_docstring(node) or "").endswith("."), node.name


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_no_unreachable_module() -> None:
    """Every module of the product is imported by another, or is an entry point."""
    reached = {name for path in PYTHON for name in imports(path)}
    product = [path for path in PYTHON if path.relative_to(ROOT).parts[0] != "tests" and path.name != "__init__.py"]
    orphans = {named(path) for path in product if ".".join(path.relative_to(ROOT).with_suffix("").parts) not in reached}
    assert orphans - ENTRY_POINTS.keys() == set()
