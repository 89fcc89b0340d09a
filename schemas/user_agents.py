"""Who says of itself that it is no person."""

import re
from functools import lru_cache

# CUBOT makes telephones. In-app browsers of social networks are people; these are the networks' own fetchers.
_PREVIEWS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|facebookexternalhit|facebookcatalog|meta-externalagent|^whatsapp/|embedly"
    r"|skypeuripreview|preview|google-inspectiontool|mediapartners-google|vkshare|headlesschrome|lighthouse",
    re.IGNORECASE,
)


@lru_cache(maxsize=10_000)
def is_preview(user_agent: str) -> bool:
    """Say whether a crawler or a messenger's link preview asks, by its user agent."""
    return _PREVIEWS.search(user_agent) is not None
