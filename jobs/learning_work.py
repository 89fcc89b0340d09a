"""Carries out trainings and exports, step by step as `schemas.learning_jobs` lists them.

A step is done, then recorded; whoever dies in between leaves one that is done again, so each finds by itself what is
there already. A training is a job of Ray under the id of ours: who comes after finds it, and goes on listening.
One that is lost with its node or its process is submitted again under a number of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import ray
import structlog
from pydantic import ValidationError

from attribution.ml.judgement import Outcome, Verdict, judge_first
from jobs.export_lake import export_tenant
from jobs.learning_shadows import LearningShadows
from jobs.learning_values import LearningValues
from jobs.training_jobs import TrainingJobs, TrainingLook
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning import LearnedKind, LearnedModelDocument, LearnedState
from schemas.learning_jobs import LEARNING_STEPS, LearningDetail, LearningJobKind, LearningStep, TrainingProgress
from schemas.learning_problems import ArtifactMissing, ModelUnloadable
from schemas.settings import Settings
from schemas.tenant_life import TenantState
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from storage.postgres.connect import Databases
from storage.postgres.jobs import JobRecord
from storage.postgres.learned_models import LearnedModels
from storage.postgres.learning_jobs import LearningJobs
from storage.postgres.tenant_lives import TenantLives
from storage.postgres.tenant_settings import TenantSettings
from telemetry.failpoints import reached
from telemetry.side_by_side import side_by_side
from tenancy.champions import Promotions, Trial
from tenancy.tenant_files import erase_models

_LOOK_SECONDS = 0.5
_LINES_AT_ONCE = 200
_LINE_CHARS_MAX = 2_000
_EXPORTS_AT_ONCE = 2
_TIMES_LOST_MAX = 3
_SUPERVISOR = "supervisor"

log = structlog.get_logger()


class LearningFailedError(Exception):
    """The job can never succeed; the message says why."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A job with what its run knows: the detail as it is recorded."""

    job: JobRecord
    detail: LearningDetail

    @property
    def tenant_id(self) -> TenantId | None:
        return self.job.tenant_id or None

    @property
    def model(self) -> LearnedKind:
        assert self.detail.model is not None, "a training names its model"
        return self.detail.model

    @property
    def submission_id(self) -> str:
        """Under which id Ray has the training: ours, with a number when it was lost; Ray keeps a log by it."""
        lost = self.detail.times_lost
        return f"{self.job.job_id}-{lost}" if lost else self.job.job_id


class LearningWork:
    """Carries out jobs, in whatever process that is a driver of the cluster."""

    def __init__(self, backends: Backends, settings: Settings, environment: dict[str, str], trial: Trial) -> None:
        """Take what opens the lake, and what finds out whether a model loads."""
        self._backends = backends
        self._settings = settings
        self._databases = Databases(backends, settings.postgres)
        self.jobs = LearningJobs(self._databases.control())
        self.models = LearnedModels(self._databases.control())
        self._trainings = TrainingJobs(settings.jobs_address, environment, settings.learning.job_cpus)
        # A task with an environment of its own needs a process of its own: only where S3 wants keys.
        own = {"runtime_env": {"env_vars": environment}} if environment.keys() > {"LAKE_URL"} else {}
        self._options: dict[str, Any] = {"max_retries": 0, "num_cpus": settings.learning.job_cpus, **own}
        self._looked_at: set[str] = set()
        self._promotions = Promotions(self.models, settings, trial)
        self._shadows = LearningShadows(self.jobs, self.models, self._promotions, settings, self._options)
        self.values = LearningValues(self.jobs, backends, settings, self._options)
        self._steps: dict[LearningStep, Callable[[_Run], Awaitable[_Run]]] = {
            LearningStep.EXPORT: self._export,
            LearningStep.TRAIN: self._train,
            LearningStep.REGISTER: self._register,
            LearningStep.JUDGE: self._judge,
            LearningStep.OBSERVE: self._observe,
        }

    async def carry_out(self, job_id: str) -> None:
        """Bring a job to its end; nothing happens to one that has ended.

        Raises:
            JobSupersededError: a later run has taken the job over.
            Exception: a step failed; what is done is recorded, so that the next run goes on with it.
        """
        job = await self.jobs.begin(job_id)
        if job is None:
            return
        run = _Run(job, LearningDetail.model_validate(job.detail))
        try:
            for step in LEARNING_STEPS[LearningJobKind(job.kind)]:
                if step not in job.steps_done:
                    run = await self._steps[step](run)
                    reached(f"learning_{step}")
                    await self.jobs.record_step(job_id, job.run, step)
                    await self.jobs.log(job_id, f"{step} done")
        except LearningFailedError as failure:
            await self.jobs.log(job_id, str(failure))
            await self.jobs.finish(job, str(failure))
        else:
            await self.jobs.finish(job, None)
            if job.kind == LearningJobKind.LAKE_EXPORT:
                await self._export_again_if_changed(job.tenant_id)

    async def _export(self, run: _Run) -> _Run:
        """Bring the lake up to date: for a training of all, every tenant's part as far as it can be."""
        if run.tenant_id is not None:
            await self._export_tenant(run.tenant_id)
            return run
        tenants = await self.jobs.active_tenants()

        async def export(tenant_id: TenantId) -> None:
            try:
                await self._export_tenant(tenant_id)
            except Exception as error:  # noqa: BLE001 - the others learn from what the lake has of it
                log.warning("lake_export_failed", tenant=tenant_id, error=repr(error))
                await self.jobs.log(run.job.job_id, f"the days of {tenant_id} are as they were: {type(error).__name__}")

        await side_by_side(export, tenants, at_most=_EXPORTS_AT_ONCE)
        return run

    async def _export_tenant(self, tenant_id: TenantId) -> None:
        task = ray.remote(**self._options)(export_tenant)
        await task.remote(self._backends, self._settings, tenant_id, await self._contributes(tenant_id))

    async def _train(self, run: _Run) -> _Run:
        """Have a job of Ray train; one that is lost with whoever ran it is submitted again, a few times."""
        run = await self._with_base(run)
        await self._require_rows(run)
        while True:
            run, look = await self._trained(run)
            times_lost = (run.detail.times_lost or 0) + 1
            if not look.is_lost or times_lost > _TIMES_LOST_MAX:
                break
            # Noted first: whoever dies in between counts once too often, and never submits for ever.
            changes = {"times_lost": times_lost, "lines_done": 0}
            run = replace(run, detail=run.detail.model_copy(update=changes))
            # After the first line there may be a log, which the job has already.
            why = look.message.partition("\n")[0]
            await self.jobs.record(run.job, run.detail, [f"lost ({times_lost}), and submitted again: {why}"])
        if not look.has_succeeded:
            progress = run.detail.progress
            refused = progress.say if progress is not None and progress.stage == "refused" else ""
            raise LearningFailedError(
                refused or f"The training ended without a model: {look.message[-_LINE_CHARS_MAX:]}"
            )
        return run

    async def _trained(self, run: _Run) -> tuple[_Run, TrainingLook]:
        """Submit a training, unless it is there already, and note what it says, until it ends."""
        if await self._trainings.submit(run.submission_id, self._arguments(run)):
            # What an earlier job of this id had said stays; the new one's log begins anew.
            run = replace(run, detail=run.detail.model_copy(update={"lines_done": 0}))
        reached("learning_submitted")
        while True:
            look = await self._trainings.look(run.submission_id)
            run = await self._listened(run, look.lines, is_whole=look.has_ended)
            if look.has_ended:
                return run, look
            await asyncio.sleep(_LOOK_SECONDS)

    async def _require_rows(self, run: _Run) -> None:
        """Start no process for what the lake has hardly anything of."""
        if run.tenant_id is None:
            return
        tenant_id, rows_min = run.tenant_id, self._settings.learning.rows_min
        manifest = await asyncio.to_thread(lambda: Lake.open(self._settings.lake_address).manifest(tenant_id))
        rows = sum(file.rows for file in manifest.files) if manifest is not None else 0
        if rows < rows_min:
            raise LearningFailedError(f"{rows:,} rows in the lake; {rows_min:,} are needed.")

    async def _with_base(self, run: _Run) -> _Run:
        """Choose what a tenant's model is fine-tuned from, or has to beat; once: another try is the same training."""
        if run.tenant_id is None or run.model is LearnedKind.ANOMALY or run.detail.base_model_id is not None:
            return run
        found = await self.models.of_scope(run.model, None, LearnedState.CHAMPION)
        if not found:
            return run
        detail = run.detail.model_copy(update={"base_model_id": found[0].model_id})
        await self.jobs.record(run.job, detail)
        return replace(run, detail=detail)

    def _arguments(self, run: _Run) -> list[str]:
        learning = self._settings.learning
        seed = learning.seed if run.detail.seed is None else run.detail.seed
        scope = ["--all"] if run.tenant_id is None else ["--tenant", run.tenant_id]
        base = [] if run.detail.base_model_id is None else ["--base", run.detail.base_model_id]
        numbers = {"--seed": seed, "--days": learning.days, "--rows-min": learning.rows_min}
        numbers |= {"--rows-max": learning.rows_max, "--task-bytes": learning.task_bytes}
        named = [text for name, value in numbers.items() for text in (name, str(value))]
        return ["--model", run.model, "--job", run.job.job_id, *scope, *base, *named]

    async def _listened(self, run: _Run, lines: list[str], *, is_whole: bool) -> _Run:
        """Note what a training has said since."""
        # The last line may be half of one.
        until = len(lines) if is_whole else max(len(lines) - 1, 0)
        done = run.detail.lines_done
        for first in range(done, until, _LINES_AT_ONCE):
            said = lines[first : min(first + _LINES_AT_ONCE, until)]
            progress, texts = _understood(said)
            changes = {"lines_done": first + len(said), "progress": progress or run.detail.progress}
            run = replace(run, detail=run.detail.model_copy(update=changes))
            await self.jobs.record(run.job, run.detail, texts)
        return run

    async def _register(self, run: _Run) -> _Run:
        """Enter what the training left in the lake."""
        document = await asyncio.to_thread(self._candidate, run.job.job_id)
        if not await self._enter(document):
            raise LearningFailedError("The tenant is being deleted.")
        return run

    async def _enter(self, document: LearnedModelDocument) -> bool:
        """Enter a model in the registry; one of a tenant that goes or is gone leaves the lake instead."""
        if await self.models.register(document):
            return True
        control, tenant_id = self._databases.control(), document.tenant_id
        assert tenant_id is not None, "the global scope stays"
        if await TenantLives(control).state(tenant_id) in {TenantState.ERASING, TenantState.GONE}:
            await erase_models(control, self._settings, tenant_id)
        return False

    async def register_candidates(self) -> None:
        """Enter what trainings by hand have left; what is left of tenants that are gone is deleted."""
        found = set(await asyncio.to_thread(lambda: self._artifacts().candidates()))
        for model_id in sorted(found - self._looked_at):
            try:
                await self._register_candidate(model_id)
            except Exception as error:  # noqa: BLE001 - it is looked at again, and the others now
                log.warning("candidate_not_registered", model_id=model_id, error=repr(error))
            else:
                self._looked_at.add(model_id)

    async def _register_candidate(self, model_id: str) -> None:
        # Its own job enters what a job has made.
        if await self.jobs.one(model_id) is not None:
            return
        record = await self.models.one(model_id)
        # Whoever entered it may have died before it was judged: that says the verdict, which is kept with the model.
        if record is not None and (record.state is not LearnedState.CHALLENGER or "verdict" in (record.shadow or {})):
            return
        try:
            document = await asyncio.to_thread(self._candidate, model_id)
        except LearningFailedError as error:
            log.warning("candidate_unreadable", model_id=model_id, error=repr(error))
            return
        if await self._enter(document):
            reached("learning_entered")
            await self._judged(document)

    def _candidate(self, model_id: str) -> LearnedModelDocument:
        try:
            return self._artifacts().document(model_id)
        except (FileNotFoundError, ValueError) as error:
            raise LearningFailedError(f"The training left no readable candidate {model_id}.") from error

    def _artifacts(self) -> Artifacts:
        return Artifacts(Lake.open(self._settings.lake_address))

    async def _judge(self, run: _Run) -> _Run:
        record = await self.models.one(run.job.job_id)
        if record is None:
            raise LearningFailedError("The model is gone.")
        verdict = await self._judged(record.document)
        detail = run.detail.model_copy(update={"verdict": f"{verdict.outcome}: {verdict.reason}"})
        await self.jobs.record(run.job, detail, [f"{verdict.outcome}: {verdict.reason}"])
        return replace(run, detail=detail)

    async def _judged(self, document: LearnedModelDocument) -> Verdict:
        """Judge a new model: the first of its scope by its holdout; a later one waits for what is to come."""
        champions = await self.models.of_scope(document.kind, document.tenant_id, LearnedState.CHAMPION)
        if any(each.model_id == document.model_id for each in champions):
            return Verdict(Outcome.PROMOTE, "it is champion")
        # Of the unusual nothing will ever tell which of two is right: the newer one knows the newer days.
        if champions and document.kind is not LearnedKind.ANOMALY:
            verdict = Verdict(Outcome.WAIT, f"it is judged beside {champions[0].model_id} by what comes from now on")
            await self.models.tell_in_shadow(document.model_id, {"verdict": verdict.reason})
            return verdict
        verdict = judge_first(document, self._settings.learning.promote_margin)
        if verdict.outcome is Outcome.PROMOTE:
            try:
                await self._promotions.promote(document.model_id, by=_SUPERVISOR, reason=verdict.reason)
            except (ArtifactMissing, ModelUnloadable) as refused:
                verdict = Verdict(Outcome.REFUSE, refused.detail)
        if verdict.outcome is not Outcome.PROMOTE:
            await self.models.tell_in_shadow(document.model_id, {"verdict": verdict.reason})
            await self.models.set_aside(document.model_id, LearnedState.REFUSED)
        return verdict

    async def _observe(self, run: _Run) -> _Run:
        assert run.tenant_id is not None, "an export is one tenant's"
        said = await self._shadows.observe(run.tenant_id)
        # After the challengers: one of them may have become the model that foretells.
        foretold = await self.values.renew(run.tenant_id)
        for each in [*said, *([foretold] if foretold else [])]:
            await self.jobs.log(run.job.job_id, each)
        return run

    async def _export_again_if_changed(self, tenant_id: TenantId) -> None:
        """Ask for another export if the tenant has changed its mind while this one ran, which was in its way."""
        manifest = await asyncio.to_thread(lambda: Lake.open(self._settings.lake_address).manifest(tenant_id))
        if manifest is not None and manifest.contributes != await self._contributes(tenant_id):
            await self.jobs.add(LearningJobKind.LAKE_EXPORT, tenant_id, LearningDetail())

    async def _contributes(self, tenant_id: TenantId) -> bool:
        async with self._databases.briefly(tenant_id) as database:
            return (await TenantSettings(database).read()).contributes_to_global_model


def _understood(lines: list[str]) -> tuple[TrainingProgress | None, list[str]]:
    """Read a training's lines: the newest progress among them, and what they say to people."""
    newest: TrainingProgress | None = None
    texts = []
    for line in lines:
        try:
            newest = TrainingProgress.model_validate_json(line)
        except ValidationError:
            texts.append(line[:_LINE_CHARS_MAX].replace("\0", ""))
        else:
            of_total = f" of {newest.total:,}" if newest.total else ""
            texts.append(f"{newest.stage}: {newest.say}" + (f" ({newest.done:,}{of_total})" if newest.done else ""))
    return newest, texts
