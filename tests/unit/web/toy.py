"""A small API on the real machinery: notes with every kind of field, and two merchants' keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta
from starlette.applications import Starlette
from starlette.types import ASGIApp

from handbill.infra.paging import Page, Position
from handbill.infra.tallies import Tallies
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import LinkNotPayable, NotFound
from handbill.kernel.warnings import Warned
from handbill.merchants.model import Identity, Scope, Tenant
from handbill.web.bodies import Upload as File
from handbill.web.calls import Call
from handbill.web.crowds import Crowds
from handbill.web.cursors import Paged
from handbill.web.deps import Deps
from handbill.web.entrance import Entrance
from handbill.web.envelopes import Shown
from handbill.web.operations import Operation, Upload, not_yet
from handbill.web.paths import build
from handbill.web.rates import Rates
from handbill.web.visits import Visits

KEY = "hb_test_of_merchant_one"
LINKS_ONLY = "hb_test_with_few_scopes"
PAUSED = "hb_test_of_a_paused_merchant"


def read_moment(value: Any) -> int:
    if not isinstance(value, str) or not value.endswith("Z"):
        raise ValueError("must be a time that ends in Z")
    return len(value)


class Price(msgspec.Struct, frozen=True):
    value: Annotated[int, Meta(ge=1, le=1_000, description="Minor units.")]
    low: Annotated[int, Meta(ge=0)] | None = None

    def faults(self) -> dict[str, list[str]]:
        too_high = self.low is not None and self.low > self.value
        return {"low": ["must not be above value"]} if too_high else {}


class NewNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a note."""

    title: Annotated[str, Meta(min_length=1, max_length=20)]
    kind: Literal["plain", "loud"]
    price: Price
    odd: Annotated[int, Meta(extra={"check": lambda n: None if n % 2 else "must be odd"})] = 1
    tags: Annotated[list[Literal["a", "b"]], Meta(max_length=3)] = []
    labels: Annotated[
        dict[Annotated[str, Meta(max_length=5)], Annotated[str, Meta(max_length=8)]],
        Meta(max_length=2),
    ] = {}
    loud: bool = False
    ends: Annotated[int, Meta(extra={"read": read_moment, "schema": {"type": "string"}})] | None = (
        None
    )
    later: Annotated[str, Meta(extra={"not_yet": True})] = ""
    note_url: str | msgspec.UnsetType | None = msgspec.UNSET


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note as it is shown."""

    id: str
    title: str
    url: str
    ends: int | None = None


class Filter(Paged, kw_only=True, frozen=True):
    q: Annotated[str, Meta(max_length=10)] | None = None
    kind: Literal["plain", "loud"] | None = None


NOTE_ID = "018f0000-0000-7000-8000-000000000001"
MANY = [f"018f0000-0000-7000-8000-{n:012d}" for n in range(7)]


async def create_note(call: Call, body: NewNote) -> Shown:
    if body.title == "break":
        raise RuntimeError("the secret inside")
    if body.title == "taken":
        raise LinkNotPayable("taken", free_at=call.deps.clock.now() + 47_500)
    if body.title == "used":
        raise LinkNotPayable("used")
    warnings = [Warned("loud", "That was loud.", ("kind",))] if body.title == "warn" else []
    note = Note(id=NOTE_ID, title=body.title, url="https://notes.example/1", ends=body.ends)
    return Shown(note, warnings)


async def list_notes(call: Call, query: Filter) -> Page[Note]:
    after = int(query.cursor.id[-12:]) + 1 if query.cursor else 0
    ids = MANY[after : after + query.limit]
    more = after + query.limit < len(MANY)
    notes = [Note(id=i, title="n", url="https://notes.example/1") for i in ids]
    return Page(notes, Position(1_772_359_200_000, ids[-1]) if more else None)


async def get_note(call: Call) -> Note:
    if call.id != NOTE_ID:
        raise NotFound("There is no such note.")
    return Note(id=call.id, title="n", url="https://notes.example/1")


async def upload_sound(call: Call, file: File) -> dict[str, Any]:
    return {"name": file.name, "bytes": len(file.content)}


class Sound(msgspec.Struct):
    name: str
    bytes: int


_NOTES: dict[str, Any] = {"tag": "Notes", "scope": Scope.LINKS}
OPERATIONS = (
    Operation(
        name="createNote",
        method="POST",
        path="/api/v1/notes",
        summary="Make a note",
        handler=create_note,
        body=NewNote,
        answer=Note,
        status=201,
        **_NOTES,
    ),
    Operation(
        name="listNotes",
        method="GET",
        path="/api/v1/notes",
        summary="List notes",
        handler=list_notes,
        query=Filter,
        answer=Note,
        paged=True,
        **_NOTES,
    ),
    Operation(
        name="getNote",
        method="GET",
        path="/api/v1/notes/{id}",
        summary="Read a note",
        handler=get_note,
        answer=Note,
        **_NOTES,
    ),
    Operation(
        name="uploadSound",
        method="POST",
        path="/api/v1/sounds",
        tag="Notes",
        summary="Upload a sound",
        handler=upload_sound,
        scope=Scope.ADMIN,
        upload=Upload("sound", 100_000),
        answer=Sound,
        status=201,
    ),
    not_yet("burnNote", "POST", "/api/v1/notes/{id}/burn", "Notes", "Burn a note"),
)


class ToyKeys:
    """Every key of the table, and no other."""

    def __init__(self) -> None:
        tenant = Tenant(1, True)
        everything = frozenset(Scope)
        self.known = {
            KEY: Identity("key-1", tenant, everything, False),
            LINKS_ONLY: Identity("key-2", tenant, frozenset({Scope.LINKS}), False),
            PAUSED: Identity("key-3", Tenant(2, True), everything, True),
        }

    async def identify(self, text: str) -> Identity | None:
        return self.known.get(text)


def toy_deps(clock: ManualClock, rates: Rates | None = None) -> Deps:
    missing = cast(Any, None)  # no operation of the toy asks for it
    return Deps(
        db=missing,
        acquirers=missing,
        settings=missing,
        crypto=missing,
        storage=missing,
        workshop=missing,
        teller=missing,
        snippets=missing,
        printer=missing,
        tallies=Tallies(),
        crowds=Crowds(None, Tallies()),
        keyring=ToyKeys(),
        addresses=Addresses("https://pay.example"),
        clock=clock,
        rates=rates,
    )


def toy_app(clock: ManualClock, rates: Rates | None = None) -> ASGIApp:
    routes = build(OPERATIONS, toy_deps(clock, rates))
    return Entrance(Starlette(routes=routes), routes, Visits(), None)
