"""The shapes of campaigns, as routes check and `/openapi.json` describes them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.campaigns import Campaign
from schemas.links import Text
from serve_apps.money_answers import Amount, Currency
from serve_apps.parameters import Day

_Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class CampaignFields(BaseModel):
    """A campaign without its id. Budget is a decimal as text, and goes together with its currency."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(description="What people call it.")
    media_source: Text = Field(description="Who runs it, as events name it.")
    channel: Text | None = None
    campaign: Text = Field(description="The name that its events and costs bear.")
    starts_on: Day | None = None
    ends_on: Day | None = Field(None, description="Its last day.")
    budget: Amount | None = None
    currency: Currency | None = None
    note: _Note | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.budget is None) != (self.currency is None):
            raise ValueError("budget and currency go together")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on: must not be before starts_on")
        return self

    def plan(self) -> Campaign:
        """Give it as it is stored."""
        fields = self.model_dump()
        return Campaign(**fields | {"budget": None if self.budget is None else Decimal(self.budget)})


class CampaignDocument(CampaignFields):
    """A campaign with its id, and when it was made and last changed."""

    campaign_id: UUID
    created_at: datetime
    updated_at: datetime
