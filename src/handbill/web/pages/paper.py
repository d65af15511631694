"""The receipt as a file to keep: what the typesetter in the workshop is given, and what comes back.

Texts of merchants go there as data. Where that machine has no letters for the payer's language, the
receipt is in English; the words of the merchant that cannot be set are left out, and it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from handbill.infra.workshop import JobFailed, JobStopped, Workshop
from handbill.kernel.clock import SECOND, Instant
from handbill.kernel.errors import Unavailable
from handbill.web.pages.language import Language
from handbill.web.pages.receipt import Fact, Receipt

TYPESETTING = "handbill.infra.typesetting"
"""The module that the workshop must allow."""
_SOURCE = Path(__file__).parent.parent / "templates" / "receipt.typ"

log = structlog.get_logger()


async def receipt_pdf(
    workshop: Workshop, editions: Sequence[tuple[Receipt, Language]], at: Instant
) -> bytes:
    """`editions` say the same, the one that is wanted first. Raises Unavailable where too much
    waits already, or where it cannot be set."""
    texts: list[str] = []
    sheets = [_sheet(receipt, language, texts) for receipt, language in editions]
    arguments = (_SOURCE.read_text(), _json(sheets), _json(texts), at // SECOND)
    try:
        made = await workshop.run(f"{TYPESETTING}:pdf", *arguments)
    except (JobFailed, JobStopped) as error:
        log.warning("receipt_not_set", error=str(error))
        raise Unavailable("The receipt cannot be made right now.") from error
    return msgspec.convert(made, bytes)


def _sheet(receipt: Receipt, language: Language, texts: list[str]) -> dict[str, Any]:
    """A text that is not ours stands in it as its place among `texts`."""

    def own(text: str) -> int:
        if text not in texts:
            texts.append(text)
        return texts.index(text)

    def row(fact: Fact) -> list[str | int]:
        return [fact.label, own(fact.value) if fact.is_own else fact.value]

    return {
        "title": receipt.title,
        "lang": language.code.partition("-")[0],
        "rtl": language.direction == "rtl",
        "test": receipt.test or None,
        "seller": own(receipt.seller),
        "heading": receipt.heading,
        "words": receipt.words,
        "amount": receipt.amount,
        "lines": [[own(one.title), one.quantity, one.amount] for one in receipt.lines],
        "facts": [row(fact) for fact in receipt.facts],
        "imprint": [row(fact) for fact in receipt.imprint],
        "left_out": language.gettext(
            "Some words are left out, because this server has no letters for them. The page of "
            "the payment shows them all."
        ),
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
