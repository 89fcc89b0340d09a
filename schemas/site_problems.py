"""What can be wrong with the site that a plane serves."""

from schemas.problems import NotFound


class SiteNotBuilt(NotFound):
    """The site was not built where this plane runs."""

    slug = "site-not-built"
    title = "Site not built"
    remedy = "Run `make site` (Node 20) and deploy again, or `make up`, which does both. The API works without it."
