"""How placements look in the API: what makes them, what changes them, what is shown."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import iso
from handbill.kernel.errors import Faults
from handbill.links import placement_names, placement_tables
from handbill.links.placement_names import AT_ONCE_MAX, NAME_MAX, RANGE_LENGTH_MAX, Row
from handbill.links.placement_store import Placement as Stored
from handbill.links.traffic import Traffic
from handbill.web.api.last_prints import LastPrint
from handbill.web.api.values import Address, Id, IdIn, Moment
from handbill.web.cursors import Paged

Name = Annotated[
    str,
    Meta(
        description=f"1 to {NAME_MAX} printable characters, without the spaces around it; unlike"
        " that of every other placement of the link."
    ),
]


class NewPlacements(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one of `names`, `range` and `csv`."""

    names: (
        Annotated[
            tuple[Name, ...],
            Meta(min_length=1, max_length=AT_ONCE_MAX, description="As they are."),
        ]
        | None
    ) = None
    range: (
        Annotated[
            str,
            Meta(
                max_length=RANGE_LENGTH_MAX,
                description="`Table 1..40`. `Table 01..12` keeps its zeros.",
            ),
        ]
        | None
    ) = None
    csv: (
        Annotated[
            str,
            Meta(
                description="A table with a name in each row. With a first row that has the word"
                " `name`, that column counts and the others are passed over. Faults are named by"
                " row: `csv.7`, counted from 1."
            ),
        ]
        | None
    ) = None

    def faults(self) -> Faults:
        said = [one for one in (self.names, self.range, self.csv) if one is not None]
        if len(said) != 1:
            return {"names": ["must stand alone: say one of names, range and csv"]}
        return {"names": ["must have at least one name"]} if said == [()] else {}

    @property
    def rows(self) -> list[Row]:
        if self.csv is not None:
            return placement_tables.read(self.csv)
        if self.range is not None:
            return placement_names.ranged(self.range)
        return placement_names.listed(self.names or ())


class PlacementChange(msgspec.Struct, frozen=True, kw_only=True):
    """Absent fields stay as they are. `link` moves the code to another link."""

    name: Name | UnsetType = UNSET
    link: IdIn | UnsetType = UNSET


class PlacementFilter(Paged, frozen=True, kw_only=True):
    q: (
        Annotated[
            str, Meta(min_length=1, max_length=200, description="A part of the name, in any case.")
        ]
        | None
    ) = None


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """One of the places of a link. What is counted came by its code, to this link."""

    id: Id
    created: Moment
    link: Id
    name: str
    code: Annotated[str, Meta(description="Ten characters, in its short address.")]
    url: Annotated[Address, Meta(description="The short address that its QR code holds.")]
    page_url: Annotated[Address, Meta(description="Where the short address leads.")]
    qr_url: Annotated[Address, Meta(description="Its QR code as PNG.")]
    opens: Annotated[
        int, Meta(ge=0, description="How often the page was opened, as far as browsers told.")
    ]
    starts: Annotated[int, Meta(ge=0, description="Payments that were begun.")]
    paid: Annotated[int, Meta(ge=0, description="Payments that were charged.")]
    test: bool
    updated: Moment
    printed: LastPrint | None = msgspec.field(name="print")


class DeletedPlacement(msgspec.Struct, frozen=True):
    """Its code goes on leading to the link; its name is free."""

    id: Id
    deleted: bool = True


def show_placement(
    placement: Stored, came: Traffic, printed: LastPrint | None, addresses: Addresses
) -> Placement:
    """`came`: what came by its code to its link; `printed`: what was printed of it last."""
    page = addresses.placement_page(placement.code)
    return Placement(
        id=placement.id,
        created=iso(placement.created_at),
        link=placement.link_id,
        name=placement.name,
        code=placement.code,
        url=addresses.short(placement.code),
        page_url=page,
        qr_url=f"{page}/qr",
        opens=came.opens,
        starts=came.starts,
        paid=came.paid,
        test=placement.test,
        updated=iso(placement.updated_at),
        printed=printed,
    )
