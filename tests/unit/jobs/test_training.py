"""What a training learns from."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from attribution.ml.artifacts import dump
from attribution.ml.pltv import PltvModel
from attribution.ml.pltv_training import train_pltv
from bench.planted_installs import planted_installs
from jobs.retrain import base_of
from jobs.training import currency_of_most
from schemas.learning import Artifact, DataRange, LearnedKind, LearnedModelDocument
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        (["", "", "", "EUR"], "EUR"),
        (["USD", "EUR", "", "", "USD"], "USD"),
        (["USD", "EUR"], "EUR"),
        (["", ""], ""),
    ],
)
def test_who_has_no_revenue_has_no_say_in_which_currency(found: list[str], chosen: str) -> None:
    """However many they are; of as many, the first in the alphabet."""
    assert currency_of_most(found) == chosen


def test_a_global_model_of_another_currency_has_nothing_to_say(tmp_path: Path) -> None:
    """A tenant's revenue is measured against the global model in the same currency; with none named, against none."""
    lake = Lake.open(str(tmp_path / "lake"))
    artifact = dump(train_pltv(planted_installs(2_000, seed=1).table, seed=1).model)
    document = LearnedModelDocument(
        model_id="pltv-global",
        kind=LearnedKind.PLTV,
        tenant_id=None,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        job_id="pltv-global",
        seed=1,
        code_version="0",
        schema_hash="",
        data=DataRange(first_day=date(2026, 10, 1), last_day=date(2026, 10, 2), rows=1, manifests={}),
        metrics=(),
        currency="EUR",
        artifact=Artifact(sha256=Artifacts(lake).put(artifact), size_bytes=len(artifact)),
    )
    Artifacts(lake).put_candidate(document.model_dump_json().encode(), document.model_id)
    model_id, model = base_of(lake, "pltv-global", LearnedKind.PLTV, "EUR")
    assert (model_id, isinstance(model, PltvModel)) == ("pltv-global", True)
    assert base_of(lake, "pltv-global", LearnedKind.PLTV, "USD") == (None, None)
    assert base_of(lake, None, LearnedKind.PLTV, "EUR") == (None, None)
