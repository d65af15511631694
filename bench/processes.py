"""What the kernel says of a process and its children: memory and time, from `/proc`."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1_024  # of the kernel's kB


def memory_mib(pid: int) -> float:
    """Resident memory of one process; 0 when it is gone."""
    return _status(pid, "VmRSS:") / _MIB


def memory_of_all_mib(pid: int) -> float:
    """Of a process and everything below it. Pages that they share count each time."""
    return sum(memory_mib(one) for one in [pid, *_below(pid)])


def cpu_seconds(pid: int) -> float:
    """Processor time that the process has had, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(children).split():
            found += [int(child), *_below(int(child))]
    return found


def _status(pid: int, name: str) -> int:
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone meanwhile
        return ""
