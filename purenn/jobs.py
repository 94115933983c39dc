"""Jobs: many samples through a network, in this process or in several."""

import os
import signal
from threading import Thread

from .errors import UnsupportedError
from .network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generator, List, Sequence

    Row = Sequence[float]
    Answers = Generator[List[float], None, None]

_PART = 64  # samples sent to a process at a time, at most
_PARTS = 32  # parts for each process, if there are as many: all are to end together, and soon when interrupted
_MOST = 61  # processes; Windows waits for no more


def predictions(network: Network, rows: "Sequence[Row]", jobs: int = 1) -> "Answers":
    """The outputs for each row, in order; `jobs` processes, 0 for one a core.

    >>> from purenn import Dense
    >>> list(predictions(Network([Dense([[1.0], [2.0]])]), [b"\\x02\\x04", b"\\x06\\x00"]))
    [[10.0], [6.0]]
    """
    jobs = min(jobs or _cores(), len(rows), _MOST)
    if jobs > 1:
        return _in_processes(network, rows, jobs)
    return (network.predict(row) for row in rows)


def _in_processes(network: Network, rows: "Sequence[Row]", jobs: int) -> "Answers":
    try:
        from concurrent.futures import ProcessPoolExecutor
        from concurrent.futures.process import BrokenProcessPool

        pool = ProcessPoolExecutor(jobs, initializer=_start, initargs=(network,))
    except (ImportError, NotImplementedError):
        raise UnsupportedError("%d jobs need processes, which this platform does not have" % jobs) from None
    size = max(1, min(_PART, len(rows) // (jobs * _PARTS)))
    with pool:
        try:
            for part in pool.map(_part, [rows[k : k + size] for k in range(0, len(rows), size)]):
                yield from part
        except BrokenProcessPool:
            raise ChildProcessError("one of %d processes ended before its work was done" % jobs) from None


# ---- inside of such a process

_here: "List[Any]" = []  # the network


def _start(network: Network) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for us
    Thread(target=_end_with_parent, daemon=True).start()
    _here[:] = [network]


def _end_with_parent() -> None:
    """Wait for the process that started this one; should it be killed, nobody else would end this one."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _part(rows: "Sequence[Row]") -> "List[List[float]]":
    return [_here[0].predict(row) for row in rows]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # those that this process may use
    return os.cpu_count() or 1
