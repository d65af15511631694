"""What a reader must know of the machine: cores, disk, and how steady it was during the run."""

from __future__ import annotations

import hashlib
import os
import platform
import statistics
import time
from pathlib import Path

FLUSHES = 200
BLOCK = b"\0" * 4_096
YARDSTICK_ROUNDS = 60_000


class Steadiness:
    """Times the same small piece of work now and then: how far it strays is the machine's noise."""

    def __init__(self) -> None:
        self._milliseconds: list[float] = []

    def look(self) -> None:
        started = time.perf_counter()
        digest = b""
        for _ in range(YARDSTICK_ROUNDS):
            digest = hashlib.sha256(digest).digest()
        self._milliseconds.append((time.perf_counter() - started) * 1_000)

    def __str__(self) -> str:
        looks = self._milliseconds
        if not looks:
            return "not looked at"
        return (
            f"the same work took {min(looks):.0f} to {max(looks):.0f} ms"
            f" ({statistics.median(looks):.0f} in the middle) over {len(looks)} looks"
        )


def described(folder: Path) -> list[str]:
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    disturbed = " (other work will show in the figures)" if load > cores / 2 else ""
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    flush = _flush_microseconds(folder)
    return [
        f"{cores} cores ({_processor()}), {_memory_gib()} GiB of memory, {system}",
        f"disk: {_file_system(folder)}; writing and flushing 4 KiB takes {flush:.0f} µs",
        f"load before the run: {load:.1f}{disturbed}",
    ]


def _flush_microseconds(folder: Path) -> float:
    path = folder / "flushed"
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(FLUSHES):
            started = time.perf_counter()
            file.write(BLOCK)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(taken) * 1_000_000


def _file_system(folder: Path) -> str:
    """The kind of file system that holds the folder, by the longest mount point above it."""
    place, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, name, *_ = line.split()
        above = point == "/" or f"{folder}/".startswith(f"{point}/")
        if above and len(point) >= len(place):
            place, kind = point, name
    return kind + (" (memory, not a disk!)" if kind == "tmpfs" else "")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _memory_gib() -> int:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return round(pages * size / 2**30)
