"""`python -m deploy.helm.readme [--check]`: writes the READMEs of the charts from their values and comments."""

import re
import sys
from pathlib import Path

import yaml

_CHARTS = ("unmogrow-global", "unmogrow-tenant")
_ROOT = Path(__file__).parent
_LINE = re.compile(r"^(?P<indent> *)(?P<name>[A-Za-z][A-Za-z0-9_]*):(?P<value>.*)$")
_CREDENTIALS = """
## The secret
`existingSecret` names a secret of the namespace with these keys; the chart makes none, so that none is in a release:

| key | what |
|---|---|
| `POSTGRES_ADMIN_URL` | an administrator's URL, used by the job that prepares the databases, and by nothing else |
| `CLICKHOUSE_URL` | with a user that may make tables and users |
| `CLICKHOUSE_PASSWORD` | that user's, with `clickhouse.mode: operator` alone |
| `UNMOGROW_SECRET_KEY` | 32 bytes, base64: the root of every password and sealed secret |
| `UNMOGROW_SECRET_KEY_PREVIOUS` | the one before, while it is rotated |
| `UNMOGROW_PROVISIONER_PASSWORD` | of the role that makes tenants; only the head has it |
| `UNMOGROW_OPERATOR_KEY` | the first platform key: `pk_` and 43 characters |
| `auth_token` | Ray's own token, without which nobody calls its nodes |
| `REDIS_PASSWORD` | with `ray.gcs.backend: redis` |
"""


def rows(values: str) -> list[tuple[str, str, str]]:
    """List the values that bear a comment: path, default, and what stands above it."""
    path: list[str] = []
    said: list[str] = []
    found = []
    parsed = yaml.safe_load(values)
    for line in values.splitlines():
        if line.lstrip().startswith("# "):
            said.append(line.lstrip()[2:])
            continue
        match = _LINE.match(line)
        if match is None:
            said = []
            continue
        depth = len(match["indent"]) // 2
        path = [*path[:depth], match["name"]]
        if said:
            found.append((".".join(path), _default(parsed, path), " ".join(said)))
        said = []
    return found


def _default(parsed: object, path: list[str]) -> str:
    value = parsed
    for name in path:
        assert isinstance(value, dict)
        value = value[name]
    if isinstance(value, dict) and value:
        return ""
    return f"`{yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix('...' + chr(10)).strip()}`"


def readme(chart: Path) -> str:
    """Write the README of a chart."""
    described = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    lines = [f"# {described['name']}", "", f"{described['description']}.", ""]
    lines += ["How to install it: [docs/kubernetes.md](../../../docs/kubernetes.md)."]
    if chart.name == _CHARTS[0]:
        lines += _CREDENTIALS.rstrip().splitlines()
    lines += [
        "",
        "## Values",
        "Every value is checked by `values.schema.json`.",
        "",
        "| value | default | what |",
        "|---|---|---|",
    ]
    values = (chart / "values.yaml").read_text(encoding="utf-8")
    lines += [f"| `{name}` | {default} | {said} |" for name, default, said in rows(values)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write them, or say which is stale."""
    for name in _CHARTS:
        file = _ROOT / name / "README.md"
        text = readme(_ROOT / name)
        if "--check" not in sys.argv:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{file} is stale: run `make charts`.")


if __name__ == "__main__":
    main()
