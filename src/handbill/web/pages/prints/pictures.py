"""The pictures of a print: what it should have on it, as far as it can be read."""

from __future__ import annotations

from msgspec.structs import replace

from handbill.catalog import images
from handbill.catalog.logos import Logos
from handbill.infra.storage import Storage
from handbill.infra.workshop import Workshop
from handbill.qr.papers import TEMPLATES
from handbill.qr.style import CodeStyle
from handbill.web.pages.prints import plans
from handbill.web.pages.prints.plans import Plan
from handbill.web.prints import Order


class Pictures:
    """`workshop` decodes uploads."""

    def __init__(self, storage: Storage, workshop: Workshop, logos: Logos) -> None:
        self._storage = storage
        self._workshop = workshop
        self._logos = logos

    async def wanted(self, plan: Plan, order: Order) -> dict[str, bytes | None]:
        """Those that belong on the paper, by `logo` and `picture`. None for one that is gone or
        broken: paper is worth more than its decoration. Raises Unavailable where the storage does
        not answer: a moment later it may."""
        keys = {
            "logo": plan.merchant.logo if order.logo else None,
            "picture": plan.picture if TEMPLATES[order.template].has_picture else None,
        }
        return {
            name: await images.read_whole(self._storage, self._workshop, key)
            for name, key in keys.items()
            if key is not None
        }

    async def style(self, plan: Plan, order: Order) -> CodeStyle:
        """Raises Invalid on `logo` where the code is to have one and there is none."""
        style = plans.style_of(order)
        if not order.logo_in_code:
            return style
        return replace(style, logo=await self._logos.prepared(plan.merchant.logo))
