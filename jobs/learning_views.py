"""What is asked of whoever watches models, and what that gives: apart from it, which imports all that models need."""

from dataclasses import dataclass
from typing import Any

from attribution.ml.judgement import Shadow
from schemas.learning import LearnedKind, LearnedModelDocument


@dataclass(frozen=True, slots=True)
class Watched:
    """A champion with the challengers of its scope."""

    champion: LearnedModelDocument
    challengers: tuple[LearnedModelDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one tenant's rows: by challenger its shadow, and by kind how the model that serves it drifts.

    `unread` says by challenger why no row says anything: it, or its champion, cannot be read.
    """

    shadows: dict[str, Shadow]
    drifts: dict[LearnedKind, dict[str, Any]]
    unread: dict[str, str]
