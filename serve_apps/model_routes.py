"""Multi-touch models over a tenant's own journeys, and the journeys themselves."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from jobs.model_work import ONE_BY_ONE, Columns, compute_models, compute_views
from schemas.ids import TenantId
from schemas.model_problems import ModelsBusy, ModelsTooLarge
from schemas.report_problems import ReportParameterInvalid
from serve_apps.callers import user_of
from serve_apps.model_answers import Described, JourneysReport, ModelsReport
from serve_apps.model_documents import as_table, described, journeys_document, models_document
from serve_apps.model_parameters import AskedJourneys, AskedModels
from serve_apps.openapi import USER, documented
from serve_apps.report_answers import CSV_TYPE, respond_report, table_responses
from serve_apps.services import Services, services_of
from storage.clickhouse.journey_reader import CurrencyCount, JourneyQuestion, JourneyReader

router = APIRouter()

_READINGS_MAX = 3
_PATHS_MAX = 1_000
_STEPS_MAX = 10

Table = Literal["paths", "links", "lengths", "lags", "assists"]


def _documented(model: type[Described]) -> dict[str, Any]:
    return documented(USER, ReportParameterInvalid, ModelsTooLarge, ModelsBusy, responses=table_responses(model))


@router.get("/api/v1/reports/models", response_class=Response, **_documented(ModelsReport))
async def get_models(request: Request, question: AskedJourneys, asked: AskedModels) -> Response:
    """Share conversions out over the channels of their journeys, by many models side by side.

    Each model says what it takes for granted; none says what a channel caused. Intervals are those of a Poisson
    bootstrap over people. `differences` says in words where the models disagree.
    """
    tenant, _ = await user_of(request)
    services = services_of(request)
    reader = JourneyReader(services.store, tenant.tenant_id)

    async def compute() -> dict[str, Any]:
        needs_each = any(spec.model in ONE_BY_ONE for spec in asked.specs)
        made, columns = await _read(reader, question, needs_each=needs_each)
        specs = asked.specs_of(sum(sum(each.credited.values()) for each in made))
        counts, results = await services.models.tasks.run(compute_models, columns, specs, by_value=asked.by_value)
        return models_document(described(question, counts, made), asked, results)

    return _respond(request, await _answer(services, tenant.tenant_id, reader, (question, asked), compute))


@router.get("/api/v1/reports/journeys", response_class=Response, **_documented(JourneysReport))
async def get_journeys(
    request: Request,
    question: AskedJourneys,
    table: Annotated[Table, Query(description="Which table `data` is: CSV and Parquet have it alone.")] = "paths",
    paths: Annotated[int, Query(ge=1, le=_PATHS_MAX, description="So many of the commonest paths.")] = 50,
    steps: Annotated[int, Query(ge=1, le=_STEPS_MAX, description="So many first steps of the flow.")] = 4,
) -> Response:
    """Show journeys without a model: common paths, how people flow, lengths, time lags, and who assists."""
    tenant, _ = await user_of(request)
    services = services_of(request)
    reader = JourneyReader(services.store, tenant.tenant_id)

    async def compute() -> dict[str, Any]:
        made, columns = await _read(reader, question, needs_each=True)
        counts, views = await services.models.tasks.run(compute_views, columns, paths_max=paths, steps=steps)
        return journeys_document(described(question, counts, made), views, table)

    return _respond(
        request, await _answer(services, tenant.tenant_id, reader, (question, table, paths, steps), compute)
    )


async def _answer(
    services: Services,
    tenant_id: TenantId,
    reader: JourneyReader,
    asked: tuple[Any, ...],
    compute: Callable[[], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    document: dict[str, Any] = await services.models.answer(tenant_id, asked, await reader.version(), compute)
    return document


async def _read(
    reader: JourneyReader, question: JourneyQuestion, *, needs_each: bool
) -> tuple[Sequence[CurrencyCount], Columns]:
    for _ in range(_READINGS_MAX):
        made = await reader.made(question)
        channels = await reader.channels(question)
        folded = await reader.folded(question, channels)
        timed = await reader.timed(question, channels) if needs_each else None
        # A channel that came between two of these questions has no place in what they gave.
        if set(await reader.channels(question)) <= set(channels):
            return made, Columns(channels, folded, timed)
    raise ModelsBusy("New channels keep coming.", retry_after_seconds=1)


def _respond(request: Request, document: dict[str, Any]) -> Response:
    is_csv = CSV_TYPE in request.headers.get("accept", "").lower()
    return respond_report(request, as_table(document) if is_csv else document)
