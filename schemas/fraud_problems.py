"""What can be wrong with calls about fraud."""

from schemas.problems import NotFound, SlowDown, TooLarge, Unavailable, Unprocessable


class FraudListInvalid(Unprocessable):
    """A line of the list is no entry of its kind; the list is as it was."""

    slug = "fraud-list-invalid"
    title = "Fraud list invalid"
    remedy = "Correct the lines that `errors` names, by number, and send the whole list again."


class FraudListTooLong(TooLarge):
    """The list has more entries than a list of its kind may have."""

    slug = "fraud-list-too-long"
    title = "Fraud list too long"
    remedy = "Join neighbouring ranges, or leave out what no longer sends events."


class VerdictUnknown(NotFound):
    """The conversion has no verdict of this rule to confirm or refute."""

    slug = "verdict-unknown"
    title = "Verdict unknown"
    remedy = "Label conversions that /api/v1/attributions/{conversion_id} shows with findings under `fraud`."


class ReviewUnknown(NotFound):
    """The tenant has no fraud review with this id."""

    slug = "review-unknown"
    title = "Review unknown"
    remedy = "See /api/v1/fraud/reviews for the list."


class TooManyReviews(SlowDown):
    """The tenant has as many unfinished fraud reviews as it may have."""

    slug = "too-many-reviews"
    title = "Too many fraud reviews"
    remedy = "Wait until some are done, then ask again."


class TooManyPreviews(SlowDown):
    """As many fraud previews of the tenant are being made as may be at once."""

    slug = "too-many-previews"
    title = "Too many fraud previews"
    remedy = "Wait for the answer to another preview, then ask again."


class FraudPreviewTooSlow(Unavailable):
    """The preview took longer than a preview may."""

    slug = "fraud-preview-too-slow"
    title = "Fraud preview too slow"
    remedy = "Try again after Retry-After: the event store is busy."
