"""A process whose threads meet row types for the first time, all at the same moment, again and
again: `python -m tests.support.learning`. Ends with 0 where each gets its row."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec

from handbill.infra.database.sql import rows

THREADS = 4
ROUNDS = 1_000
WIDTH = 20


def meet(number: int, threads: ThreadPoolExecutor) -> None:
    fields = [(f"field_{i}", int) for i in range(WIDTH)]
    inner = msgspec.defstruct(f"Inner{number}", fields)
    kind = msgspec.defstruct(f"Row{number}", [*fields, ("inner", inner)])
    columns = (*(name for name, _ in fields), "inner_json")
    row = (*range(WIDTH), msgspec.json.encode({name: 1 for name, _ in fields}).decode())
    gate = Barrier(THREADS)

    def convert(_: int) -> int:
        gate.wait()
        return len(rows(kind, columns, [row]))

    assert list(threads.map(convert, range(THREADS))) == [1] * THREADS


sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(THREADS) as pool:
    for round_ in range(ROUNDS):
        meet(round_, pool)
