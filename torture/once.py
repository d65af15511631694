"""One run in a process of its own, which may have a disk of its own: reads a plan from standard
input and leaves its report in the run's folder, both JSON."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from torture.disk import may_mount, on_a_small_disk
from torture.report import Report
from torture.run import Plan, torture

ROOT = Path(__file__).parent.parent
SPARE_SECONDS = 900


def run(plan: Plan, folder: Path | None = None) -> Report:
    """Makes what it needs below `folder`, or where temporary files go, and removes it. On SQLite
    with a small disk, where this user may mount one. Raises SubprocessError."""
    with tempfile.TemporaryDirectory(prefix="handbill-torture-", dir=folder) as place:
        Path(place).chmod(0o755)  # PostgreSQL runs as a user of its own
        return _run(msgspec.structs.replace(plan, place=place))


def _run(plan: Plan) -> Report:
    command = [sys.executable, "-m", "torture.once"]
    if plan.database == "sqlite" and may_mount():
        plan.data.mkdir()
        command = on_a_small_disk(plan.data, command)
        plan = msgspec.structs.replace(plan, has_small_disk=True)
    subprocess.run(
        command,
        input=msgspec.json.encode(plan),
        stdout=sys.stderr,
        cwd=ROOT,
        check=True,
        timeout=plan.seconds + SPARE_SECONDS,
    )
    return msgspec.json.decode(plan.report.read_bytes(), type=Report)


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    report = asyncio.run(torture(plan, _say))
    plan.report.write_bytes(msgspec.json.encode(report))


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
