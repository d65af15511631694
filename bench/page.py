"""The pay page with five products and their pictures, beside the least that an ASGI application
can be on the same server settings."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from bench import servers
from bench.figures import Aim, Figure, Part, ratios
from bench.load import Plan, Result, load
from bench.run import Run
from bench.servers import Server
from bench.shop import visit

CONNECTIONS = 32
PRODUCTS = 5
RATIO_MIN = 0.5


def measure(run: Run) -> Part:
    folder = run.place("page")
    pages: list[Result] = []
    anew: list[Result] = []
    hellos: list[Result] = []
    cpu_ms: list[float] = []
    with servers.hello(folder) as hello, servers.handbill(folder / "house") as house:
        asked, limited = page_request(house), page_request(house, max_payments=1_000_000)
        for _ in run.each_round("page"):
            hellos.append(load(_plan(hello, _get("/"), run.seconds)))
            before = house.cpu_seconds
            pages.append(load(_plan(house, asked, run.seconds)))
            cpu_ms.append((house.cpu_seconds - before) * 1_000 / pages[-1].all_answers)
            anew.append(load(_plan(house, limited, run.seconds)))
    rates, yardstick = [p.rate for p in pages], [h.rate for h in hellos]
    busy = max(result.busy for result in (*pages, *anew, *hellos))
    return Part(
        f"The pay page with {PRODUCTS} products: {CONNECTIONS} connections, SQLite",
        [
            Figure("page", rates, "/s"),
            Figure("hello", yardstick, "/s"),
            Figure("page, of hello", ratios(rates, yardstick), aim=Aim(RATIO_MIN)),
            Figure("page, 99 of 100 answers", [p.p99_ms for p in pages], "ms"),
            Figure("page, processor time", cpu_ms, "ms/page"),
            Figure("page of a link with a limit", [a.rate for a in anew], "/s"),
        ],
        [
            "Every copy has a token of its own. Nothing is committed meanwhile, so the page comes",
            "from memory; that of a link with a limit is read and made anew for every visitor.",
            f"The load generator took at most {busy:.0%} of a core, on the same cores.",
        ],
    )


def page_request(server: Server, **fields: Any) -> bytes:
    """Makes the link; gives the request for its page."""
    link = visit(server, lambda shop: shop.make_full_link(PRODUCTS, **fields))
    return _get(urlsplit(link["url"]).path)


def _plan(server: Server, request: bytes, seconds: float) -> Plan:
    return Plan(
        port=server.port, request=request, status=200, connections=CONNECTIONS, seconds=seconds
    )


def _get(path: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        "host: localhost",
        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "accept-language: en-US,en;q=0.5",
        "accept-encoding: gzip, deflate, br, zstd",
    )
    return "\r\n".join([*lines, "", ""]).encode()
