"""What stands around every page of an open till, and how each of them tells of the last sales."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from handbill.infra.database import Tx
from handbill.merchants import service as merchants
from handbill.merchants.model import Identity
from handbill.payments import selling
from handbill.payments.mark import mark_of
from handbill.payments.selling import Sale
from handbill.web.pages.desk import Desk
from handbill.web.pages.language import Language
from handbill.web.pages.showing import seller
from handbill.web.till import standing
from handbill.web.till.views import Frame, ListedSale, Section

Page = TypeVar("Page", bound=msgspec.Struct)


class Frames:
    def __init__(self, desk: Desk) -> None:
        self._crypto = desk.crypto
        self._addresses = desk.addresses

    def latest(self, tx: Tx, identity: Identity, language: Language) -> tuple[ListedSale, ...]:
        sales = selling.latest(tx, identity.tenant)
        return tuple(self.listed(tx, sale, language) for sale in sales)

    def listed(self, tx: Tx, sale: Sale, language: Language) -> ListedSale:
        return standing.listed(sale, mark_of(self._crypto, sale.payment), language, tx.now)

    def around(self, tx: Tx, identity: Identity, section: Section, language: Language) -> Frame:
        """Its pulse tells how the last sales stand, so that any page can say that one was paid."""
        merchant = merchants.get(tx, identity.tenant.merchant_id)
        pulse = [
            {"id": row.id, "state": row.state, "said": f"{row.title}: {language.money(row.amount)}"}
            for row in self.latest(tx, identity, language)
        ]
        return Frame(
            home=self._addresses.door("till"),
            seller=seller(merchant, self._addresses),
            section=section,
            test=identity.tenant.test,
            pulse=msgspec.json.encode(pulse).decode(),
        )


def versioned(view: Page, frame: Frame) -> Page:
    """The view in its frame, with the version of all that the page says."""
    bare = msgspec.structs.replace(frame, pulse="")
    said = msgspec.json.encode(msgspec.structs.replace(view, frame=bare))
    version = hashlib.blake2b(said, digest_size=8).hexdigest()
    return msgspec.structs.replace(view, frame=msgspec.structs.replace(frame, version=version))
