"""The problems of tracking links: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import Conflict, NotFound


class LinkUnknown(NotFound):
    """The tenant has no tracking link with this id."""

    slug = "link-unknown"
    title = "Link unknown"
    remedy = "Check the link's address; GET /api/v1/links lists the tenant's links."


class AppsUnknown(NotFound):
    """The tenant has named no app that opens its links."""

    slug = "apps-unknown"
    title = "Apps unknown"
    remedy = "Name the apps with PUT /api/v1/app-links."


class LinkExists(Conflict):
    """The tenant has a tracking link with this id."""

    slug = "link-exists"
    title = "Link exists"
    remedy = "Choose another id, or change the link with PUT /api/v1/links/{link_id}."


class LinksTooMany(Conflict):
    """The tenant has 10,000 tracking links, which is the most."""

    slug = "links-too-many"
    title = "Links too many"
    remedy = "Delete links that are no longer in use, or tell touches of one link apart by sub1 to sub5."
