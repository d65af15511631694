"""Counts by name and labels, from every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from handbill.infra.tallies import Tallies


def test_counts_are_kept_by_name_and_labels() -> None:
    tallies = Tallies()
    tallies.count("calls", "sandbox", "create")
    tallies.count("calls", "sandbox", "fetch", by=2)
    tallies.count_all([("calls", ("sandbox", "create")), ("commits", ())])

    assert tallies.of("calls") == {("sandbox", "create"): 2, ("sandbox", "fetch"): 2}
    assert tallies.of("commits") == {(): 1}
    assert tallies.of("unheard of") == {}


def test_no_count_is_lost_between_threads() -> None:
    tallies = Tallies()

    def count_many() -> None:
        for _ in range(5_000):
            tallies.count("calls", "a")

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(count_many) for _ in range(4)]:
            done.result()

    assert tallies.of("calls") == {("a",): 20_000}
