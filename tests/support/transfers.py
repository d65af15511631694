"""A shop that takes bank transfers: its accounts, its payers' references, and who confirms."""

from __future__ import annotations

from handbill.infra.database import Tx
from handbill.kernel.money import Money
from handbill.merchants import transfers
from handbill.merchants.model import Account
from handbill.payments import confirming, model, ordering, service
from handbill.payments.confirming import Credit
from handbill.payments.model import Payment
from handbill.payments.order import Order
from handbill.payments.ordering import PaymentOrder
from handbill.payments.start import Started
from tests.support.shop import CRYPTO, Shop

ROUBLES = {
    "name": "ООО «Три кита»",  # noqa: RUF001 -- Russian
    "account": "40702810138250123017",
    "bank_name": 'ОАО "БАНК"',  # noqa: RUF001 -- Russian
    "bic": "044525225",
    "correspondent_account": "30101810400000000225",
}
"""The payee of the samples in GOST R 56042-2014."""
EUROS = {"name": "François D'Alsace S.A.", "iban": "FR1420041010050500013M02606"}
"""The payee of a sample in EPC069-12."""
REQUISITES = {"RUB": ROUBLES, "EUR": EUROS}


async def bank_account(shop: Shop, currency: str = "RUB") -> Account:
    return await shop.write(
        lambda tx: transfers.add(tx, CRYPTO, shop.tenant, currency, REQUISITES[currency])
    )


async def confirm(
    shop: Shop,
    started: Started,
    amount: int | None = None,
    *,
    reference: str | None = None,
    bank_entry: str | None = None,
) -> Payment:
    """The merchant has seen the money."""
    credit = Credit(amount, reference, bank_entry)

    def act(tx: Tx) -> Payment:
        payment = service.get(tx, shop.tenant, started.payment.id)
        return confirming.confirm(tx, payment, credit, "somebody")

    return await shop.write(act)


async def order(shop: Shop, life: int = model.PAYMENT_LIFE) -> Payment:
    """A payment that the API or a till made, over ten roubles."""
    asked = PaymentOrder(amount=Money(1_000, "RUB"))
    ordered = await shop.write(
        lambda tx: ordering.order(tx, CRYPTO, shop.tenant, asked, (), life=life)
    )
    return ordered.payment


async def pay_order(shop: Shop, payment: Payment, method: str) -> Started:
    return await shop.payments.start(shop.db, Order(token=payment.token, method=method))
