"""An uploaded picture becomes two clean ones: rebuilt from its pixels, bounded, no metadata.

Runs in the worker process only (`infra.workshop`): the server must not load Pillow, and what is
decoded here may have been made to crash its decoder or to fill its memory.
"""

from __future__ import annotations

import contextlib
import io
import warnings

from PIL import Image, ImageCms, ImageOps

from handbill.kernel.errors import BrokenImage, TooLarge

PIXELS_MAX = 25_000_000
LONG_SIDE_MAX = 1_600
SMALL_SIDE_MAX = 640
"""Long side of the variant for pages, in pixels."""

JPEG_QUALITY = 85
WEBP_QUALITY = 80
PNG_COMPRESSION = 6

Image.MAX_IMAGE_PIXELS = PIXELS_MAX
warnings.simplefilter("error", Image.DecompressionBombWarning)


def rebuild(data: bytes, kind: str) -> tuple[bytes, int, int, bytes]:
    """The picture, its width and height in pixels, and its small variant as WebP.

    `kind` is what the bytes look like: JPEG (stays JPEG), PNG or WEBP (become PNG). Raises
    TooLarge over 25 megapixels, before anything is decoded, and BrokenImage.
    """
    try:
        image = _open(data, kind)
        image = _plain(_decode(image))
        image = _upright(_shrunk(image, LONG_SIDE_MAX))
        image = _without_facts(_in_srgb(image))
        return _written(image, kind), image.width, image.height, _small(image)
    except (TooLarge, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:
        # Broad on purpose: on hostile bytes the decoders raise whatever they stumble over. And
        # without the cause, which quotes them.
        raise _broken() from None


def check(data: bytes, kind: str) -> int:
    """How many pixels it has. Raises BrokenImage for what cannot be decoded to its last byte: what
    comes from a disk may have been cut."""
    try:
        image = _open(data, kind)
        image.load()
    except MemoryError:
        raise
    except Exception:  # as in `rebuild`
        raise _broken() from None
    return image.width * image.height


def _open(data: bytes, kind: str) -> Image.Image:
    # Pillow sets up the whole canvas of a WebP when it opens it, so its size is read here.
    width, height = _webp_size(data) if kind == "WEBP" else (0, 0)
    if width * height > PIXELS_MAX:
        raise _too_large()
    image = Image.open(io.BytesIO(data), formats=[kind])
    if image.width * image.height > PIXELS_MAX:
        raise _too_large()
    return image


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height from the first chunk (RFC 9649, 2.5 to 2.7); zeros for what is no WebP."""
    chunk, head = data[12:16], data[20:30]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _decode(image: Image.Image) -> Image.Image:
    """Of several frames the first. A JPEG is halved while it is decoded, as long as it stays
    larger than what is kept: a quarter of the memory and time."""
    image.draft(None, _fitted(image, LONG_SIDE_MAX))
    image.load()
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits a channel, and a channel for transparency where there is any."""
    if image.mode.startswith("I"):  # 16 bits of grey; a bare conversion would clip, not scale
        image = image.point(lambda value: value * (1 / 256)).convert("L")
        image.info.pop("transparency", None)
    if image.mode == "P" and max(image.size) <= LONG_SIDE_MAX:
        return image  # as small a file as it came
    if image.mode == "1":
        return image.convert("LA" if "transparency" in image.info else "L")
    if image.has_transparency_data:
        return image.convert("LA" if image.mode in ("L", "LA") else "RGBA")
    return image.convert("RGB") if image.mode in ("P", "PA") else image


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    size = _fitted(image, side)
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _fitted(image: Image.Image, side: int) -> tuple[int, int]:
    """Its size with the long side at most `side`, never enlarged, never without a pixel."""
    width, height = image.size
    longest = max(width, height, side)
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def _upright(image: Image.Image) -> Image.Image:
    """As it is meant to be seen. Facts that cannot be read are no reason to refuse a picture."""
    with contextlib.suppress(Exception):
        return ImageOps.exif_transpose(image)
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Phones take photos in wider colour spaces; without the profile they would look dull."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = "RGBA" if image.mode == "RGBA" else "RGB"
            made = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode=mode
            )
            image = made or image
    return image.convert("RGB") if image.mode == "CMYK" else image


def _without_facts(image: Image.Image) -> Image.Image:
    """Pillow writes what `info` holds: profiles, comments, places. Only the transparent entry of a
    palette belongs to the pixels. Transparency that hides nothing goes too."""
    transparency = image.info.get("transparency") if image.mode == "P" else None
    if image.mode in ("RGBA", "LA") and image.getextrema()[-1] == (255, 255):
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    clean = image.copy()
    clean.info = {} if transparency is None else {"transparency": transparency}
    return clean


def _written(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "JPEG":
        image.save(
            file, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0", progressive=True, optimize=True
        )
    else:
        image.save(file, "PNG", compress_level=PNG_COMPRESSION)
    return file.getvalue()


def _small(image: Image.Image) -> bytes:
    if image.mode == "P":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    file = io.BytesIO()
    _shrunk(image, SMALL_SIDE_MAX).save(file, "WEBP", quality=WEBP_QUALITY, method=4)
    return file.getvalue()


def _broken() -> BrokenImage:
    return BrokenImage({"image": ["cannot be read as a picture"]})


def _too_large() -> TooLarge:
    return TooLarge(f"A picture has at most {PIXELS_MAX // 1_000_000} megapixels.")
