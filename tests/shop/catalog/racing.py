"""Several threads that begin at the same moment, each with its own connection."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def together(works: list[Callable[[], T]]) -> list[T | Exception]:
    """Start all at once; gives each one's result, or the exception that it ended with."""
    gate = Barrier(len(works))

    def run(work: Callable[[], T]) -> T | Exception:
        gate.wait(timeout=30)
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
