"""Documents of learned models: those that were written earlier are read, and nothing else is let in."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from schemas.learning import Artifact, DataRange, LearnedKind, LearnedModelDocument

DOCUMENT = LearnedModelDocument(
    model_id="m",
    kind=LearnedKind.PLTV,
    tenant_id=None,
    created_at=datetime(2026, 11, 1, tzinfo=UTC),
    job_id="j",
    seed=0,
    code_version="1",
    schema_hash="h",
    data=DataRange(first_day=date(2026, 1, 1), last_day=date(2026, 2, 1), rows=1, manifests={}),
    metrics=(),
    artifact=Artifact(sha256="0" * 64, size_bytes=1),
)


def test_a_document_with_the_former_champion_is_read() -> None:
    """The registry and the lake have such; that field says nothing any more."""
    stored = DOCUMENT.model_dump_json()[:-1] + ', "champion_model_id": null}'
    assert LearnedModelDocument.model_validate_json(stored) == DOCUMENT


def test_a_field_that_nobody_knows_is_refused() -> None:
    """Of a candidate that somebody else wrote nothing is guessed."""
    with pytest.raises(ValidationError):
        LearnedModelDocument.model_validate(DOCUMENT.model_dump() | {"champion": "m"})
