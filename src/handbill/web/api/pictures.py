"""Pictures: uploaded by themselves, then named by their address on links and products."""

from __future__ import annotations

import msgspec

from handbill.catalog import images
from handbill.kernel.addresses import Addresses
from handbill.kernel.errors import BrokenImage
from handbill.merchants.model import Scope
from handbill.web.api.values import Address
from handbill.web.bodies import Upload as File
from handbill.web.calls import Call
from handbill.web.operations import Operation, Upload
from handbill.web.replies import Reply

TAG = "Images"


class Picture(msgspec.Struct, frozen=True):
    """`url` goes into the field `image` of links and products."""

    url: Address


def key_in(url: str | None, addresses: Addresses) -> str | None:
    """What is stored of a picture's address. Any other text stays itself: no upload has such a
    key, so that it is refused together with what else is wrong."""
    return None if url is None else images.key_of(url, addresses.base) or url


async def upload_picture(call: Call, file: File) -> Reply:
    if known := await call.replay():  # a picture costs a second: not again for a repeat
        return known
    deps = call.deps
    kept = await images.accept(
        deps.storage, deps.workshop, deps.clock, call.tenant.merchant_id, file.name, file.content
    )
    return await call.write(
        lambda tx: images.add(tx, kept, test=call.tenant.test),
        lambda key: Picture(deps.addresses.image(key)),
    )


OPERATIONS = (
    Operation(
        name="uploadImage",
        method="POST",
        path="/api/v1/images",
        tag=TAG,
        summary="Upload a picture",
        description="JPEG, PNG or WebP, at most 10 MB and 25 megapixels. It is turned upright,"
        " reduced to 1600 pixels on its long side and rebuilt without metadata.",
        handler=upload_picture,
        scope=Scope.LINKS,
        upload=Upload("image", images.BYTES_MAX),
        answer=Picture,
        status=201,
        errors=(BrokenImage,),
    ),
)
