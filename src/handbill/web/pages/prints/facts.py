"""What a print is, and what its merchant should know about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from handbill.infra import reach
from handbill.kernel.errors import AddressNotPublic
from handbill.kernel.warnings import Warned
from handbill.qr.prints import Printed
from handbill.web.pages.prints.wording import Job
from handbill.web.prints import Facts

NEAR_MM = 200
"""Nearer than that nobody likes to hold a phone to what hangs or stands somewhere."""


def facts_of(job: Job, printed: Printed, base_url: str) -> Facts:
    return Facts(
        template=job.order.template,
        lang=job.language.code,
        pages=printed.pages,
        codes=len(job.plan.coded) * job.order.copies,
        code_mm=int(printed.code_mm),
        distance_mm=printed.reading.distance_mm,
        left_out=printed.left_out,
        warnings=tuple(_warnings(job, printed, base_url)),
    )


def refusal(base_url: str) -> str:
    """Why the public address is not for paper, and what to do; empty where it is."""
    found = reach.obstacle(base_url)
    if found is None:
        return ""
    return (
        f"A phone elsewhere cannot open {base_url}: {reach.WORDS[found]}. Set HANDBILL_PUBLIC_URL"
        " to the https address at which payers reach this server."
    )


def _warnings(job: Job, printed: Printed, base_url: str) -> Iterator[Warned]:
    if words := refusal(base_url):
        yield Warned(AddressNotPublic.code, words)
    if stale := job.plan.stale:
        words = "Paper with these codes hangs somewhere and says another price: replace it."
        yield Warned("stale_prints", words, tuple(stale))
    if job.plan.end is not None:
        yield Warned("not_payable", "Nobody can pay this link as it is now.", (job.plan.end,))
    if printed.reading.distance_mm < NEAR_MM:
        yield Warned("small_code", f"It is made to be read from nearer than {NEAR_MM} mm.")
    if job.missing:
        yield Warned("missing_pictures", "These are gone or cannot be read.", job.missing)
    if printed.left_out:
        words = "This server has no letters for these: its operator can install a font."
        yield Warned("left_out", words, printed.left_out)
