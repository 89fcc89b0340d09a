"""A tenant's installs from the lake: first the conversions that are installs, then what their people's events say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from attribution.ml.install_tables import InstallFactTable, InstallTable
from jobs.install_rows import HOUR_SECONDS, InstallClaims, InstallOrigins, Takings, install_facts
from jobs.journey_rows import person_of
from jobs.lake_rows import Days, numbers, one, seconds, word
from jobs.learning_columns import Columns, Hashes, PersonSample, Words, group_starts, text_hashes
from schemas.learning import HORIZON_DAYS
from storage.lake.manifest import Dataset

Told = Callable[[str, int], None]

_INSTALLS = ["install", "reinstall"]
_DAY_SECONDS = 86_400.0
_CLAIM_COLUMNS = (
    *("conversion_id", "conversion_type", "conversion_time", "person_key", "media_source", "platform", "country"),
    *("site_id", "attributed_touch_id", "ctit_seconds", "touch_times", "touch_types", "fraud_verdict"),
)
_TAKING_COLUMNS = ("event_type", "event_time", "person_key", "revenue", "currency")
_ORIGIN_COLUMNS = ("event_id", "event_type", "ip", "country", "os_version", "app_version")


def days_of_installs(days: int) -> int:
    """Say how far back to read so that the installs of `days` are old enough for every horizon."""
    return days + HORIZON_DAYS[-1]


def commonest_currency(days: Days) -> str:
    """Find the currency of most conversions that brought revenue; '' where none did."""
    counts: dict[str, int] = {}
    for piece in days.rows(Dataset.ATTRIBUTIONS, ("currency",), _counted_currencies):
        for name, count in zip(piece["currency"].to_pylist(), piece["count"].to_pylist(), strict=True):
            counts[name] = counts.get(name, 0) + count
    counts.pop("", None)
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""


def read_installs(days: Days, rows_max: int, told: Told, currency: str) -> InstallTable:
    """Read at most `rows_max` installs, each person's first, with what came of them in a currency."""
    return read_installs_of(days, rows_max, told, currency)[1]


def read_installs_of(days: Days, rows_max: int, told: Told, currency: str) -> tuple[Hashes, InstallTable]:
    """Read the same with whose each is: the keys of persons, [I]."""
    words = {name: Words() for name in ("media_source", "platform", "country")}
    rows, last_moment = _installs(days, rows_max, words, told)
    order = np.lexsort((rows["install"], rows["time"], rows["person"]))
    rows = {name: column[order] for name, column in rows.items()}
    firsts = group_starts(rows["person"])[:-1]
    rows = {name: column[firsts] for name, column in rows.items()}
    takings = Takings(rows["person"], rows["time"])
    read = 0
    for piece in days.rows(Dataset.EVENTS, _TAKING_COLUMNS, _Takings(currency)):
        time = numbers(piece["time"])
        last_moment = max(last_moment, float(time.max(initial=0.0)))
        takings.add(
            numbers(piece["person"]),
            time,
            is_session=numbers(piece["is_session"]),
            is_purchase=numbers(piece["is_purchase"]),
            revenue=numbers(piece["revenue"]),
        )
        read += len(time)
        told(Dataset.EVENTS, read)
    texts = {name: each.ordered(rows[name]) for name, each in words.items()}
    table = InstallTable(
        installed_at=rows["time"],
        sources=texts["media_source"][0],
        source=texts["media_source"][1],
        platforms=texts["platform"][0],
        platform=texts["platform"][1],
        countries=texts["country"][0],
        country=texts["country"][1],
        sessions=takings.sessions,
        events=takings.events,
        purchases=takings.purchases,
        revenue=takings.revenue,
        observed_days=(last_moment - rows["time"]) / _DAY_SECONDS,
        revenue_to=takings.revenue_to,
    )
    in_time = np.argsort(table.installed_at, kind="stable")
    return rows["person"][in_time], table.select(in_time)


def read_install_facts(days: Days, rows_max: int, told: Told) -> InstallFactTable:
    """Read at most `rows_max` installs with what may tell a bought one from others."""
    names = ("media_source", "platform", "country", "os_version", "app_version")
    words = {name: Words() for name in names}
    rows, _ = _installs(days, rows_max, words, told)
    order = np.lexsort((rows["install"], rows["time"]))
    rows = {name: column[order] for name, column in rows.items()}
    origins = _origins(days, rows, words, told)
    texts = {name: words[name].ordered(np.empty(0, np.int64))[0] for name in names}
    coded = {name: words[name].ordered(rows[name])[1] for name in ("platform", "country")}
    claims = InstallClaims(
        install=rows["install"],
        person=rows["person"],
        time=rows["time"],
        ctit_seconds=rows["ctit_seconds"],
        candidates=rows["candidates"],
        clicks_last_hour=rows["clicks_last_hour"],
        touch=rows["touch"],
        site=rows["site"],
        country=coded["country"],
        platform=coded["platform"],
        flagged=rows["flagged"],
    )
    return install_facts(
        claims, origins, texts["country"], texts["platform"], texts["os_version"], texts["app_version"]
    )


def _installs(days: Days, rows_max: int, words: dict[str, Words], told: Told) -> tuple[Columns, float]:
    """Read the installs of a sample of the persons; and when the last conversion was."""
    sample, last_moment, read = PersonSample(rows_max), 0.0, 0
    sample.add(_columns(claims_of(_NO_CLAIMS), words))
    for piece in days.rows(Dataset.ATTRIBUTIONS, _CLAIM_COLUMNS, claims_of):
        columns = _columns(piece, words)
        last_moment = max(last_moment, float(columns["time"].max(initial=0.0)))
        read += len(columns["time"])
        sample.add(columns)
        told(Dataset.ATTRIBUTIONS, read)
    rows = sample.rows()
    assert rows is not None, "an empty piece came first"
    return rows, last_moment


def _columns(piece: pa.Table, words: dict[str, Words]) -> dict[str, NDArray[Any]]:
    coded = {name: words[name].codes(one(piece[name])) for name in ("media_source", "platform", "country")}
    columns = {name: numbers(piece[name]) for name in piece.column_names if name not in coded}
    return columns | coded | {"person": person_of(columns["person"], columns["install"])}


def claims_of(rows: pa.Table) -> pa.Table:
    """Reduce conversions to the installs among them."""
    installs = rows.filter(pc.is_in(rows["conversion_type"].cast(pa.string()), pa.array(_INSTALLS)))
    touch, site = one(installs["attributed_touch_id"]), one(installs["site_id"]).cast(pa.string())
    source = one(installs["media_source"]).cast(pa.string())
    time = seconds(installs["conversion_time"])
    has_touch = pc.not_equal(touch.cast(pa.string()), "")
    return pa.table(
        {
            "install": text_hashes(one(installs["conversion_id"])),
            "person": one(installs["person_key"]).cast(pa.uint64()),
            "time": time,
            "ctit_seconds": pc.fill_null(one(installs["ctit_seconds"]).cast(pa.float64()), float("nan")),
            "candidates": pc.list_value_length(one(installs["touch_times"])).cast(pa.float64()),
            "clicks_last_hour": _clicks_last_hour(installs, time),
            "touch": pc.if_else(has_touch, pa.array(text_hashes(touch)), pa.scalar(0, pa.uint64())),
            # Without a site, who showed it is its source.
            "site": text_hashes(pc.binary_join_element_wise(source, site, "\x00")),
            "flagged": pc.not_equal(one(installs["fraud_verdict"]).cast(pa.string()), "valid"),
            **{name: word(installs[name]) for name in ("media_source", "platform", "country")},
        }
    )


_NO_CLAIMS = pa.table(
    {
        **{name: pa.array([], pa.string()) for name in _CLAIM_COLUMNS},
        "conversion_time": pa.array([], pa.timestamp("ms", "UTC")),
        "person_key": pa.array([], pa.uint64()),
        "ctit_seconds": pa.array([], pa.float64()),
        "touch_times": pa.array([], pa.list_(pa.timestamp("ms", "UTC"))),
        "touch_types": pa.array([], pa.list_(pa.string())),
    }
)


def _clicks_last_hour(installs: pa.Table, time: pa.Array) -> NDArray[np.float64]:
    lists, types = one(installs["touch_times"]), one(installs["touch_types"])
    lengths = numbers(pc.list_value_length(lists)).astype(np.int64)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    ages = np.repeat(numbers(time), lengths) - numbers(seconds(lists.flatten()))
    is_click = numbers(pc.equal(types.flatten().cast(pa.string()), "click")).astype(np.bool_)
    return np.bincount(owners, is_click & (ages <= HOUR_SECONDS), len(lengths)).astype(np.float64)


class _Takings:
    """Reduces events to what they brought in one currency."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def __call__(self, rows: pa.Table) -> pa.Table:
        kinds = rows["event_type"].cast(pa.string())
        touches = pc.or_(
            pc.is_in(kinds, pa.array(["click", "impression"])), pc.equal(rows["person_key"], pa.scalar(0, pa.uint64()))
        )
        rows = rows.filter(pc.invert(touches))
        kinds = one(rows["event_type"]).cast(pa.string())
        revenue = pc.fill_null(one(rows["revenue"]).cast(pa.float64()), 0.0)
        is_counted = pc.equal(one(rows["currency"]).cast(pa.string()), self._currency)
        return pa.table(
            {
                "person": one(rows["person_key"]).cast(pa.uint64()),
                "time": seconds(rows["event_time"]),
                "is_session": pc.equal(kinds, "session"),
                "is_purchase": pc.equal(kinds, "purchase"),
                "revenue": pc.if_else(is_counted, revenue, 0.0),
            }
        )


def _origins(days: Days, rows: Columns, words: dict[str, Words], told: Told) -> InstallOrigins:
    by_install, by_touch = np.argsort(rows["install"]), np.argsort(rows["touch"])
    installs, touches = rows["install"][by_install], rows["touch"][by_touch]
    size, read = len(installs), 0
    address = np.zeros(size, np.uint64)
    found = {name: np.full(size, -1, np.int64) for name in ("os_version", "app_version", "country")}
    for piece in days.rows(Dataset.EVENTS, _ORIGIN_COLUMNS, _origins_of):
        event = numbers(piece["event"])
        codes = {name: words[name].codes(one(piece[name])) for name in found}
        read += len(event)
        for places, at in _matches(installs, by_install, event):
            address[places] = numbers(piece["address"])[at]
            for name in ("os_version", "app_version"):
                found[name][places] = codes[name][at]
        for places, at in _matches(touches, by_touch, event):
            found["country"][places] = codes["country"][at]
        told(Dataset.EVENTS, read)
    ordered = {name: words[name].ordered(codes)[1] for name, codes in found.items()}
    return InstallOrigins(address, ordered["os_version"], ordered["app_version"], ordered["country"])


def _matches(ordered: NDArray[Any], places: NDArray[Any], wanted: NDArray[Any]) -> list[tuple[Any, Any]]:
    """Pair the rows whose number is wanted with who wants it: one touch may claim several installs."""
    if not len(ordered) or not len(wanted):
        return []
    order = np.argsort(wanted, kind="stable")
    at = np.minimum(np.searchsorted(wanted[order], ordered), len(wanted) - 1)
    hit = (wanted[order][at] == ordered) & (ordered != 0)
    return [(places[hit], order[at[hit]])]


def _origins_of(rows: pa.Table) -> pa.Table:
    kinds = rows["event_type"].cast(pa.string())
    chosen = rows.filter(pc.is_in(kinds, pa.array([*_INSTALLS, "click", "impression"])))
    ip = one(chosen["ip"]).cast(pa.string())
    return pa.table(
        {
            "event": text_hashes(one(chosen["event_id"])),
            "address": pc.if_else(pc.not_equal(ip, ""), pa.array(text_hashes(ip)), pa.scalar(0, pa.uint64())),
            **{name: word(chosen[name]) for name in ("country", "os_version", "app_version")},
        }
    )


def _counted_currencies(rows: pa.Table) -> pa.Table:
    counted = (
        pa.table({"currency": rows["currency"].cast(pa.string())}).group_by("currency").aggregate([([], "count_all")])
    )
    return pa.table({"currency": counted["currency"], "count": counted["count_all"]})
