"""Jobs: many samples through a network, in this process or shared among several.

`concurrent.futures` does not serve here.  It cannot end a process in the middle of its work, as an interrupt
asks for, and its processes stay when the one that started them is killed.  A process that waits on a pipe of
its own does both.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from contextlib import contextmanager

from .errors import UnsupportedError
from .network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from typing import Any, Callable, Deque, Dict, Generator, Iterable, Iterator, List, Sequence, Tuple, Union

    Outputs = List[List[float]]
    Answered = Tuple[Any, Outputs]

_LARGEST = 256  # samples of a part
_QUICK = 0.02  # seconds: where a part takes less, the next ones are larger
_AHEAD = 3  # parts for each process that are sent or done, but not given out yet
_MOST = 61  # processes; Windows waits for no more


def predictions(network: Network, batches: Iterable[Any], jobs: int = 1) -> Generator[Answered, None, None]:
    """Each part of the batches, in order, with the outputs for its rows; `jobs` processes, 0 for one per core.

    A batch has a length, `rows`, and parts by slices, as those of formats/samples/batch.py.  Batches are taken only
    as they are needed.  One without rows says that the next may take long: all before it are answered first.

    Closing the generator ends the processes at once.  An error in one of them is raised here.

    >>> from purenn import Dense
    >>> from purenn.formats.samples.batch import Batch
    >>> network = Network([Dense([[1.0], [2.0]])])
    >>> [outputs for _, outputs in predictions(network, [Batch([b"\\x02\\x04"]), Batch([b"\\x06\\x00"])])]
    [[[10.0]], [[6.0]]]
    """
    jobs = min(jobs or _cores(), _MOST)
    parts = _Parts(batches)
    if jobs > 1:
        return _in_processes(network, parts, jobs)
    return _here(network, parts)


class _Parts:
    """Batches in parts that are large enough to keep the cost of handling them small, and quick enough to wait for."""

    def __init__(self, batches: Iterable[Any]) -> None:
        self._batches = iter(batches)
        self._batch: Any = ()
        self._size = 1

    def next(self) -> Any:
        """The next part; an empty one where the batches after it may take long; None at the end."""
        if not len(self._batch):
            found = next(self._batches, None)
            if found is None or not len(found):
                return found
            self._batch = found
        part, self._batch = self._batch[: self._size], self._batch[self._size :]
        return part

    def took(self, part: Any, seconds: float) -> None:
        """Note how long a part took."""
        if seconds < _QUICK and len(part) == self._size < _LARGEST:
            self._size *= 2


def _here(network: Network, parts: _Parts) -> Generator[Answered, None, None]:
    part = parts.next()
    while part is not None:
        start = time.perf_counter()
        outputs = [network.predict(row) for row in part.rows]
        parts.took(part, time.perf_counter() - start)
        yield part, outputs
        part = parts.next()


def _in_processes(network: Network, parts: _Parts, jobs: int) -> Generator[Answered, None, None]:
    with _workers(network) as start:
        try:
            yield from _shared(parts, start, jobs)
        except (EOFError, ConnectionError):
            raise ChildProcessError("one of %d processes ended before its work was done" % jobs) from None


@contextmanager
def _workers(network: Network) -> Iterator[Callable[[], Connection]]:
    """A function that starts a process and gives a pipe to it; the processes end with the block."""
    try:
        from multiprocessing import Process
        from multiprocessing.connection import Pipe
    except ImportError:
        raise UnsupportedError("jobs need processes, which this platform does not have") from None
    processes: List[Any] = []
    pipes: List[Connection] = []

    def start() -> Connection:
        here, there = Pipe()
        pipes.append(here)
        process = Process(target=_serve, args=(network, there, pipes), daemon=True)
        process.start()
        processes.append(process)
        there.close()  # only the process has this end now, so the pipe ends with it
        return here

    try:
        yield start
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        for pipe in pipes:
            pipe.close()


def _shared(parts: _Parts, start: Callable[[], Connection], jobs: int) -> Iterator[Answered]:
    """Parts with their outputs, in order; a process that is done with a part gets the next one."""
    idle: List[Connection] = []
    working: Dict[Connection, _Sent] = {}
    sent: Deque[_Sent] = deque()  # in order, until they are given out
    part = parts.next()
    while part is not None or sent:
        if part is not None and len(part) and len(working) < jobs and len(sent) < _AHEAD * jobs:
            pipe = idle.pop() if idle else start()
            working[pipe] = _Sent(part)
            sent.append(working[pipe])
            pipe.send(part.rows)
            part = parts.next()
        elif sent and sent[0].outputs is not None:
            first = sent.popleft()
            yield first.part, first.outputs
        elif part is not None and not len(part):
            yield part, []  # the samples before the pause are answered, or being worked on
            if not working or _collected(working, idle, parts, part.awaited):
                part = parts.next()
        else:
            _collected(working, idle, parts)


class _Sent:
    """A part at work: when it was sent, and what came back."""

    def __init__(self, part: Any) -> None:
        self.part, self.start = part, time.perf_counter()
        self.outputs: Any = None


def _collected(working: Dict[Connection, _Sent], idle: List[Connection], parts: _Parts, awaited: Any = None) -> bool:
    """Wait for processes that are done, or for what is `awaited`, which is true if it is ready; take what they send."""
    from multiprocessing.connection import wait

    ready = wait([*working] if awaited is None else [*working, awaited])
    for pipe in [pipe for pipe in working if pipe in ready]:
        entry = working.pop(pipe)
        entry.outputs = pipe.recv()
        if isinstance(entry.outputs, Exception):
            raise entry.outputs
        parts.took(entry.part, time.perf_counter() - entry.start)
        idle.append(pipe)
    return awaited in ready


# ---- inside of such a process


def _serve(network: Network, pipe: Connection, others: Sequence[Connection]) -> None:
    """Answer the rows that come with their outputs, as long as the process that sends them is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for us
    for other in others:
        other.close()  # copies of the sender's ends: while one is open, its pipe does not end
    try:
        while True:
            pipe.send(_outputs(network, pipe.recv()))
    except (EOFError, ConnectionError):
        pass


def _outputs(network: Network, rows: Any) -> Union[Outputs, Exception]:
    try:
        return [network.predict(row) for row in rows]
    except Exception as error:
        return error


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # those that this process may use
    return os.cpu_count() or 1
