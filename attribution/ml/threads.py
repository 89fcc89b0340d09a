"""How many cores a training takes: OpenMP would take all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """Bound the threads of scikit-learn's loops and of linear algebra for a block."""
    with threadpool_limits(limits=threads):
        yield
