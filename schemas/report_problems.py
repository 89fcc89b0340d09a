"""The problems of reports and money: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import BadRequest, Conflict, NotFound, Unprocessable


class ReportParameterInvalid(BadRequest):
    """A parameter of the report has a value that it cannot have."""

    slug = "report-parameter-invalid"
    title = "Report parameter invalid"
    remedy = "Correct the parameter that the detail names; docs/reports.md describes all of them."


class ReportTooSlow(Unprocessable):
    """The event store may not take so much time or memory for an answer."""

    slug = "report-too-slow"
    title = "Report too slow"
    remedy = "Ask for fewer days or a coarser breakdown, or filter; what many ask at once is slower, too."


class QuestionTooLarge(Unprocessable):
    """The question would read or answer more rows than one question may."""

    slug = "question-too-large"
    title = "Question too large"
    remedy = "Ask for a shorter span, fewer dimensions, or a filter."


class CostUnknown(NotFound):
    """The tenant has no cost with this id."""

    slug = "cost-unknown"
    title = "Cost unknown"
    remedy = "Use a cost_id of GET /api/v1/costs."


class CostExists(Conflict):
    """The tenant has another cost of this day, these names and this currency."""

    slug = "cost-exists"
    title = "Cost exists"
    remedy = "Change that one, or delete it first."


class RateUnknown(NotFound):
    """The tenant has no rate of this currency on this day."""

    slug = "rate-unknown"
    title = "Rate unknown"
    remedy = "Use a currency and a day of GET /api/v1/rates."


class UploadUnreadable(BadRequest):
    """The file is no CSV with a header, or lacks a column."""

    slug = "upload-unreadable"
    title = "Upload unreadable"
    remedy = "Send CSV, UTF-8, with the columns that docs/reports.md names, or name yours by `mapping`."


class UploadInvalid(Unprocessable):
    """The file has lines that cannot be taken; nothing of it was stored."""

    slug = "upload-invalid"
    title = "Upload invalid"
    remedy = "Correct the lines that `errors` names (index is the line, the header being line 1), then send it again."
