"""A merchant's own bank accounts, to which payers send transfers. Its requisites are sealed like
any credentials; they are no secret to payers, so the merchant may read them again."""

from __future__ import annotations

from collections.abc import Mapping

from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel.errors import Conflict, Faults, Invalid
from handbill.merchants import accounts
from handbill.merchants.model import Account, AccountStatus, Tenant
from handbill.providers import requisites, transfer


def add(
    tx: Tx, crypto: Crypto, tenant: Tenant, currency: str, fields: Mapping[str, str]
) -> Account:
    """Raises Invalid with what is wrong (requisites below `requisites`); Conflict where payers are
    sent to another account in this currency already: they would be sent to either."""
    credentials = {**_parse(currency, fields), transfer.CURRENCY: currency}
    _check_alone(tx, tenant, currency)
    return accounts.add(
        tx, crypto, tenant, transfer.NAME, credentials, (transfer.METHOD,), (currency,)
    )


def _parse(currency: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The requisites as they are kept. Raises Invalid."""
    try:
        return requisites.fields(requisites.parse(currency, fields))
    except Invalid as error:
        raise Invalid(_below(error.faults)) from error


def switch(tx: Tx, account: Account, *, on: bool) -> Account:
    """Done already is no mistake. Raises Conflict as `add` does, and for other acquirers."""
    if account.provider != transfer.NAME:
        raise Conflict("Only accounts for bank transfers can be switched here.")
    wanted = AccountStatus.ACTIVE if on else AccountStatus.DISABLED
    if account.status is wanted:
        return account
    if on:
        for currency in account.currencies or ():
            _check_alone(tx, Tenant(account.merchant_id, account.test), currency)
    return accounts.set_status(tx, account, wanted)


def requisites_of(crypto: Crypto, account: Account) -> Mapping[str, str] | None:
    """None: an account at an acquirer, whose credentials are never shown."""
    if account.provider != transfer.NAME:
        return None
    kept = crypto.unseal(account.sealed)
    if not isinstance(kept, dict):
        raise TypeError("sealed requisites are not an object")
    return {name: text for name, text in kept.items() if name != transfer.CURRENCY}


def _check_alone(tx: Tx, tenant: Tenant, currency: str) -> None:
    known = accounts.offered(tx, tenant, currency).get(transfer.METHOD)
    if known is not None:
        words = f"Transfers in {currency} go to the account {known.id}: disable it first."
        raise Conflict(words, code="account_exists")


def _below(faults: Faults) -> Faults:
    return {
        name if name == transfer.CURRENCY else f"requisites.{name}": words
        for name, words in faults.items()
    }
