"""A place on the spool that only moves forward, and that others can wait for."""

from actors.signal import Signal


class Cursor:
    """The id of the last spool row that a loop is done with; `moved` is given with every step."""

    def __init__(self) -> None:
        self.spool_id = 0
        self.moved = Signal()

    def advance(self, spool_id: int) -> None:
        """Move forward and wake those who wait; moving back changes nothing."""
        if spool_id > self.spool_id:
            self.spool_id = spool_id
            self.moved.give()
