"""The problems of attribution policies: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import Unprocessable


class PolicyInvalid(Unprocessable):
    """This is no attribution policy."""

    slug = "policy-invalid"
    title = "Policy invalid"
    remedy = "Mend the fields that `errors` names; a field that is left out takes its default."
