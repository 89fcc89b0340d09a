"""Makes the generated modules of `unmogrow.client`."""

import subprocess
import sys
from pathlib import Path

from contract.client_calls import calls
from contract.client_models import models
from contract.documents import Document

_HEADER = '"""{what} of the {plane} plane, as openapi/{plane}.json says: made by `make openapi`, never edited."""'
_CLASSES = {"tenant": "TenantCalls", "global": "GlobalCalls"}


def client_modules(documents: dict[str, Document]) -> dict[str, bytes]:
    """Write the modules of models and calls of every plane, formatted; by file name."""
    modules = {}
    for plane, document in documents.items():
        names = {"models": f"{plane}_models", "calls": f"{plane}_calls"}
        headers = {what: _HEADER.format(what=what.capitalize(), plane=plane) for what in names}
        modules[f"{names['models']}.py"] = models(document, headers["models"])
        modules[f"{names['calls']}.py"] = calls(document, _CLASSES[plane], names["models"], headers["calls"])
    return {name: _formatted(text) for name, text in modules.items()}


def _formatted(text: str) -> bytes:
    ruff = Path(sys.executable).with_name("ruff")
    sorted_imports = subprocess.run(
        [ruff, "check", "--select", "I", "--fix", "--quiet", "--stdin-filename", "unmogrow/client/x.py", "-"],
        input=text.encode(),
        capture_output=True,
        check=True,
    ).stdout
    return subprocess.run([ruff, "format", "-"], input=sorted_imports, capture_output=True, check=True).stdout
