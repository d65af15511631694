"""Where the money of payments goes: a merchant's accounts. Bank accounts for transfers are put in
here; what stands at an acquirer is listed, and its credentials are never shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.infra.paging import Page
from handbill.kernel.clock import iso
from handbill.kernel.errors import Conflict
from handbill.merchants import accounts, model, store, transfers
from handbill.merchants.model import AccountStatus, Scope
from handbill.providers.requisites import KINDS
from handbill.web.api.values import Id, Moment
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = "Provider accounts"

Field = Annotated[str, Meta(max_length=200)]
Requisites = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=40)], Field],
    Meta(
        max_length=20,
        description="By the currency. "
        + " ".join(
            f"{currency}: {', '.join(f'`{name}`' for name in kind.__struct_fields__)}."
            for currency, kind in KINDS.items()
        ),
    ),
]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A bank account that payers send transfers to."""

    provider: Literal["transfer"]
    currency: Literal["RUB", "EUR"]
    requisites: Requisites


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """`disabled`: no payer is sent there any more; what was begun goes on."""

    status: Literal["active", "disabled"]


class ProviderAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Where the money of some methods goes."""

    id: Id
    created: Moment
    provider: str
    methods: list[str]
    currencies: Annotated[list[str], Meta(description="null: all that its methods have.")] | None
    status: Annotated[
        AccountStatus,
        Meta(description="`off`: the installation does not work with this acquirer now."),
    ]
    requisites: (
        Annotated[dict[str, str], Meta(description="Of bank accounts alone: payers see them too.")]
        | None
    )
    test: bool


def show_account(crypto: Crypto, account: model.Account) -> ProviderAccount:
    requisites = transfers.requisites_of(crypto, account)
    return ProviderAccount(
        id=account.id,
        created=iso(account.created_at),
        provider=account.provider,
        methods=list(account.methods),
        currencies=None if account.currencies is None else list(account.currencies),
        status=account.status,
        requisites=None if requisites is None else dict(requisites),
        test=account.test,
    )


async def create_account(call: Call, body: NewAccount) -> Reply:
    crypto = call.deps.crypto
    return await call.write(
        lambda tx: transfers.add(tx, crypto, call.tenant, body.currency, body.requisites),
        lambda account: show_account(crypto, account),
    )


async def get_account(call: Call) -> ProviderAccount:
    found = await call.deps.db.point(lambda tx: accounts.get_of(tx, call.tenant, call.id))
    return show_account(call.deps.crypto, found)


async def list_accounts(call: Call, query: Paged) -> Page[ProviderAccount]:
    page = await call.deps.db.read(
        lambda tx: store.list_accounts_page(tx, call.tenant, query.cursor, query.limit)
    )
    return Page([show_account(call.deps.crypto, item) for item in page.items], page.next)


async def change_account(call: Call, body: AccountChange) -> Reply:
    def change(tx: Tx) -> model.Account:
        account = accounts.get_of(tx, call.tenant, call.id)
        return transfers.switch(tx, account, on=body.status == "active")

    return await call.write(change, lambda account: show_account(call.deps.crypto, account))


PATH = "/api/v1/provider_accounts"
ONE = PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.ADMIN, "answer": ProviderAccount}

OPERATIONS = (
    Operation(
        name="createProviderAccount",
        method="POST",
        path=PATH,
        summary="Add a bank account for transfers",
        description="From then on payers are offered a bank transfer to it, in the mode of the key"
        " and in its currency. Check digits are checked; whether the account is yours, only you"
        " know. 409 where transfers in this currency go to another account already: disable that"
        " first.",
        handler=create_account,
        body=NewAccount,
        status=201,
        errors=(Conflict,),
        example={
            "provider": "transfer",
            "currency": "EUR",
            "requisites": {"name": "Brot und Zeit GmbH", "iban": "DE89370400440532013000"},
        },
        **_SHARED,
    ),
    Operation(
        name="listProviderAccounts",
        method="GET",
        path=PATH,
        summary="List provider accounts",
        description="Newest first; also those at acquirers, and those that are not used.",
        handler=list_accounts,
        query=Paged,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getProviderAccount",
        method="GET",
        path=ONE,
        summary="Read a provider account",
        handler=get_account,
        **_SHARED,
    ),
    Operation(
        name="changeProviderAccount",
        method="PATCH",
        path=ONE,
        summary="Disable a bank account, or use it again",
        description="Payers who were given it before may still send money there. Requisites do not"
        " change: disable the account and add another.",
        handler=change_account,
        body=AccountChange,
        errors=(Conflict,),
        example={"status": "disabled"},
        **_SHARED,
    ),
)
