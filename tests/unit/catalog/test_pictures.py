"""What becomes of an uploaded picture: its pixels stay, bounded and upright; all else goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from handbill.catalog.pictures import rebuild
from handbill.kernel.errors import BrokenImage, HandbillError, TooLarge
from tests.unit.catalog.photos import (
    exif,
    gradient,
    jpeg_that_claims,
    opened,
    png_bomb,
    png_chunk,
    webp_that_claims,
    written,
)

SCRIPT = b"<script>alert(document.cookie)</script>"
SECRET = "taken at 55.7558 N 37.6173 E"
KINDS = ["JPEG", "PNG", "WEBP"]


@pytest.mark.parametrize(("kind", "becomes"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "PNG")])
def test_a_jpeg_stays_a_jpeg_and_the_rest_becomes_png(kind: str, becomes: str) -> None:
    data, width, height, small = rebuild(written(gradient(800, 600), kind), kind)

    assert opened(data).format == becomes
    assert opened(data).size == (width, height) == (800, 600)
    assert opened(small).format == "WEBP"
    assert opened(small).size == (640, 480)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("size", "becomes", "small"),
    [
        ((3_200, 1_600), (1_600, 800), (640, 320)),
        ((1_000, 4_000), (400, 1_600), (160, 640)),
        ((1_601, 3), (1_600, 3), (640, 1)),
        ((5_000, 1), (1_600, 1), (640, 1)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_the_long_side_is_bounded_and_nothing_is_enlarged(
    kind: str, size: tuple[int, int], becomes: tuple[int, int], small: tuple[int, int]
) -> None:
    data, width, height, variant = rebuild(written(Image.new("RGB", size), kind), kind)

    assert (width, height) == opened(data).size == becomes
    assert opened(variant).size == small


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright_and_the_turn_is_not_kept(kind: str, orientation: int) -> None:
    seen = gradient(60, 40)
    turns = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    lying = seen if turns is None else seen.transpose(Image.Transpose(turns))
    sent = written(lying, kind, exif=exif(orientation), **_best(kind))

    data, width, height, _ = rebuild(sent, kind)

    assert (width, height) == (60, 40)
    assert _alike(opened(data), seen)
    assert not opened(data).getexif()
    assert ImageOps.exif_transpose(opened(data)).size == (60, 40)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_metadata_is_left(kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options = {"exif": exif(1, SECRET), "icc_profile": profile, "xmp": SECRET.encode()}
    if kind == "JPEG":
        options["comment"] = SECRET.encode()
    sent = written(gradient(50, 50), kind, **options)
    assert SECRET.encode() in sent

    data, _, _, small = rebuild(sent, kind)

    for file in (data, small):
        assert not {"exif", "icc_profile", "xmp", "comment"} & opened(file).info.keys()
        for trace in (SECRET.encode(), b"Exif", b"ICC_PROFILE", b"iCCP", b"xmp", b"XMP", b"tEXt"):
            assert trace not in file


def test_text_chunks_of_a_png_are_gone() -> None:
    plain = written(gradient(50, 50), "PNG")
    text = png_chunk(b"tEXt", b"Comment\0" + SECRET.encode())
    sent = plain[:33] + text + plain[33:]

    data, *_ = rebuild(sent, "PNG")

    assert SECRET.encode() not in data
    assert b"tEXt" not in data


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_behind_the_picture_is_gone(kind: str) -> None:
    data, _, _, small = rebuild(written(gradient(50, 50), kind) + SCRIPT, kind)

    assert b"script" not in data + small


def test_wide_colours_are_brought_to_srgb_before_their_profile_goes() -> None:
    """A profile that swaps red and green must leave its mark on the pixels."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = (_tag(profile, name) for name in (b"rXYZ", b"gXYZ"))
    profile[red : red + 20], profile[green : green + 20] = (
        profile[green : green + 20],
        profile[red : red + 20],
    )
    sent = written(Image.new("RGB", (20, 20), (255, 0, 0)), "PNG", icc_profile=bytes(profile))

    data, *_ = rebuild(sent, "PNG")

    red_part, green_part, _ = opened(data).getpixel((5, 5))  # type: ignore[misc]
    assert red_part < 30
    assert green_part > 225


def test_a_broken_profile_is_ignored() -> None:
    sent = written(gradient(20, 20), "PNG", icc_profile=b"no profile at all")

    data, *_ = rebuild(sent, "PNG")

    assert _alike(opened(data), gradient(20, 20))


def test_a_jpeg_for_print_becomes_one_for_screens() -> None:
    data, *_ = rebuild(written(gradient(60, 40, "CMYK"), "JPEG"), "JPEG")

    assert opened(data).mode == "RGB"
    assert _alike(opened(data), gradient(60, 40))


def test_a_jpeg_is_progressive_and_halves_its_colours() -> None:
    data, *_ = rebuild(written(gradient(60, 40), "JPEG", quality=95, subsampling=0), "JPEG")

    assert "progressive" in opened(data).info
    assert opened(data).layer[0][1:3] == (2, 2)  # type: ignore[attr-defined]


@pytest.mark.parametrize("sent_side", [60, 2_000])
def test_16_bits_of_grey_are_scaled_and_not_clipped(sent_side: int) -> None:
    deep = Image.new("I;16", (sent_side, sent_side), 0x8000)

    data, *_ = rebuild(written(deep, "PNG"), "PNG")

    assert opened(data).mode == "L"
    assert opened(data).getpixel((3, 3)) in (127, 128)


def test_an_animated_webp_becomes_its_first_frame() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "green", "blue")]
    sent = written(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    data, *_ = rebuild(sent, "WEBP")

    assert opened(data).getpixel((5, 5)) == (255, 0, 0)
    assert getattr(opened(data), "n_frames", 1) == 1


@pytest.mark.parametrize("side", [50, 2_000])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_stays_where_there_is_any(mode: str, side: int) -> None:
    picture = Image.new(mode, (side, side), 0)
    picture.paste(Image.new(mode, (side // 2, side), "black"), (0, 0))

    data, *_, small = rebuild(written(picture, "PNG"), "PNG")

    for file in (data, small):
        shown = opened(file).convert("RGBA")
        assert shown.getpixel((5, 5))[3] == 255  # type: ignore[index]
        assert shown.getpixel((shown.width - 5, 5))[3] == 0  # type: ignore[index]


def test_transparency_that_hides_nothing_goes() -> None:
    data, *_ = rebuild(written(gradient(50, 50, "RGBA"), "PNG"), "PNG")

    assert opened(data).mode == "RGB"


@pytest.mark.parametrize("side", [50, 2_000])
def test_a_palette_keeps_its_colours_and_its_hole(side: int) -> None:
    picture = Image.new("P", (side, side), 1)
    picture.putpalette([0, 0, 0, 200, 30, 30, 30, 200, 30])
    picture.paste(0, (0, 0, side // 2, side))

    data, *_, small = rebuild(written(picture, "PNG", transparency=0), "PNG")

    for file in (data, small):
        shown = opened(file).convert("RGBA")
        assert shown.getpixel((3, 3))[3] == 0  # type: ignore[index]
        assert shown.getpixel((shown.width - 4, 3))[0] == pytest.approx(200, abs=6)  # type: ignore[index]
    assert opened(data).mode == ("P" if side == 50 else "RGBA")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_single_transparent_colour_is_kept(mode: str) -> None:
    hole: object = (0, 0, 0) if mode == "RGB" else 0
    sent = written(Image.new(mode, (20, 20), 0), "PNG", transparency=hole)

    data, *_ = rebuild(sent, "PNG")

    assert opened(data).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("kind", KINDS)
def test_25_megapixels_are_taken_and_a_row_more_is_not(kind: str) -> None:
    fast = {"method": 0} if kind == "WEBP" else {}
    allowed = written(Image.new("L", (5_000, 5_000)), kind, **fast)
    refused = written(Image.new("L", (5_000, 5_001)), kind, **fast)

    assert rebuild(allowed, kind)[1:3] == (1_600, 1_600)
    with pytest.raises(TooLarge, match="25 megapixels"):
        rebuild(refused, kind)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png_bomb(13_000), "PNG"),
        (png_bomb(30_000), "PNG"),
        (jpeg_that_claims(65_500, 65_500), "JPEG"),
        (webp_that_claims(16_383, 16_383, b"VP8 "), "WEBP"),
        (webp_that_claims(16_383, 16_383, b"VP8L"), "WEBP"),
        (webp_that_claims(2**24, 2**24, b"VP8X"), "WEBP"),
    ],
    ids=["png", "png-30000", "jpeg", "webp", "webp-lossless", "webp-extended"],
)
def test_a_bomb_is_too_large_whatever_its_form(data: bytes, kind: str) -> None:
    with pytest.raises(TooLarge):
        rebuild(data, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.0, 0.02, 0.1, 0.5, 0.9])
def test_a_picture_that_ends_early_is_broken(kind: str, part: float) -> None:
    whole = written(Image.effect_noise((300, 300), 80).convert("RGB"), kind)

    with pytest.raises(BrokenImage) as refused:
        rebuild(whole[: int(len(whole) * part)], kind)

    assert refused.value.faults == {"image": ["cannot be read as a picture"]}


@pytest.mark.parametrize(
    ("kind", "other"),
    [(k, o) for k in KINDS for o in ("GIF", "BMP", "TIFF", "ICO", *KINDS) if k != o],
)
def test_no_other_decoder_is_ever_asked(kind: str, other: str) -> None:
    with pytest.raises(BrokenImage):
        rebuild(written(gradient(9, 9), other), kind)


@given(st.sampled_from(KINDS), st.data())
def test_damaged_bytes_give_a_clean_picture_or_our_own_error(
    kind: str, data: st.DataObject
) -> None:
    sent = bytearray(written(gradient(24, 16), kind, exif=exif(6)))
    for place in data.draw(st.lists(st.integers(0, len(sent) - 1), min_size=1, max_size=12)):
        sent[place] = data.draw(st.integers(0, 255))

    try:
        clean, width, height, _ = rebuild(bytes(sent), kind)
    except HandbillError:
        return

    assert opened(clean).size == (width, height)


def _alike(one: Image.Image, other: Image.Image) -> bool:
    """The same but for what compression takes, in the mean of all pixels."""
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3) < 12


def _best(kind: str) -> dict[str, object]:
    return {"lossless": True} if kind == "WEBP" else {}


def _tag(profile: bytearray, name: bytes) -> int:
    """Where the data of a tag begins (ICC.1:2010, 7.3)."""
    entry = profile.index(name, 128)
    return int.from_bytes(profile[entry + 4 : entry + 8], "big")
