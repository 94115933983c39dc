"""Outputs of a network for many samples, behind a progress bar."""

from __future__ import annotations

from contextlib import closing

from ..jobs import predictions
from .progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator, Sequence

    from ..network import Network


def outputs_of(
    network: Network, rows: Sequence[Sequence[float]], what: str, jobs: int
) -> Generator[list[float], None, None]:
    """The outputs for each row; to be used in `closing`, which ends bar and processes after an interrupt."""
    with Progress(what, len(rows)) as progress, closing(predictions(network, rows, jobs)) as answers:
        for outputs in answers:
            progress.advance()
            yield outputs
