"""Turns refusals into one line on standard error and an exit code, for every command alike."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from handbill.kernel.errors import HandbillError, Invalid


@contextmanager
def told() -> Iterator[None]:
    """2 where a setting or an argument was refused, 1 where something else stands against it."""
    try:
        yield
    except Invalid as error:
        for field, words in error.faults.items():
            _tell(f"{field} {'; '.join(words)}")
        sys.exit(2)
    except HandbillError as error:
        _tell(error.detail or error.code)
        sys.exit(1)
    except OSError as error:
        # Of the machine: no space, no permission, no such folder. Its words are for operators.
        parts = [str(part) for part in (error.filename, error.strerror) if part]
        _tell(": ".join(parts) or str(error))
        sys.exit(1)


def _tell(line: str) -> None:
    sys.stderr.write(f"handbill: {line}\n")
