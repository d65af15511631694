"""Notice channels: where a merchant hears of things by e-mail or messenger."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handbill.infra.paging import Page
from handbill.kernel.clock import iso
from handbill.kernel.errors import Conflict, TooMany, Unavailable
from handbill.kernel.languages import DEFAULT, LanguageCode
from handbill.merchants.model import Scope
from handbill.notices import model, recipients, service, store
from handbill.notices.model import ChannelStatus, DisabledReason, Kind
from handbill.notices.telling import Trial
from handbill.web.api.values import Id, Moment
from handbill.web.calls import Call
from handbill.web.cursors import Paged
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = "Notice channels"
EVENTS_MAX = 20

Types = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...],
    Meta(
        min_length=1,
        max_length=EVENTS_MAX,
        description="Of these: "
        + ", ".join(f"`{name}`" for name in model.EVENTS)
        + "; `*` is all.",
    ),
]
Email = Annotated[str, Meta(max_length=254, description="For the kind `email`.")]
Token = Annotated[
    str, Meta(max_length=100, description="For the kind `telegram`: the bot's. Never shown again.")
]
Chat = Annotated[
    str, Meta(max_length=40, description="For the kind `telegram`: a chat's number, or `@channel`.")
]
Place = Annotated[
    str,
    Meta(
        max_length=recipients.ADDRESS_MAX,
        description=f"For the kind `address`, one of: {recipients.forms()}. Shown by its scheme.",
    ),
]
Lang = Annotated[LanguageCode, Meta(description="The language of the notices.")]


class NewChannel(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail address, a Telegram chat, or the address of another service."""

    kind: Kind
    email: Email | None = None
    token: Token | None = None
    chat: Chat | None = None
    address: Place | None = None
    events: Types = (model.EVERY,)
    lang: Lang = DEFAULT


class ChannelChange(msgspec.Struct, frozen=True, kw_only=True):
    """Absent fields stay as they are; the kind cannot change. `status` switches the channel off,
    and on again."""

    email: Email | UnsetType = UNSET
    token: Token | UnsetType = UNSET
    chat: Chat | UnsetType = UNSET
    address: Place | UnsetType = UNSET
    events: Types | UnsetType = UNSET
    lang: Lang | UnsetType = UNSET
    status: ChannelStatus | UnsetType = UNSET


class NoticeChannel(msgspec.Struct, frozen=True, kw_only=True):
    """Its secrets are never shown."""

    id: Id
    created: Moment
    kind: Kind
    email: str | None
    chat: str | None
    address: str | None
    events: Types
    lang: LanguageCode
    status: ChannelStatus
    status_reason: (
        Annotated[
            DisabledReason,
            Meta(description="Why it is disabled: three days of failures, or you."),
        ]
        | None
    )
    failing_since: (
        Annotated[Moment, Meta(description="The first failure since the last success.")] | None
    )
    last_error: Annotated[str, Meta(description="What the last failure said.")] | None
    last_sent_at: Moment | None
    test: bool
    updated: Moment


class DeletedChannel(msgspec.Struct, frozen=True):
    """Nothing more is sent to it, and nothing of it is kept."""

    id: Id
    deleted: bool = True


class ChannelTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the test: `sent`, or the `error` that the service or the mail server gave."""

    sent: bool
    error: str | None
    channel: NoticeChannel


def show_channel(channel: model.Channel) -> NoticeChannel:
    def of(kind: Kind) -> str | None:
        return channel.target if channel.kind is kind else None

    since, sent_at = channel.failing_since, channel.last_sent_at
    return NoticeChannel(
        id=channel.id,
        created=iso(channel.created_at),
        kind=channel.kind,
        email=of(Kind.EMAIL),
        chat=of(Kind.TELEGRAM),
        address=of(Kind.ADDRESS),
        events=channel.events,
        lang=channel.lang,
        status=channel.status,
        status_reason=channel.status_reason,
        failing_since=None if since is None else iso(since),
        last_error=channel.last_error,
        last_sent_at=None if sent_at is None else iso(sent_at),
        test=channel.test,
        updated=iso(channel.updated_at),
    )


def show_trial(trial: Trial) -> ChannelTrial:
    return ChannelTrial(
        sent=trial.error is None, error=trial.error, channel=show_channel(trial.channel)
    )


async def create_channel(call: Call, body: NewChannel) -> Reply:
    said = msgspec.structs.asdict(body) | {"events": tuple(dict.fromkeys(body.events))}
    terms, crypto = service.Terms(**said), call.deps.crypto
    has_mail = call.deps.teller.has_mail
    return await call.write(
        lambda tx: service.create(tx, crypto, call.tenant, terms, has_mail=has_mail), show_channel
    )


async def get_channel(call: Call) -> NoticeChannel:
    found = await call.deps.db.point(lambda tx: service.get(tx, call.tenant, call.id))
    return show_channel(found)


async def list_channels(call: Call, query: Paged) -> Page[NoticeChannel]:
    page = await call.deps.db.read(
        lambda tx: store.list_page(tx, call.tenant, query.cursor, query.limit)
    )
    return Page([show_channel(item) for item in page.items], page.next)


async def change_channel(call: Call, body: ChannelChange) -> Reply:
    changes = {n: v for n, v in msgspec.structs.asdict(body).items() if v is not UNSET}
    if body.events is not UNSET:
        changes["events"] = tuple(dict.fromkeys(body.events))
    crypto = call.deps.crypto
    return await call.write(
        lambda tx: service.change(tx, crypto, call.tenant, call.id, changes), show_channel
    )


async def delete_channel(call: Call) -> Reply:
    return await call.write(
        lambda tx: service.delete(tx, call.tenant, call.id), lambda gone: DeletedChannel(gone.id)
    )


async def test_channel(call: Call) -> Reply:
    async def finish(channel_id: str) -> Trial:
        return await call.deps.teller.try_out(call.deps.db, call.tenant, channel_id)

    return await call.carry_out(
        lambda tx: service.get(tx, call.tenant, call.id).id, finish, show_trial
    )


PATH = "/api/v1/notice_channels"
ONE = PATH + "/{id}"
_SHARED: dict[str, Any] = {"tag": TAG, "scope": Scope.ADMIN}

OPERATIONS = (
    Operation(
        name="createNoticeChannel",
        method="POST",
        path=PATH,
        summary="Add a notice channel",
        description="It tells what happens from then on, in the mode of the key. At most"
        f" {model.CHANNELS_MAX} in each mode. 409 for `email` where the installation sends none.",
        handler=create_channel,
        body=NewChannel,
        answer=NoticeChannel,
        status=201,
        errors=(Conflict,),
        example={
            "kind": "telegram",
            "token": "123456789:AAExampleExampleExampleExampleExample",
            "chat": "-1001234567890",
            "events": ["payment.charged"],
        },
        **_SHARED,
    ),
    Operation(
        name="listNoticeChannels",
        method="GET",
        path=PATH,
        summary="List notice channels",
        description="Newest first.",
        handler=list_channels,
        query=Paged,
        answer=NoticeChannel,
        paged=True,
        **_SHARED,
    ),
    Operation(
        name="getNoticeChannel",
        method="GET",
        path=ONE,
        summary="Read a notice channel",
        handler=get_channel,
        answer=NoticeChannel,
        **_SHARED,
    ),
    Operation(
        name="changeNoticeChannel",
        method="PATCH",
        path=ONE,
        summary="Change a notice channel",
        handler=change_channel,
        body=ChannelChange,
        answer=NoticeChannel,
        example={"status": "enabled"},
        **_SHARED,
    ),
    Operation(
        name="deleteNoticeChannel",
        method="DELETE",
        path=ONE,
        summary="Delete a notice channel",
        handler=delete_channel,
        answer=DeletedChannel,
        **_SHARED,
    ),
    Operation(
        name="testNoticeChannel",
        method="POST",
        path=ONE + "/test",
        summary="Send a test to a notice channel",
        description="Waits up to half a minute and answers what came of it.",
        handler=test_channel,
        answer=ChannelTrial,
        errors=(TooMany, Unavailable),
        **_SHARED,
    ),
)
