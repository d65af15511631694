"""How soon a server answers, and how much memory it takes: just started, after a little of
everything, and at its highest with the processes that it starts."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from bench import processes, servers
from bench.figures import Aim, Figure, Part
from bench.load import Plan, load
from bench.page import CONNECTIONS, page_request
from bench.peak import Peak
from bench.run import Run
from bench.shop import Shop, visit

ROOT = Path(__file__).parent.parent
TREE = ("bin", "requirements", "src", "pyproject.toml", "README.md", "LICENSE")
WARM_SECONDS_MAX = 1.5
COLD_SECONDS_MAX = 30.0
IDLE_MIB_MAX = 80.0
PEAK_MIB_MAX = 250.0
SETTLE_SECONDS = 2.0


def measure(run: Run) -> Part:
    folder = run.place("start")
    empty: list[float] = []
    again: list[float] = []
    cpu: list[float] = []
    fresh: list[float] = []
    idle: list[float] = []
    peaks: list[float] = []
    for number in run.each_round("start"):
        place = folder / f"house{number}"
        with servers.handbill(place) as server:
            empty.append(server.started_in)
            time.sleep(SETTLE_SECONDS)
            fresh.append(processes.memory_mib(server.pid))
        peak = Peak()
        with servers.handbill(place) as server, peak.watch(server.pid):
            again.append(server.started_in)
            cpu.append(server.cpu_seconds)
            visit(server, _use_everything)
            load(Plan(server.port, page_request(server), 200, CONNECTIONS, run.seconds))
            time.sleep(SETTLE_SECONDS)
            idle.append(processes.memory_mib(server.pid))
        peaks.append(peak.mib)
    return Part(
        "Start and memory, SQLite",
        [
            Figure("empty folder to first answer", empty, "s", Aim(WARM_SECONDS_MAX, False)),
            Figure("used folder to first answer", again, "s", Aim(WARM_SECONDS_MAX, False)),
            Figure("used folder, processor time", cpu, "s"),
            Figure("memory, just started", fresh, "MiB", Aim(IDLE_MIB_MAX, False)),
            Figure("memory, idle after use", idle, "MiB", Aim(IDLE_MIB_MAX, False)),
            Figure("memory, peak with children", peaks, "MiB", Aim(PEAK_MIB_MAX, False)),
        ],
        (
            "Resident memory; pages that a process shares with its child count twice.",
            "Use: a payment, codes as PNG, SVG and PDF, five pictures, the reference, page views.",
        ),
    )


def measure_cold(run: Run) -> Part:
    """From a copy of the tree without anything prepared. Asks the package registry."""
    folder = run.place("cold")
    taken = []
    for number in run.each_round("cold"):
        copy = folder / f"tree{number}"
        copy.mkdir()
        for name in TREE:
            _copy(ROOT / name, copy / name)
        nowhere = {name: str(folder / f"home{number}") for name in ("HOME", "XDG_CACHE_HOME")}
        with servers.handbill(
            folder / f"house{number}", command=[str(copy / "bin" / "serve")], environment=nowhere
        ) as server:
            taken.append(server.started_in)
    return Part(
        "Cold start: `bin/serve` in a copy of the tree, nothing prepared, empty caches",
        [Figure("to first answer", taken, "s", Aim(COLD_SECONDS_MAX, at_least=False))],
        ("It contains the download of every package, so it depends on the network.",),
    )


async def _use_everything(shop: Shop) -> None:
    link = await shop.make_full_link()
    for address in (
        *(link["qr_url"] + suffix for suffix in (".png", ".svg", ".pdf")),
        *("/docs", "/openapi.json", "/", "/sandbox/inbox"),
    ):
        await shop.get(address)
    await shop.approve(await shop.start_paying(link))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.exists():
        shutil.copyfile(source, target)
        target.chmod(source.stat().st_mode)
