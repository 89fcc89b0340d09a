"""What all groups of settings are: frozen, and of known names alone."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")
