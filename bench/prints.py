"""Forty codes on paper: as long as a merchant waits for them, and what they take."""

from __future__ import annotations

import time
from typing import Any

from bench import servers
from bench.figures import Aim, Figure, Part
from bench.peak import Peak
from bench.run import Run
from bench.shop import Shop, visit

CODES = 40
SECONDS_MAX = 5.0
PEAK_MIB_MAX = 250.0
TEMPLATES = ("table", "avery-l7163")
ELSEWHERE = {"HANDBILL_PUBLIC_URL": "https://pay.example.com"}
"""Codes for this machine alone are not printed."""


def measure(run: Run) -> Part:
    folder = run.place("prints")
    placing: list[float] = []
    first: list[float] = []
    again: dict[str, list[float]] = {template: [] for template in TEMPLATES}
    kib: dict[str, float] = {}
    peaks: list[float] = []
    for number in run.each_round("prints"):
        peak = Peak()
        with servers.handbill(folder / f"house{number}", environment=ELSEWHERE) as server:
            began = time.perf_counter()
            link = visit(server, _tables)
            placing.append(time.perf_counter() - began)
            with peak.watch(server.pid):
                first.append(_taken(server, link, TEMPLATES[0])[0])
                for template in TEMPLATES:
                    seconds, size = _taken(server, link, template)
                    again[template].append(seconds)
                    kib[template] = size / 1_024
        peaks.append(peak.mib)
    aim = Aim(SECONDS_MAX, at_least=False)
    return Part(
        f"A link, {CODES} placements, {CODES} cards as one PDF, SQLite",
        [
            Figure("link and placements", placing, "s"),
            Figure(f"{TEMPLATES[0]}, the first print", first, "s", aim),
            *(Figure(f"{name}, once more", again[name], "s", aim) for name in TEMPLATES),
            Figure("memory, peak with children", peaks, "MiB", Aim(PEAK_MIB_MAX, at_least=False)),
        ],
        [
            "With the reading of every code from the finished pages at 150 and 300 dots an inch.",
            "The first print starts the worker process and looks for the fonts of the machine.",
            "Size: " + ", ".join(f"{name} {size:,.0f} KiB" for name, size in kib.items()) + ".",
        ],
    )


async def _tables(shop: Shop) -> dict[str, Any]:
    link = await shop.make_link(title="Table service")
    await shop.fetch(f"/api/v1/links/{link['id']}/placements", json={"range": f"Table 1..{CODES}"})
    return link


def _taken(server: servers.Server, link: dict[str, Any], template: str) -> tuple[float, int]:
    """Seconds, and the bytes of the file."""
    body = {"template": template, "placements": "all"}
    began = time.perf_counter()
    made = visit(server, lambda shop: shop.fetch(f"/api/v1/links/{link['id']}/print", json=body))
    return time.perf_counter() - began, len(made)
