"""The problems of imports: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import NotFound, SlowDown, TooLarge, Unavailable


class ImportUnknown(NotFound):
    """The tenant has no import with this id."""

    slug = "import-unknown"
    title = "Import unknown"
    remedy = "Use the import_id that POST /api/v1/imports answered with; GET /api/v1/imports lists them."


class FileTooLarge(TooLarge):
    """The file is larger than the platform imports at once."""

    slug = "file-too-large"
    title = "File too large"
    remedy = "Split it into smaller files, or compress it."


class TooManyImports(SlowDown):
    """The tenant has as many unfinished imports as it may have."""

    slug = "too-many-imports"
    title = "Too many imports"
    remedy = "Wait until some are done (GET /api/v1/imports), then send the file again."


class ImportFolderUnavailable(Unavailable):
    """The disk on which files wait for their import does not take this one."""

    slug = "import-folder-unavailable"
    title = "Import folder unavailable"
    remedy = "Send the file again after Retry-After; if it persists, the platform's operator must make room."
