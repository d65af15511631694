"""Everything that is measured, in the text form of Prometheus.

Loaded with the first question: whoever does not ask need not hold the library in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from handbill import __version__
from handbill.infra.tallies import Tallies
from handbill.kernel.clock import SECOND, Instant
from handbill.web.measures import Measures
from handbill.web.visits import BUCKETS_SECONDS, Durations

COUNTERS: Mapping[str, tuple[str, Sequence[str]]] = {
    "events": ("Events recorded and committed by this process.", ("type",)),
    "provider_calls": (
        "Calls to acquirers that ended, by what came of them.",
        ("provider", "call", "outcome"),
    ),
    "webhook_attempts": ("Attempts to deliver webhooks, by verdict.", ("verdict",)),
    "guard_answers": (
        "Tries to pay that the guard against card testing met: challenged, proved or blocked.",
        ("answer",),
    ),
    "rate_limited": (
        "Requests refused by a limit: of a key, a network, misses, or a door for people.",
        ("limit",),
    ),
    "opens_lost": ("Opens of pages that found no room in memory to wait for the database.", ()),
    "commits": ("Transactions committed by this process.", ()),
    "committed_writes": ("Writes that shared those transactions.", ()),
}
"""Name without prefix and ending -> help and labels."""


class _Figures(Collector):
    """What was counted and read before the library asks for it."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


class Exposition:
    """`write` may be called from any thread."""

    def __init__(self) -> None:
        self._process = ProcessCollector(registry=None)

    def write(
        self,
        visits: Mapping[tuple[str, str, str], Durations],
        tallies: Tallies,
        waiting: int,
        measures: Measures | None,
        now: Instant,
    ) -> bytes:
        """`measures` None: the database did not answer in time; what it knows is left out."""
        registry = CollectorRegistry()
        registry.register(self._process)
        metrics = [
            _build(),
            _requests(visits),
            *_counted(tallies),
            _gauge("writer_queue_length", "Writes that wait for their transaction.", waiting),
            _gauge(
                "database_readable",
                "1 where the database answered in time; what it knows is left out elsewhere.",
                measures is not None,
            ),
        ]
        if measures is not None:
            metrics += _measured(measures, now)
        registry.register(_Figures(metrics))
        return generate_latest(registry)


def _build() -> Metric:
    metric = GaugeMetricFamily(
        "handbill_build_info", "The version that runs; always 1.", labels=("version",)
    )
    metric.add_metric((__version__,), 1)
    return metric


def _requests(visits: Mapping[tuple[str, str, str], Durations]) -> Metric:
    metric = HistogramMetricFamily(
        "handbill_http_request_duration_seconds",
        "Requests answered, by the template of their address, and how long each took.",
        labels=("method", "route", "status"),
    )
    for labels, durations in sorted(visits.items()):
        buckets, below = [], 0
        for bound, count in zip((*BUCKETS_SECONDS, "+Inf"), durations.counts, strict=True):
            below += count
            buckets.append((str(bound), below))
        metric.add_metric(labels, buckets, durations.sum_seconds)
    return metric


def _counted(tallies: Tallies) -> Iterator[Metric]:
    for name, (words, labels) in COUNTERS.items():
        metric = CounterMetricFamily(f"handbill_{name}", words, labels=labels)
        counts = tallies.of(name) or ({} if labels else {(): 0})
        for values, count in sorted(counts.items()):
            metric.add_metric(values, count)
        yield metric


def _measured(measures: Measures, now: Instant) -> Iterator[Metric]:
    yield _gauge(
        "outbox_age_seconds",
        "Age of the oldest event that was not turned into deliveries yet; 0 when all were.",
        _age(measures.unsent_event_at, now),
    )
    yield _gauge(
        "open_attempt_age_seconds",
        "Age of the oldest attempt whose outcome is not known; 0 when there is none.",
        _age(measures.open_attempt_at, now),
    )
    yield _gauge(
        "deliveries_late_seconds",
        "How long the webhook that waits longest has been due; 0 when none is.",
        _age(measures.delivery_due_at, now),
    )
    yield _gauge(
        "ledger_imbalance_minor_units",
        "Debits less credits, summed without sign over the newest entries of the books; must be 0.",
        measures.ledger.imbalance_minor,
    )
    yield _gauge(
        "ledger_unsealed_entries",
        "Entries left open among the newest of the books; must be 0.",
        measures.ledger.unsealed,
    )
    due = GaugeMetricFamily(
        "handbill_jobs_due", "Jobs that are due or running, by kind.", labels=("kind",)
    )
    late = GaugeMetricFamily(
        "handbill_jobs_late_seconds", "How long the oldest of them has been due.", labels=("kind",)
    )
    for jobs in measures.jobs:
        due.add_metric((jobs.kind,), jobs.count)
        late.add_metric((jobs.kind,), _age(jobs.oldest_at, now))
    yield due
    yield late


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"handbill_{name}", words, value=value)


def _age(at: Instant | None, now: Instant) -> float:
    return 0.0 if at is None else max(0, now - at) / SECOND
