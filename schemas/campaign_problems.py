"""The problems of campaigns: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import Conflict, NotFound


class CampaignUnknown(NotFound):
    """The tenant has no campaign with this id."""

    slug = "campaign-unknown"
    title = "Campaign unknown"
    remedy = "GET /api/v1/campaigns lists the tenant's campaigns."


class CampaignExists(Conflict):
    """The tenant has a campaign of this media source under this name."""

    slug = "campaign-exists"
    title = "Campaign exists"
    remedy = "Change that one with PUT /api/v1/campaigns/{campaign_id}, or name another media source or campaign."


class CampaignsTooMany(Conflict):
    """The tenant has 10,000 campaigns, which is the most."""

    slug = "campaigns-too-many"
    title = "Campaigns too many"
    remedy = "Delete campaigns that are over; their events, costs and reports stay."
