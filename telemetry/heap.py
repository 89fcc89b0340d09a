"""Keeps Python's garbage collector from looking at what will never be garbage."""

import gc

YOUNG_OBJECTS = 50_000
"""So many new objects are looked through for garbage at once."""


def settle_heap() -> None:
    """Call once, when a process has all its modules: what it holds by then is left out of every later collection.

    A few hundred thousand objects of Ray and of the libraries live as long as the process. Under load, walking
    them again and again took a third of an actor's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
