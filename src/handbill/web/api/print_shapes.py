"""Prints as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from handbill.kernel.languages import LanguageCode
from handbill.qr.code import Level
from handbill.qr.papers import TEMPLATES
from handbill.qr.papers import Template as Paper
from handbill.web.prints import CODES_MAX, Facts, Order

LABELS_MAX = 200
"""More than any sheet has; which are free on one is judged with its template."""


def read_places(value: Any) -> Literal["all"] | tuple[str, ...]:
    """Whether the ids are placements of the link is judged later. Raises ValueError with words."""
    if value == "all":
        return "all"
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('must be "all", or an array of ids of placements')
    if len(value) > CODES_MAX:
        raise ValueError(f"must have at most {CODES_MAX} items")
    return tuple(value)


def template_fault(name: str) -> str | None:
    return None if name in TEMPLATES else "must be one of: " + ", ".join(TEMPLATES)


class PrintOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be printed, and how. Absent `placements`: the link's own code."""

    template: Annotated[
        str,
        Meta(
            description="By name: see the list of templates.",
            extra={
                "check": template_fault,
                "schema": {"type": "string", "enum": list(TEMPLATES)},
            },
        ),
    ]
    placements: (
        Annotated[
            str,
            Meta(
                description="`all` of the link, or some by id, a card for each.",
                extra={
                    "read": read_places,
                    "schema": {
                        "anyOf": [
                            {"type": "string", "const": "all"},
                            {
                                "type": "array",
                                "items": {"type": "string", "format": "uuid"},
                                "minItems": 1,
                                "maxItems": CODES_MAX,
                            },
                        ]
                    },
                },
            ),
        ]
        | None
    ) = None
    copies: Annotated[int, Meta(ge=1, le=CODES_MAX, description="Of each card.")] = 1
    lang: (
        Annotated[LanguageCode, Meta(description="Otherwise the link's own, or English.")] | None
    ) = None
    price: Annotated[
        bool, Meta(description="Whether it stands on the paper. A `dynamic` link has none.")
    ] = True
    color: (
        Annotated[
            str,
            Meta(
                description="Of the code and the paper, as `#rrggbb`, at least 4.5:1 on white."
                " Otherwise the merchant's, beside a black code."
            ),
        ]
        | None
    ) = None
    logo: Annotated[bool, Meta(description="Whether the merchant's is on the paper.")] = True
    logo_in_code: Annotated[
        bool, Meta(description="Whether it stands in the middle of the code, at level H.")
    ] = False
    level: Annotated[
        Level, Meta(description="Of error correction: a higher one survives more dirt.")
    ] = "M"
    start_at: Annotated[
        int,
        Meta(ge=1, le=LABELS_MAX, description="Of a sheet of labels: the first that is free."),
    ] = 1
    force: Annotated[
        bool, Meta(description="Also where a phone elsewhere cannot open the public address.")
    ] = False

    def for_link(self, link_id: str) -> Order:
        said = msgspec.structs.asdict(self)
        places = said.pop("placements")
        return Order(link_id=link_id, places=places, **said)


class PrintFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a print is, or would be."""

    template: str
    lang: LanguageCode
    pages: int
    codes: int
    code_mm: Annotated[int, Meta(description="Side of the smallest code, without its margin.")]
    distance_mm: Annotated[
        int, Meta(description="From how far it is made to be read, by a simulation.")
    ]
    left_out: Annotated[list[str], Meta(description="Texts that this server has no letters for.")]


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be printed. Lengths in millimetres."""

    name: str
    width_mm: Annotated[float, Meta(description="Of the paper; of a strip, what is printed on.")]
    height_mm: Annotated[float, Meta(description="null: a strip is as long as its words.")] | None
    code_mm: Annotated[float, Meta(description="Side of the code, its margin included.")]
    per_page: Annotated[int, Meta(description="Cards on one page.")]
    has_price: bool
    has_picture: Annotated[bool, Meta(description="Whether the link's picture is on it.")]


def show_facts(facts: Facts) -> PrintFacts:
    known = {n: getattr(facts, n) for n in PrintFacts.__struct_fields__}
    return PrintFacts(**{**known, "left_out": list(facts.left_out)})


def show_template(paper: Paper) -> Template:
    return Template(
        name=paper.name,
        width_mm=paper.paper[0],
        height_mm=None if paper.is_strip else paper.paper[1],
        code_mm=paper.code_mm,
        per_page=paper.per_page,
        has_price=paper.has_price,
        has_picture=paper.has_picture,
    )
