"""What every part is given: how long, how often, and where."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.machine import Steadiness

ROUNDS_MAX = 20
SECONDS_MAX = 60.0


class Run(msgspec.Struct, frozen=True):
    """`seconds` is the length of one measurement; `folder` is empty and on the disk to measure."""

    folder: Path
    rounds: int
    seconds: float
    steadiness: Steadiness

    def each_round(self, what: str) -> Iterator[int]:
        for number in range(1, self.rounds + 1):
            self.say(f"{what}: round {number} of {self.rounds}")
            self.steadiness.look()
            yield number

    def say(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def place(self, name: str) -> Path:
        """An empty folder of this run."""
        path = self.folder / name
        path.mkdir(mode=0o755)
        return path
