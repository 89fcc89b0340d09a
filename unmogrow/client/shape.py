"""The base of everything that is sent or answered."""

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Fields that a newer platform adds are kept as they came; what was left out is not sent."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())

    def json_bytes(self) -> bytes:
        """Write it as the API does: its names, and only what was set."""
        return self.model_dump_json(by_alias=True, exclude_unset=True).encode()
