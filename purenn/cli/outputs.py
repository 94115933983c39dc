"""Outputs of a network for many samples, behind a progress bar."""

from __future__ import annotations

import sys
from contextlib import closing

from ..jobs import predictions
from .progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator

    from ..formats.samples import Samples
    from ..formats.samples.batch import Batch
    from ..network import Network


def answered(
    network: Network, samples: Samples, what: str, jobs: int, prints: bool = False
) -> Generator[tuple[Batch, list[list[float]]], None, None]:
    """Batches of samples with their outputs; what has been printed is seen before more samples are waited for.

    `prints` says that the answers are printed as they come: on a terminal they take the place of the bar.  An
    interrupt ends the bar and the processes.
    """
    done = 0
    sys.stdout.flush()  # opening a pipe may wait as well
    shows = not (prints and sys.stdout.isatty())
    with Progress(what, shows) as progress, closing(predictions(network, samples.batches(), jobs)) as answers:
        for batch, outputs in answers:
            if not len(batch):
                sys.stdout.flush()
            done += len(batch)
            progress.reached(done, samples.fraction(done))
            yield batch, outputs
