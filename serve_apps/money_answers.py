"""The shapes of what costs, rates and settings are, as routes check and `/openapi.json` describes them."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from schemas.report_problems import ReportParameterInvalid
from schemas.reports import parse_zone
from serve_apps.parameters import Day

Amount = Annotated[str, Field(pattern=r"^\d{1,18}(\.\d{1,9})?$", examples=["125.50"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]
Origin = Annotated[
    str, Field(max_length=255, pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", examples=["https://admin.example.com"])
]
_Name = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


def _known_zone(text: str) -> str:
    try:
        return parse_zone(text)
    except ReportParameterInvalid as problem:
        raise ValueError("is no IANA time zone") from problem


class CostFields(BaseModel):
    """What a day of a source cost. Empty: the cost does not say it; amounts are decimals as text."""

    model_config = ConfigDict(extra="forbid")

    media_source: Annotated[_Name, Field(min_length=1)]
    campaign: _Name = ""
    adset: _Name = ""
    date: Day
    app_id: _Name = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    cost: Amount
    currency: Currency


class Cost(CostFields):
    """A cost with its number."""

    cost_id: int
    updated_at: datetime


class RateFields(BaseModel):
    """What one unit of `currency` was worth in `quote`, the tenant's currency, from a day on."""

    date: date
    currency: Currency
    rate: str
    quote: Currency


class LineFault(BaseModel):
    """What is wrong with which line; the header is line 1."""

    line: int
    field: str
    detail: str


class Uploaded(BaseModel):
    """What became of a file, or would become in a dry run; nothing of it is stored if a line is faulty."""

    dry_run: bool
    lines: int
    new: int
    changed: int
    unchanged: int
    faulty: int
    faults: list[LineFault]


Origins = Annotated[list[Origin], Field(max_length=20)]


class SettingsFields(BaseModel):
    """The currency in which reports add up, and the IANA time zone of their days."""

    model_config = ConfigDict(extra="forbid")

    currency: Currency
    time_zone: Annotated[str, Field(max_length=80, examples=["Europe/Berlin"]), AfterValidator(_known_zone)]


class ReportSettings(SettingsFields):
    """What is set for reports, the origins of pages that may call the API, and whether models of all learn from it."""

    allowed_origins: Origins
    contributes_to_global_model: bool


class NewReportSettings(SettingsFields):
    """What to set for reports, and which pages may call the API on the tenant's host from a browser."""

    allowed_origins: Origins | None = Field(
        None, description="Origins of pages that may call with a token or key of their own; left out: as they were."
    )
    contributes_to_global_model: StrictBool | None = Field(
        None, description="Whether models of all tenants may learn from this one's journeys; left out: as it was."
    )


def upload_body(columns: str) -> dict[str, Any]:
    """Say in OpenAPI what a file of lines is."""
    return {
        "requestBody": {
            "required": True,
            "description": f"CSV with a header, comma or semicolon, UTF-8; plain, gzip or zstd. Columns: {columns}.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    }
