"""Trains a model anew: `python -m jobs.retrain --tenant t123 --model conversion`, as a Ray job.

It reads the lake and leaves there what it made; it knows no database. So whoever may read the lake may train by hand,
and what it leaves is a candidate until the supervisor of learning has entered it in the registry. One that is there
under this job's id already was made by an earlier run of the same job: then there is nothing to do.

What it says are lines of JSON on standard output, `schemas.learning_jobs.TrainingProgress`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from secrets import token_hex

from attribution.ml import artifacts as learned_artifacts
from attribution.ml.conversion import ConversionModel
from attribution.ml.pltv import PltvModel
from attribution.ml.trained import TooFewRowsError
from jobs.lake_installs import days_of_installs
from jobs.lake_rows import Days
from jobs.training import read_training_data, train
from schemas.ids import TenantId, parse_tenant_id
from schemas.learning import Artifact, LearnedKind, LearnedModelDocument
from schemas.learning_jobs import TrainingProgress
from schemas.settings import Settings
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from telemetry.clock import utc_now

NICENESS = 10
_SAY_SECONDS = 1.0
_REFUSED = 2
_JOB_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""In which Ray tells a job's process what it was submitted as."""


class NothingToLearnError(Exception):
    """There is no row to learn from; the message says why."""


class Speaker:
    """Says how far the training came; of what goes on and on, once a second."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def say(self, stage: str, say: str, done: int = 0, total: int | None = None) -> None:
        """Say something."""
        self._said_at = time.monotonic()
        line = TrainingProgress(stage=stage, done=done, total=total, say=say).model_dump_json()
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def say_at_times(self, stage: str, say: str, done: int, total: int | None) -> None:
        """Say something that will be said again."""
        if time.monotonic() - self._said_at >= _SAY_SECONDS:
            self.say(stage, say, done, total)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, and give the exit code: 2 where there is too little to learn from."""
    asked = _parser().parse_args(arguments)
    if (asked.tenant is None) == (not asked.all):
        _parser().error("name a tenant by --tenant, or all of them by --all")
    # Events and results go first, however much there is to learn.
    os.nice(NICENESS)
    speaker = Speaker()
    lake = Lake.open(asked.lake or Settings().lake_address)
    job_id = asked.job or _submission_id() or f"by-hand-{token_hex(6)}"
    if job_id in Artifacts(lake).candidates():
        speaker.say("done", f"{job_id} was made before", 1, 1)
        return 0
    try:
        _train(asked, job_id, lake, speaker)
    except (NothingToLearnError, TooFewRowsError) as refusal:
        speaker.say("refused", str(refusal))
        return _REFUSED
    return 0


def _train(asked: argparse.Namespace, job_id: str, lake: Lake, speaker: Speaker) -> None:
    kind = LearnedKind(asked.model)
    spans = _spans(lake, asked)
    data = read_training_data(kind, spans, asked.rows_max, speaker.say_at_times)
    if data.rows < asked.rows_min:
        raise NothingToLearnError(f"{data.rows:,} rows in the lake; {asked.rows_min:,} are needed")
    speaker.say("train", f"learning from {data.rows:,} rows", 0, data.rows)
    base_id, base = base_of(lake, asked.base, kind, data.currency or None)
    trained = train(kind, data.table, asked.seed, base, asked.threads)
    speaker.say("write", "writing the model", data.rows, data.rows)
    artifact = learned_artifacts.dump(trained.model)
    sha256 = Artifacts(lake).put(artifact)
    document = LearnedModelDocument(
        model_id=job_id,
        kind=kind,
        tenant_id=None if asked.all else TenantId(asked.tenant),
        created_at=utc_now(),
        job_id=job_id,
        seed=asked.seed,
        code_version=version("unmogrow"),
        schema_hash=trained.schema_hash,
        data=data.range(),
        metrics=trained.metrics,
        feature_profile=trained.feature_profile,
        base_model_id=base_id,
        currency=data.currency or None,
        artifact=Artifact(sha256=sha256, size_bytes=len(artifact)),
    )
    # The candidate comes last: what it names is there.
    Artifacts(lake).put_candidate(document.model_dump_json().encode(), job_id)
    speaker.say("done", f"{job_id}: artifact {sha256}", 1, 1)


def _spans(lake: Lake, asked: argparse.Namespace) -> list[Days]:
    """Choose the days to learn from: of one tenant, or of each that lets the global model learn from it.

    Raises:
        NothingToLearnError: there are none.
    """
    tenants = lake.tenants() if asked.all else [parse_tenant_id(asked.tenant)]
    manifests = [manifest for each in tenants if (manifest := lake.manifest(each)) is not None]
    wanted = [manifest for manifest in manifests if manifest.contributes or not asked.all]
    back = days_of_installs(asked.days) if asked.model == LearnedKind.PLTV else asked.days
    found = [Days.newest(lake, each, back, asked.task_bytes) for each in wanted]
    spans = [days for days in found if days is not None]
    if not spans:
        raise NothingToLearnError(
            "the lake has no days of " + ("tenants that contribute" if asked.all else asked.tenant)
        )
    return spans


def base_of(
    lake: Lake, model_id: str | None, kind: LearnedKind, currency: str | None
) -> tuple[str | None, ConversionModel | PltvModel | None]:
    """Load the global model of which a tenant's comes, or which it has to beat; none of revenue in another currency."""
    if model_id is None:
        return None, None
    kept = Artifacts(lake)
    document = kept.document(model_id)
    if document.currency != currency:
        return None, None
    model = learned_artifacts.load_kind(kind, kept.get(document.artifact.sha256))
    assert isinstance(model, ConversionModel | PltvModel), "an anomaly score is nobody's base"
    return model_id, model


def _submission_id() -> str | None:
    with suppress(KeyError, ValueError, TypeError):
        found = json.loads(os.environ[_JOB_VARIABLE])["metadata"]["job_submission_id"]
        return str(found)
    return None


def _parser() -> argparse.ArgumentParser:
    learning = Settings().learning
    parser = argparse.ArgumentParser(prog="python -m jobs.retrain", description="Train a model from the lake.")
    parser.add_argument("--model", required=True, choices=[kind.value for kind in LearnedKind])
    parser.add_argument("--tenant", help="whose model; its own days alone are read")
    parser.add_argument("--all", action="store_true", help="the global model, from all tenants that contribute")
    parser.add_argument("--seed", type=int, default=learning.seed)
    parser.add_argument("--lake", help="a folder or s3://bucket/prefix; default: LAKE_URL")
    parser.add_argument("--days", type=int, default=learning.days, help="so many of the newest days; of pLTV 180 more")
    parser.add_argument("--base", help="id of the global model to fine-tune from, or (pltv) to beat")
    parser.add_argument("--job", help="the model's id; default: the job's, as Ray names it")
    parser.add_argument("--rows-min", type=int, default=learning.rows_min)
    parser.add_argument("--rows-max", type=int, default=learning.rows_max)
    parser.add_argument("--task-bytes", type=int, default=learning.task_bytes, help="files that one task reads")
    parser.add_argument("--threads", type=int, default=1, help="cores that the training may take")
    return parser


if __name__ == "__main__":
    sys.exit(main())
