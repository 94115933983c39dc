"""Jobs: many samples through a network, in this process or shared among several.

`concurrent.futures` does not serve here.  It cannot end a process in the middle of its work, as an interrupt
asks for, and its processes stay when the one that started them is killed.  A process that waits on a pipe of
its own does both.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager

from .errors import UnsupportedError
from .network import Network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from typing import Dict, Generator, Iterator, List, Sequence, Union

    Rows = Sequence[Sequence[float]]
    Outputs = List[List[float]]

_PART = 64  # samples sent to a process at a time, at most
_PARTS = 32  # parts for each process, if there are as many: all are to end together
_MOST = 61  # processes; Windows waits for no more


def predictions(network: Network, rows: Rows, jobs: int = 1) -> Generator[List[float], None, None]:
    """The outputs for each row, in order; `jobs` processes, 0 for one per core.

    Closing the generator ends the processes at once.  An error in one of them is raised here.

    >>> from purenn import Dense
    >>> list(predictions(Network([Dense([[1.0], [2.0]])]), [b"\\x02\\x04", b"\\x06\\x00"]))
    [[10.0], [6.0]]
    """
    jobs = min(jobs or _cores(), len(rows), _MOST)
    if jobs > 1:
        return _in_processes(network, rows, jobs)
    return (network.predict(row) for row in rows)


def _in_processes(network: Network, rows: Rows, jobs: int) -> Generator[List[float], None, None]:
    size = max(1, min(_PART, len(rows) // (jobs * _PARTS)))
    parts = [rows[k : k + size] for k in range(0, len(rows), size)]
    with _workers(network, jobs) as pipes:
        try:
            for outputs in _shared(parts, pipes):
                yield from outputs
        except (EOFError, ConnectionError):
            raise ChildProcessError("one of %d processes ended before its work was done" % jobs) from None


@contextmanager
def _workers(network: Network, jobs: int) -> Iterator[List[Connection]]:
    """A pipe to each of `jobs` processes, which end with the block."""
    try:
        from multiprocessing import Process
        from multiprocessing.connection import Pipe
    except ImportError:
        raise UnsupportedError("%d jobs need processes, which this platform does not have" % jobs) from None
    processes, pipes = [], []
    try:
        for _ in range(jobs):
            here, there = Pipe()
            pipes.append(here)
            process = Process(target=_serve, args=(network, there, pipes), daemon=True)
            process.start()
            processes.append(process)
            there.close()  # only the process has this end now, so the pipe ends with it
        yield pipes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        for pipe in pipes:
            pipe.close()


def _shared(parts: Sequence[Rows], pipes: Sequence[Connection]) -> Iterator[Outputs]:
    """The outputs for each part, in order; a process that is done with a part gets the next one."""
    from multiprocessing.connection import wait

    waiting = list(enumerate(parts))[::-1]
    working: Dict[Connection, int] = {}  # the number of the part that a process works on, by its pipe
    done: Dict[int, Outputs] = {}  # parts done before their turn

    def send(pipe: Connection) -> None:
        if waiting:
            working[pipe], part = waiting.pop()
            pipe.send(part)

    for pipe in pipes:
        send(pipe)
    for number in range(len(parts)):
        while number not in done:
            ready = wait(list(working))
            for pipe in [pipe for pipe in pipes if pipe in ready]:
                answer = pipe.recv()
                if isinstance(answer, Exception):
                    raise answer
                done[working.pop(pipe)] = answer
                send(pipe)
        yield done.pop(number)


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


def _outputs(network: Network, rows: Rows) -> Union[Outputs, Exception]:
    try:
        return [network.predict(row) for row in rows]
    except Exception as error:
        return error


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # those that this process may use
    return os.cpu_count() or 1
