"""Durable links: `POST /api/v1/links` at 64 connections, beside pgbench on the same disk."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

import psycopg

from bench import servers
from bench.figures import Aim, Figure, Part, ratios
from bench.load import Plan, Result, load
from bench.pgbench import CLIENTS, Pgbench, durable_postgres
from bench.run import Run
from bench.servers import Server

CONNECTIONS = 64
RATIO_MIN = 0.7
BODY = (
    b'{"amount": {"default": 1000, "currency": "RUB"}, "amount_type": "fixed",'
    b' "pay_config": {"methods": ["card"]}}'
)
NOTES = (
    "Both sides store a link, an event and the merchant's counter, on the disk when answered.",
    "Handbill also checks the key, reads and checks the body, and looks for webhooks to send.",
    "The ratios are to pgbench with a merchant for each client, where none waits for another's",
    "row; Handbill writes for one merchant.",
)
_COUNT = "SELECT COUNT(*) FROM links"


class Contender:
    """A server, and what it did in each round."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.results: list[Result] = []
        self.cpu_ms: list[float] = []

    @property
    def acknowledged(self) -> int:
        return sum(result.all_answers for result in self.results)

    @property
    def rates(self) -> list[float]:
        return [result.rate for result in self.results]

    def measure(self, run: Run) -> None:
        before = self.server.cpu_seconds
        result = load(
            Plan(
                port=self.server.port,
                request=_request(self.server.key),
                status=201,
                connections=CONNECTIONS,
                seconds=run.seconds,
            )
        )
        self.results.append(result)
        self.cpu_ms.append((self.server.cpu_seconds - before) * 1_000 / result.all_answers)

    def figures(self, name: str, rates: list[float]) -> list[Figure]:
        return [
            Figure(f"{name}, links", self.rates, "/s"),
            Figure(f"{name}, of pgbench", ratios(self.rates, rates), aim=Aim(RATIO_MIN)),
            Figure(f"{name}, median answer", [r.p50_ms for r in self.results], "ms"),
            Figure(f"{name}, 99 of 100 answers", [r.p99_ms for r in self.results], "ms"),
            Figure(f"{name}, processor time of Handbill", self.cpu_ms, "ms/link"),
        ]


def measure(run: Run) -> Part:
    folder = run.place("links")
    rates: dict[bool, list[float]] = defaultdict(list)
    with durable_postgres(folder) as postgres:
        yardstick = Pgbench(postgres, folder)
        url = postgres.create("handbill")
        with (
            servers.handbill(folder / "sqlite") as on_file,
            servers.handbill(folder / "postgres", database_url=url) as on_postgres,
        ):
            contenders = Contender(on_file), Contender(on_postgres)
            for _ in run.each_round("links"):
                for contender in contenders:
                    contender.measure(run)
                for one_merchant in (False, True):
                    rates[one_merchant].append(
                        yardstick.rate(run.seconds, one_merchant=one_merchant)
                    )
        file, database = contenders
        with psycopg.connect(url) as db:
            kept_there = db.execute(_COUNT).fetchone()
        _check(database, kept_there)
    with sqlite3.connect(folder / "sqlite" / "handbill.db") as db_file:
        _check(file, db_file.execute(_COUNT).fetchone())
    busy = max(result.busy for one in contenders for result in one.results)
    return Part(
        f"Durable links: {CONNECTIONS} connections, one key, beside pgbench",
        [
            *file.figures("SQLite", rates[False]),
            *database.figures("PostgreSQL", rates[False]),
            Figure(f"pgbench, {CLIENTS} clients, a merchant each", rates[False], "/s"),
            Figure(f"pgbench, {CLIENTS} clients, one merchant", rates[True], "/s"),
        ],
        [
            *NOTES,
            f"The load generator took at most {busy:.0%} of a core, on the same cores.",
            "Every acknowledged link was counted in the databases afterwards.",
        ],
    )


def _request(key: str) -> bytes:
    head = (
        "POST /api/v1/links HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"x-api-key: {key}\r\ncontent-length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


def _check(contender: Contender, row: tuple[int, ...] | None) -> None:
    """Raises RuntimeError where a link that was answered is not there."""
    kept = row[0] if row else 0
    if kept < contender.acknowledged:
        raise RuntimeError(f"{contender.acknowledged} links were answered, {kept} are there")
