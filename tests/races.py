"""Starting many threads at the same moment and hearing what each came to."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def together(works: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run all at once; an exception is an outcome like any other."""
    gate = threading.Barrier(len(works))
    outcomes: list[T | Exception] = [RuntimeError("did not run")] * len(works)

    def run(place: int, work: Callable[[], T]) -> None:
        gate.wait()
        try:
            outcomes[place] = work()
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return outcomes


def won(works: Sequence[Callable[[], object]], *, refusal: type[Exception]) -> list[bool]:
    """Run all at once: True for each that went through; refusals are fine, nothing else is."""
    outcomes = together(works)
    crashed = [
        one for one in outcomes if isinstance(one, Exception) and not isinstance(one, refusal)
    ]
    assert crashed == []
    return [not isinstance(one, Exception) for one in outcomes]
