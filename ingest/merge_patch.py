"""JSON Merge Patch (RFC 7396): how a dead letter is mended in one go with many like it."""

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` with the patch applied: objects merge, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
