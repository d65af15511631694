"""What a run found, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from torture.faults import POSTGRES_KILLED


class Report(msgspec.Struct, frozen=True):
    """`ready`: seconds from each start of a killed server to its readiness; `recovered`: from the
    start of a killed PostgreSQL until both servers were ready."""

    database: str
    seed: int
    seconds: float
    struck: dict[str, int]
    acknowledged: dict[str, int]
    unknown: int
    answers: dict[str, int]
    webhooks: int
    webhooks_again: int
    leases_lost: int
    heads: int
    ready: list[float]
    recovered: list[float]
    violations: list[str]

    @property
    def kills(self) -> int:
        return self.struck.get("kill", 0) + self.struck.get(POSTGRES_KILLED, 0)


def table(report: Report) -> str:
    """Two columns, violations at the end."""
    rows = [
        ("database", report.database),
        ("seed", str(report.seed)),
        ("seconds", f"{report.seconds:.0f}"),
        *((name, str(count)) for name, count in sorted(report.struck.items())),
        *((f"acknowledged {name}", str(n)) for name, n in report.acknowledged.items()),
        ("asked, and never answered", str(report.unknown)),
        ("webhooks taken, and again", f"{report.webhooks} + {report.webhooks_again}"),
        ("work refused for an old fence", str(report.leases_lost)),
        ("heads of the books compared", str(report.heads)),
        ("ready after a start", _seconds(report.ready)),
        ("ready after PostgreSQL", _seconds(report.recovered)),
        ("answers", ", ".join(f"{k}: {n}" for k, n in sorted(report.answers.items()))),
        ("violations", str(len(report.violations))),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    return "\n".join([*lines, *(f"  - {one}" for one in report.violations)])


def _seconds(of: Sequence[float]) -> str:
    if not of:
        return "-"
    return f"median {median(of):.2f} s, longest {max(of):.2f} s, of {len(of)}"
