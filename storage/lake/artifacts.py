"""Learned models in the lake: artifacts by checksum, and what training jobs say of the models that they made.

An artifact's name is the SHA-256 of what it holds, so that it is never another one than was asked for, and none is ever
written over another.
"""

import hashlib
import re
from collections.abc import Iterable

from schemas.learning import LearnedModelDocument
from storage.lake.lake import Lake

_ARTIFACTS = "models/artifacts"
_CANDIDATES = "models/candidates"
_ARTIFACT_SUFFIX = ".skops"
_CANDIDATE_SUFFIX = ".json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class ArtifactCorruptError(Exception):
    """The artifact is not what its name says; nothing may be made from it."""


class Artifacts:
    """Reads and writes learned models."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def put(self, artifact: bytes) -> str:
        """Keep an artifact; give its SHA-256. One that is there already stays as it is."""
        sha256 = hashlib.sha256(artifact).hexdigest()
        path = _artifact_path(sha256)
        # One of another size was damaged: this is what belongs in its place.
        if self._lake.size_bytes(path) != len(artifact):
            self._lake.write(path, artifact)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Read an artifact.

        Raises:
            FileNotFoundError: it is not there.
            ArtifactCorruptError: its checksum is another one.
        """
        artifact = self._lake.read(_artifact_path(sha256))
        if hashlib.sha256(artifact).hexdigest() != sha256:
            raise ArtifactCorruptError(f"The artifact {sha256} has another checksum.")
        return artifact

    def put_candidate(self, document: bytes, model_id: str) -> None:
        """Say what a training job made (LearnedModelDocument as JSON); again in the place of what was said before."""
        self._lake.write(_candidate_path(model_id), document)

    def candidates(self) -> list[str]:
        """List the ids of the models that training jobs made."""
        names = self._lake.names(_CANDIDATES)
        return [name.removesuffix(_CANDIDATE_SUFFIX) for name in names if name.endswith(_CANDIDATE_SUFFIX)]

    def candidate(self, model_id: str) -> bytes:
        """Read what a training job said of a model.

        Raises:
            FileNotFoundError: it said nothing.
        """
        return self._lake.read(_candidate_path(model_id))

    def document(self, model_id: str) -> LearnedModelDocument:
        """Read the same as what it is.

        Raises:
            FileNotFoundError: it said nothing.
            ValueError: it is no such document, or one of another model.
        """
        document = LearnedModelDocument.model_validate_json(self.candidate(model_id))
        if document.model_id != model_id:
            raise ValueError(f"The candidate {model_id} says that it is {document.model_id}.")
        return document

    def remove(self, model_ids: Iterable[str], artifacts: Iterable[str]) -> None:
        """Delete what was said of models, and artifacts by their SHA-256; nothing happens to what is not there."""
        for sha256 in artifacts:
            self._lake.remove(_artifact_path(sha256))
        # Last: whoever is killed in between finds by it what is left.
        for model_id in model_ids:
            self._lake.remove(_candidate_path(model_id))


def _artifact_path(sha256: str) -> str:
    assert _SHA256.fullmatch(sha256), "a checksum is 64 hexadecimal digits"
    return f"{_ARTIFACTS}/{sha256}{_ARTIFACT_SUFFIX}"


def _candidate_path(model_id: str) -> str:
    assert _MODEL_ID.fullmatch(model_id), "a model's id has letters, digits, _ and - alone"
    return f"{_CANDIDATES}/{model_id}{_CANDIDATE_SUFFIX}"
