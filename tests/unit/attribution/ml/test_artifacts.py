"""Artifacts: what was written is read again, and nothing else is."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from attribution.ml.anomaly import AnomalyModel
from attribution.ml.artifacts import ArtifactRefusedError, dump, load
from attribution.ml.conversion import ConversionModel
from attribution.ml.conversion_training import train_conversion
from attribution.ml.pltv import PltvModel
from attribution.ml.trained import TrainedModel
from bench.planted_installs import PlantedInstalls, planted_facts
from bench.planted_journeys import PlantedJourneys


def rewritten(artifact: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Give an artifact whose schema somebody changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(artifact)) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                change(schema)
                content = json.dumps(schema).encode()
            after.writestr(name, content)
    return made.getvalue()


@pytest.fixture(scope="module")
def artifact(conversion: TrainedModel[ConversionModel]) -> bytes:
    return dump(conversion.model)


def test_every_kind_is_read_again(
    artifact: bytes,
    journeys: PlantedJourneys,
    installs: PlantedInstalls,
    conversion: TrainedModel[ConversionModel],
    pltv: TrainedModel[PltvModel],
    anomaly: TrainedModel[AnomalyModel],
) -> None:
    """Models that were read foretell what those that were written do, to the last byte."""
    sample = journeys.table.select(np.arange(200))
    tuned = train_conversion(journeys.table.select(np.arange(2_000)), seed=0, base=conversion.model).model
    for mine, theirs in ((conversion.model, load(artifact)), (tuned, load(dump(tuned)))):
        assert isinstance(theirs, ConversionModel)
        assert theirs.probability(sample).tobytes() == mine.probability(sample).tobytes()
        assert theirs.schema_hash == mine.schema_hash
    of_value, of_fraud = load(dump(pltv.model)), load(dump(anomaly.model))
    assert isinstance(of_value, PltvModel)
    assert isinstance(of_fraud, AnomalyModel)
    few = installs.table.select(np.arange(50))
    assert np.array_equal(of_value.predict(few), pltv.model.predict(few), equal_nan=True)
    facts = planted_facts(50, 0, bought_share=0.1)
    assert of_fraud.score(facts).tobytes() == anomaly.model.score(facts).tobytes()
    assert of_fraud.threshold == anomaly.model.threshold


def test_a_type_that_is_not_on_the_list_is_refused(artifact: bytes, tmp_path: Any) -> None:
    """ArtifactRefusedError for `os.system`, wherever it stands, and the command is not run."""
    mark = tmp_path / "run"
    call = {
        "__class__": "system",
        "__module__": "os",
        "__loader__": "FunctionNode",
        "__id__": 1,
        "content": {"module_path": "os", "function": "system"},
    }
    reduced = {
        "__class__": "system",
        "__module__": "os",
        "__loader__": "ConstructorFromReduceNode",
        "content": {
            "__class__": "str",
            "__module__": "builtins",
            "__loader__": "JsonNode",
            "content": f"touch {mark}",
        },
    }

    def at_top(schema: dict[str, Any]) -> None:
        schema.update(call)

    def inside(schema: dict[str, Any]) -> None:
        schema["content"]["state"] = reduced

    def aside(schema: dict[str, Any]) -> None:
        schema["content"]["kind"]["unread"] = [call]

    def renamed(schema: dict[str, Any]) -> None:
        schema["content"]["kind"]["__module__"] = "os"

    for change in (at_top, inside, aside, renamed):
        with pytest.raises(ArtifactRefusedError, match="os"):
            load(rewritten(artifact, change))
    assert not mark.exists()


OTHERS = [FunctionTransformer(os.getcwd), np.random.default_rng(0), {"a": np.float64(1)}, {1: 2}]


@pytest.mark.parametrize("made", OTHERS, ids=["function", "generator", "scalar", "key"])
def test_what_skops_would_read_is_not_enough(made: Any) -> None:
    """ArtifactRefusedError for estimators, generators and whatever else is no plain data of a learned model."""
    with pytest.raises(ArtifactRefusedError):
        load(skops.io.dumps({"format": 1, "kind": "conversion", "state": made}))


def test_what_is_not_whole_is_refused(artifact: bytes) -> None:
    """ArtifactRefusedError for a truncated file, no file at all, another format, and a kind or part that is missing."""
    for broken in (b"", b"PK", artifact[: len(artifact) // 2], artifact[:-1], artifact[100:], os.urandom(500)):
        with pytest.raises(ArtifactRefusedError):
            load(broken)
    for document in ({}, {"format": 2}, {"format": 1, "kind": "other"}, {"format": 1, "kind": "pltv", "state": {}}):
        with pytest.raises(ArtifactRefusedError):
            load(skops.io.dumps(document))


def test_what_would_fill_the_memory_is_refused(artifact: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """ArtifactRefusedError before anything is unpacked that would be larger than a model may be."""
    monkeypatch.setattr("attribution.ml.artifacts.UNPACKED_BYTES_MAX", 1_000)
    with pytest.raises(ArtifactRefusedError, match="too much"):
        load(artifact)


def test_the_same_model_is_the_same_bytes(artifact: bytes, conversion: TrainedModel[ConversionModel]) -> None:
    """Whatever stands where in memory, and whenever it is written; read and written again, too."""
    assert dump(conversion.model) == artifact
    assert dump(load(artifact)) == artifact
