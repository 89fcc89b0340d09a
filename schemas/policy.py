"""A tenant's choices of who gets a conversion, as the rules take them, and the way from and to their document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.policy_document import ClickWindows, PolicyDocument, SourceWindows, ViewWindows
from schemas.policy_problems import PolicyInvalid
from schemas.problem import FieldError
from schemas.touchpoints import MatchType, TouchType

Windows = Mapping[MatchType, timedelta]
"""How old a touch may be, by its match type; one that is absent never counts."""

_NO_WINDOWS: Windows = {}
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def _windows(document: BaseModel) -> dict[MatchType, timedelta]:
    return {MatchType(name): hours * _HOUR for name, hours in document if hours is not None}


@dataclass(frozen=True)
class Policy:
    """A version of a tenant's choices. `source_windows` holds click and view windows of sources that have their own."""

    version: int = 1
    click_windows: Windows = field(default_factory=lambda: _windows(ClickWindows()))
    view_windows: Windows = field(default_factory=lambda: _windows(ViewWindows()))
    source_windows: Mapping[str, tuple[Windows, Windows]] = field(default_factory=dict)
    has_view_through: bool = True
    has_probabilistic: bool = True
    consent_needed_for: frozenset[MatchType] = frozenset({MatchType.ADVERTISING_ID, MatchType.PROBABILISTIC})
    is_consent_presumed: bool = True
    duplicate_click_window: timedelta = 10 * _SECOND
    reattribution_window: timedelta = 90 * _DAY
    reengagement_inactivity: timedelta = 7 * _DAY
    reengagement_validity: timedelta = 30 * _DAY
    conversion_events: tuple[str, ...] = ("purchase",)
    settle_window: timedelta = 6 * _HOUR

    def windows(self, touch_type: TouchType, media_source: str) -> Windows:
        """Give the windows that apply to the touches of a source."""
        click, view = self.source_windows.get(media_source) or (self.click_windows, self.view_windows)
        if touch_type is TouchType.IMPRESSION:
            return view if self.has_view_through else _NO_WINDOWS
        if not self.has_probabilistic:
            return {
                match_type: window for match_type, window in click.items() if match_type is not MatchType.PROBABILISTIC
            }
        return click

    def lookback(self) -> timedelta:
        """Give the longest window: no touch older than this before a conversion can win it."""
        every = [
            self.click_windows,
            self.view_windows,
            *(each for pair in self.source_windows.values() for each in pair),
        ]
        return max((window for windows in every for window in windows.values()), default=timedelta())


def parse_policy(document: object, version: int) -> Policy:
    """Read a policy's document, a JSON value; its windows for single sources stand on those for all.

    Raises:
        PolicyInvalid: it is none; `errors` names each wrong field by its JSON Pointer.
    """
    try:
        read = PolicyDocument.model_validate(document)
    except ValidationError as error:
        errors = tuple(
            FieldError(0, "".join(f"/{_escaped(part)}" for part in each["loc"]), each["msg"]) for each in error.errors()
        )
        raise PolicyInvalid(f"{errors[0].pointer or 'The document'}: {errors[0].detail}.", errors=errors) from None
    return Policy(
        version=version,
        click_windows=_windows(read.click_windows_hours),
        view_windows=_windows(read.view_windows_hours),
        source_windows={name: _merged(own, read) for name, own in read.media_sources.items()},
        has_view_through=read.view_through,
        has_probabilistic=read.probabilistic,
        consent_needed_for=frozenset(read.consent_needed_for),
        is_consent_presumed=read.consent_mode == "unless_refused",
        duplicate_click_window=read.duplicate_click_seconds * _SECOND,
        reattribution_window=read.reattribution_days * _DAY,
        reengagement_inactivity=read.reengagement_inactivity_days * _DAY,
        reengagement_validity=read.reengagement_validity_days * _DAY,
        conversion_events=read.conversion_events,
        settle_window=read.settle_hours * _HOUR,
    )


def policy_document(policy: Policy) -> dict[str, Any]:
    """Write a policy as the JSON document that `parse_policy` reads, with every field; its version stands beside it."""
    return {
        "click_windows_hours": _hours(policy.click_windows, ClickWindows),
        "view_windows_hours": _hours(policy.view_windows, ViewWindows),
        "media_sources": {
            name: {"click_windows_hours": _hours(click, ClickWindows), "view_windows_hours": _hours(view, ViewWindows)}
            for name, (click, view) in policy.source_windows.items()
        },
        "view_through": policy.has_view_through,
        "probabilistic": policy.has_probabilistic,
        "consent_needed_for": [each.value for each in MatchType if each in policy.consent_needed_for],
        "consent_mode": "unless_refused" if policy.is_consent_presumed else "only_granted",
        "duplicate_click_seconds": policy.duplicate_click_window / _SECOND,
        "reattribution_days": policy.reattribution_window / _DAY,
        "reengagement_inactivity_days": policy.reengagement_inactivity / _DAY,
        "reengagement_validity_days": policy.reengagement_validity / _DAY,
        "conversion_events": list(policy.conversion_events),
        "settle_hours": policy.settle_window / _HOUR,
    }


def _merged(own: SourceWindows, general: PolicyDocument) -> tuple[Windows, Windows]:
    return (
        _windows(_over(general.click_windows_hours, own.click_windows_hours)),
        _windows(_over(general.view_windows_hours, own.view_windows_hours)),
    )


def _over(general: BaseModel, own: BaseModel) -> BaseModel:
    return general.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


def _hours(windows: Windows, shape: type[BaseModel]) -> dict[str, float | None]:
    return {
        name: windows[MatchType(name)] / _HOUR if MatchType(name) in windows else None for name in shape.model_fields
    }


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
