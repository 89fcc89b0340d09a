"""What opens the lake, as processes find it in their environment."""

import os


def lake_environment(lake_address: str) -> dict[str, str]:
    """Gather what a process needs to open the lake: its address and the usual variables of AWS, no other secret."""
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return {"LAKE_URL": lake_address} | aws
