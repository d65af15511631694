"""What Prometheus reads of a running house, and who may read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from handbill.infra.database import Tx
from handbill.kernel.clock import MINUTE, SECOND, ManualClock
from handbill.payments.model import RECONCILE_AFTER
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio

TOKEN = "a token of thirty-two characters!"


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[RunningHouse]:
    async with running_house(database_url, tmp_path / "data", clock) as running:
        yield running


class Figures:
    """The answer, as a parser that is not ours reads it."""

    def __init__(self, text: str) -> None:
        self.families: dict[str, Metric] = {
            family.name: family for family in text_string_to_metric_families(text)
        }

    def of(self, name: str, **labels: str) -> float | None:
        """The value with at least these labels, or None."""
        for family in self.families.values():
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return float(sample.value)
        return None


async def read(house: RunningHouse) -> Figures:
    answer = await house.client().get("/metrics")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Figures(answer.text)


async def test_what_happens_is_counted_by_template_type_and_outcome(house: RunningHouse) -> None:
    payer = house.new_payer()
    link = await house.make_link()
    acquirer = await payer.begin(link["url"])
    await payer.decide(acquirer, "approve")
    await house.settle()
    await payer.look("/pay/link/nonsense")
    await payer.look("/nowhere/at/all")
    figures = await read(house)

    def requests(**labels: str) -> float | None:
        return figures.of("handbill_http_request_duration_seconds_count", **labels)

    assert requests(method="POST", route="/api/v1/links", status="2xx") == 1
    assert requests(method="GET", route="/pay/link/{id}", status="2xx") == 1
    assert requests(method="GET", route="/pay/link/{id}", status="4xx") == 1
    assert requests(method="POST", route="/pay/link/{id}", status="3xx") == 1
    assert requests(route="none", status="4xx") == 1
    assert requests(route="/sandbox")
    assert figures.of("handbill_events_total", type="payment.charged") == 1
    assert figures.of("handbill_events_total", type="link.created") == 1
    assert figures.of("handbill_webhook_attempts_total", verdict="delivered") == 1
    calls = {"provider": "sandbox", "call": "create", "outcome": "action_required"}
    assert figures.of("handbill_provider_calls_total", **calls) == 1
    assert figures.of("handbill_database_readable") == 1
    assert figures.of("handbill_ledger_imbalance_minor_units") == 0
    assert figures.of("handbill_ledger_unsealed_entries") == 0
    assert figures.of("handbill_writer_queue_length") == 0
    assert figures.of("process_resident_memory_bytes")
    commits = figures.of("handbill_commits_total")
    assert commits
    assert commits <= (figures.of("handbill_committed_writes_total") or 0)


async def test_what_was_undone_is_not_counted(house: RunningHouse) -> None:
    def change_and_fail(tx: Tx) -> None:
        tx.count("events", "link.closed")
        tx.run("UPDATE merchants SET name = 'x' WHERE id = :id", id=house.merchant.id)
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        await house.house.db.write(change_and_fail)

    assert (await read(house)).of("handbill_events_total", type="link.closed") is None


async def test_what_waits_gets_older(house: RunningHouse) -> None:
    link = await house.make_link()
    await house.settle()
    assert (await read(house)).of("handbill_open_attempt_age_seconds") == 0
    await house.new_payer().begin(link["url"])
    house.clock.advance(2 * MINUTE)
    figures = await read(house)

    assert figures.of("handbill_open_attempt_age_seconds") == 120
    assert figures.of("handbill_outbox_age_seconds") == 120
    assert figures.of("handbill_jobs_due", kind="payments.reconcile") == 1
    late = 120 - RECONCILE_AFTER[0] / SECOND
    assert figures.of("handbill_jobs_late_seconds", kind="payments.reconcile") == late
    await house.settle()
    assert (await read(house)).of("handbill_outbox_age_seconds") == 0


async def test_a_broken_book_is_seen(house: RunningHouse) -> None:
    payer = house.new_payer()
    await payer.decide(await payer.begin((await house.make_link())["url"]), "approve")
    await house.settle()

    def open_entry(tx: Tx) -> None:
        """Behind the back of the book, and of its triggers."""
        tx.run("DROP TRIGGER ledger_postings_add" + on_table(house))
        tx.run(
            "INSERT INTO ledger_postings (entry_id, line, account, side, amount_minor, currency)"
            " SELECT id, 99, 'x', 'debit', 7, 'RUB' FROM ledger_entries LIMIT 1"
        )

    await house.house.db.write(open_entry)

    assert (await read(house)).of("handbill_ledger_imbalance_minor_units") == 7


def on_table(house: RunningHouse) -> str:
    """How PostgreSQL drops a trigger."""
    on_postgres = house.house.settings.database_url.startswith("postgresql")
    return " ON ledger_postings" if on_postgres else ""


async def test_every_metric_has_its_help_and_a_unit_where_it_has_one(house: RunningHouse) -> None:
    families = (await read(house)).families.values()
    ours = [family for family in families if family.name.startswith("handbill_")]
    assert len(ours) >= 15
    for family in ours:
        assert len(family.documentation) > 20, family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name


@pytest.mark.parametrize(
    ("options", "headers", "status"),
    [
        ({}, {}, 200),
        ({}, {"x-forwarded-for": "127.0.0.1"}, 404),
        ({}, {"x-forwarded-for": "203.0.113.9", "authorization": f"Bearer {TOKEN}"}, 404),
        ({"metrics_token": TOKEN}, {}, 200),
        ({"metrics_token": TOKEN}, {"via": "1.1 proxy"}, 401),
        ({"metrics_token": TOKEN}, {"forwarded": "for=1", "authorization": "Bearer x"}, 401),
        ({"metrics_token": TOKEN}, {"via": "1", "authorization": f"Bearer {TOKEN}"}, 200),
        ({"trusted_proxies": "127.0.0.0/8"}, {"x-forwarded-for": "203.0.113.9"}, 404),
    ],
)
async def test_only_this_machine_and_who_has_the_token_may_read(
    sqlite_url: str,
    tmp_path: Path,
    clock: ManualClock,
    options: dict[str, Any],
    headers: dict[str, str],
    status: int,
) -> None:
    async with running_house(sqlite_url, tmp_path / "data", clock, **options) as house:
        answer = await house.client(headers).get("/metrics")
        assert answer.status_code == status
        assert ("handbill_" in answer.text) == (status == 200)
