"""Campaigns as a tenant plans them: dates, budget, and the name under which events and costs know each."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of a media source; `campaign` is the name that its events bear. Budget and currency go together."""

    name: str
    media_source: str
    channel: str | None
    campaign: str
    starts_on: date | None
    ends_on: date | None
    budget: Decimal | None
    currency: str | None
    note: str | None
