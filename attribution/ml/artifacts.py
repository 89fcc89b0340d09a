"""Learned models as bytes that run no code when they are read.

The format is skops: a zip file with a schema, which names the type of each part, and arrays. Ours hold plain data
alone, text, numbers, lists and arrays, from which the models of this folder are made again; a file that names anything
else is refused before skops looks at it, and so is one that would unpack to more than `UNPACKED_BYTES_MAX`.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any, TypeVar

import skops.io

from attribution.ml.anomaly import AnomalyModel
from attribution.ml.conversion import ConversionModel
from attribution.ml.pltv import PltvModel
from schemas.learning import LearnedKind

LearnedModel = ConversionModel | PltvModel | AnomalyModel
M = TypeVar("M", ConversionModel, PltvModel, AnomalyModel)

FORMAT = 1
UNPACKED_BYTES_MAX = 256 * 1024**2
_SCHEMA = "schema.json"
_KINDS: dict[LearnedKind, type[LearnedModel]] = {
    LearnedKind.CONVERSION: ConversionModel,
    LearnedKind.PLTV: PltvModel,
    LearnedKind.ANOMALY: AnomalyModel,
}

_ALLOWED = {
    ("DictNode", "builtins", "dict"),
    ("ListNode", "builtins", "list"),
    ("TupleNode", "builtins", "tuple"),
    ("JsonNode", "builtins", "str"),
    ("TypeNode", "builtins", "str"),
    ("NdArrayNode", "numpy", "ndarray"),
}
"""How a part is read, and its type. Numbers, booleans and None are texts of JSON."""


class ArtifactRefusedError(ValueError):
    """The bytes are no artifact of a learned model that this version reads; nothing of it was run."""


def dump(model: LearnedModel) -> bytes:
    """Write a model; the same model always to the same bytes."""
    kind = next(kind for kind, made in _KINDS.items() if isinstance(model, made))
    return _without_chance(skops.io.dumps({"format": FORMAT, "kind": kind.value, "state": model.state()}))


def _without_chance(written: bytes) -> bytes:
    """Number the parts as they come, where skops names them by their places in memory, and leave out the time."""
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        for number, node in enumerate(_nodes(schema)):
            node["__id__"] = number
            if "file" in node:
                files[f"{number}.npy"] = archive.read(node["file"])
                node["file"] = f"{number}.npy"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in (*files.items(), (_SCHEMA, json.dumps(schema).encode())):
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Give the parts of a schema that have an id, in its order."""
    if isinstance(tree, dict):
        if "__id__" in tree:
            yield tree
        for each in tree.values():
            yield from _nodes(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from _nodes(each)


def load(artifact: bytes) -> LearnedModel:
    """Read a model.

    Raises:
        ArtifactRefusedError: not whole, of another format, or of a type that is not on the list.
    """
    try:
        _require_plain(artifact)
        return _made(skops.io.loads(artifact, trusted=[]))
    except ArtifactRefusedError:
        raise
    # Bytes that somebody else chose can fail at any place of the reading.
    except Exception as error:
        raise ArtifactRefusedError(f"no artifact of a learned model: {error}") from error


def load_as(kind: type[M], artifact: bytes) -> M:
    """Read a model of a kind.

    Raises:
        ArtifactRefusedError: as in `load`, or it is of another kind.
    """
    model = load(artifact)
    if not isinstance(model, kind):
        raise ArtifactRefusedError("an artifact of another kind of model")
    return model


def load_kind(kind: LearnedKind, artifact: bytes) -> LearnedModel:
    """Do the same by the kind's name."""
    model = load(artifact)
    if not isinstance(model, _KINDS[kind]):
        raise ArtifactRefusedError(f"an artifact of another kind of model, not {kind}")
    return model


def _made(document: dict[str, Any]) -> LearnedModel:
    if document["format"] != FORMAT:
        raise ArtifactRefusedError(f"an artifact of format {document['format']}, not {FORMAT}")
    return _KINDS[LearnedKind(document["kind"])].from_state(document["state"])


def _require_plain(artifact: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(artifact)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_BYTES_MAX:
            raise ArtifactRefusedError("an artifact that unpacks to too much")
        for loader, module, name in _types(json.loads(archive.read(_SCHEMA))):
            if (loader, module, name) not in _ALLOWED:
                raise ArtifactRefusedError(f"an artifact with a part of type {module}.{name} ({loader})")


def _types(node: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Find every part that the schema names; also those in places where skops would not look."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "__loader__" in each or "__class__" in each or "__module__" in each:
                yield each.get("__loader__"), each.get("__module__"), each.get("__class__")
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
