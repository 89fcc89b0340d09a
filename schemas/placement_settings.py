"""Settings of where things run on a cluster."""

from pydantic import Field

from schemas.settings_group import SettingsGroup


class PlacementSettings(SettingsGroup):
    """On which nodes of a cluster what runs, by Ray's labels; one machine has none."""

    planes: dict[str, str] = Field(
        default={}, description="Replicas of both planes, as a JSON object of labels. None: anywhere."
    )
    hosts: dict[str, str] = Field(
        default={}, description="Hosts of tenants: nodes that stay, as no node with a host on it is ever idle."
    )
    pool: dict[str, str] = Field(
        default={}, description="Replicas of the attribution pool: nodes that come and go with its load."
    )
    jobs: dict[str, str] = Field(default={}, description="Imports, models and other long work: the same.")
    overseer: dict[str, str] = Field(
        default={}, description="Who makes tenants: the one node that knows the provisioner's password."
    )
