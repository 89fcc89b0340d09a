"""Computed models and journeys as the documents that the API answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from attribution.comparison import differences
from attribution.model_spec import DATA_DRIVEN, Model, ModelResult, ModelSpec
from jobs.model_work import JourneyCounts, JourneyViews
from serve_apps.model_parameters import ModelsAsked
from storage.clickhouse.journey_reader import DUPLICATE_CLICK_WINDOW, CurrencyCount, JourneyQuestion

_DAY_SECONDS = 86_400
_PARAMETERS = {
    Model.MARKOV: {"order": "markov_order"},
    Model.TIME_DECAY: {"half_life": "half_life_days"},
    Model.CUSTOM: {"weights": "custom_weights"},
    Model.LAST_NON_DIRECT: {"direct": "direct_channel"},
}


def described(question: JourneyQuestion, counts: JourneyCounts, made: Sequence[CurrencyCount]) -> dict[str, Any]:
    """Say which journeys were asked for, and how they were made."""
    own = question.conversion.own_currency
    days = question.lookback.total_seconds() / _DAY_SECONDS
    credited: Counter[str] = sum((Counter(each.credited) for each in made), Counter())
    return {
        "from": question.since.isoformat(),
        "to": question.until.isoformat(),
        "breakdown": [field.value for field in question.breakdown],
        "journeys": {
            "converting": counts.conversions,
            "null": counts.nulls,
            "without_touches": sum(each.organic for each in made),
            "without_credits": sum(each.conversions - each.organic for each in made) - credited.total(),
            "learned_models": [
                {"model_id": model_id, "conversions": shared} for model_id, shared in credited.most_common()
            ],
            "distinct_paths": counts.paths,
            "conversion_types": list(question.conversion_types),
            "event_name": question.event_name,
            "lead_event": question.lead_event,
            "lookback_days": days,
            "currency": own,
            "definition": _definition(days),
        },
        "unconverted": [
            {"currency": each.currency, "conversions": each.conversions, "revenue": f"{each.revenue:f}"}
            for each in made
            if each.currency not in {"", own} and each.revenue is not None
        ],
    }


def models_document(head: dict[str, Any], asked: ModelsAsked, results: Sequence[ModelResult]) -> dict[str, Any]:
    """Put models side by side."""
    first = asked.specs[0]
    return head | {
        "measure": "value" if asked.by_value else "conversions",
        "confidence": first.confidence,
        "replicates": first.replicates,
        "seed": first.seed,
        "models": [
            {
                "model": result.spec.model.value,
                "is_data_driven": result.spec.model in DATA_DRIVEN,
                "parameters": _parameters(result.spec),
                "note": result.note,
            }
            for result in results
        ],
        "differences": differences(results),
        "data": [{"model": result.spec.model.value, **asdict(each)} for result in results for each in result.credits],
    }


def journeys_document(head: dict[str, Any], views: JourneyViews, table: str) -> dict[str, Any]:
    """Write down what can be seen of journeys; `data` is one of the tables."""
    tables: dict[str, list[dict[str, Any]]] = {
        "paths": [
            {
                "path": list(each.path),
                "conversions": each.conversions,
                "nulls": each.nulls,
                "rate": each.conversions / (each.conversions + each.nulls),
                "value": each.value,
            }
            for each in views.paths
        ],
        "links": [asdict(each) for each in views.links],
        "lengths": [asdict(each) for each in views.lengths],
        "lags": [asdict(each) for each in views.lags],
        "assists": [asdict(each) for each in views.assists],
    }
    return head | tables | {"nodes": _nodes(views), "data": tables[table]}


def as_table(document: dict[str, Any]) -> dict[str, Any]:
    """Write lists in cells as text, for a table that has none."""
    rows = [
        {name: "; ".join(map(str, value)) if isinstance(value, list | tuple) else value for name, value in row.items()}
        for row in document["data"]
    ]
    return document | {"data": rows}


def _nodes(views: JourneyViews) -> list[dict[str, Any]]:
    people: dict[tuple[int, str], float] = {}
    for link in views.links:
        node = (link.step, link.source)
        people[node] = people.get(node, 0.0) + link.people
    return [{"step": step, "channel": channel, "people": count} for (step, channel), count in people.items()]


def _parameters(spec: ModelSpec) -> dict[str, Any]:
    return {name: getattr(spec, field) for name, field in _PARAMETERS.get(spec.model, {}).items()}


def _definition(days: float) -> str:
    return (
        "A converting journey is the valid touches of a conversion. A journey that led to none is the touches of a "
        "person (the strongest identity of each touch; joined ids are one) of whom no such conversion is known, "
        f"neither under that identity nor through one of these touches, up to {days:g} days after the span; counted "
        f"from the person's first touch, each {days:g} days are one journey. Of clicks of one channel within "
        f"{DUPLICATE_CLICK_WINDOW.seconds} seconds the last stands. Filters hold for the conversion, and for touches "
        "that led to none. Conversions that fraud rules rejected are left out, and so are those people's touches."
    )
