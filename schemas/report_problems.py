"""The problems of reports and money: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import BadRequest, NotFound, Unprocessable


class ReportParameterInvalid(BadRequest):
    """A parameter of the report has a value that it cannot have."""

    slug = "report-parameter-invalid"
    title = "Report parameter invalid"
    remedy = "Correct the parameter that the detail names; docs/reports.md describes all of them."


class CostUnknown(NotFound):
    """The tenant has no cost with this id."""

    slug = "cost-unknown"
    title = "Cost unknown"
    remedy = "Use a cost_id of GET /api/v1/costs."


class UploadInvalid(Unprocessable):
    """The file has lines that cannot be taken; nothing of it was stored."""

    slug = "upload-invalid"
    title = "Upload invalid"
    remedy = "Correct the lines that `errors` names (index is the line, the header being line 1), then send it again."
