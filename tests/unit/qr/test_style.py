"""What a code may look like: every option that a phone would not forgive is refused by its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.colors import contrast, text
from handbill.kernel.errors import Invalid
from handbill.qr.logos import prepare
from handbill.qr.style import CONTRAST_MIN, LOGO_BYTES_MAX, PLAIN, CodeStyle, validated
from tests.unit.qr.drawing import uploaded

CHANNELS = st.floats(0, 1)


def test_a_code_is_black_of_level_m_without_a_logo() -> None:
    assert validated(PLAIN) == CodeStyle("M", "#000000", None)


def test_a_colour_is_taken_in_either_case_and_kept_in_small_letters() -> None:
    assert validated(CodeStyle(color="#7A1FA2")).color == "#7a1fa2"


@pytest.mark.parametrize(
    "color", ["7a1fa2", "#7a1fa280", "#fff", "black", "", "#7a1fa2;", "#ga1fa2"]
)
def test_a_colour_that_is_none_or_is_transparent_is_refused(color: str) -> None:
    assert refused(CodeStyle(color=color)) == {
        "color": ["must be a colour as #rrggbb, without transparency"]
    }


@pytest.mark.parametrize(
    ("color", "has"), [("#ffffff", "1.0"), ("#ffd400", "1.4"), ("#777777", "4.4")]
)
def test_a_colour_that_is_too_light_is_refused_with_its_contrast(color: str, has: str) -> None:
    assert refused(CodeStyle(color=color)) == {
        "color": [
            f"is too light: on white it has a contrast of {has}:1, and phones need 4.5:1."
            " Modules are dark and the ground is white, never the other way round"
        ]
    }


@given(CHANNELS, CHANNELS, CHANNELS)
def test_exactly_the_colours_that_can_be_told_from_white_are_taken(
    red: float, green: float, blue: float
) -> None:
    color = text(red, green, blue)
    if contrast(color, "#ffffff") >= CONTRAST_MIN:
        assert validated(CodeStyle(color=color)).color == color
    else:
        assert refused(CodeStyle(color=color)).keys() == {"color"}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    faults = refused(CodeStyle(level="X", color="red", logo=b"GIF89a"))  # type: ignore[arg-type]

    assert faults.keys() == {"level", "color", "logo"}


def test_a_code_with_a_logo_has_level_h() -> None:
    style = validated(CodeStyle(level="L", logo=prepare(uploaded((90, 40)))))

    assert style.drawn_level == "H"
    assert validated(CodeStyle(level="L")).drawn_level == "L"


@pytest.mark.parametrize("logo", [b"", uploaded((64, 64)), b"\xff\xd8\xff" * 99])
def test_only_a_prepared_logo_is_taken(logo: bytes) -> None:
    assert refused(CodeStyle(logo=logo)) == {"logo": ["must be a prepared picture"]}


def test_a_prepared_logo_with_too_many_bytes_is_refused() -> None:
    prepared = prepare(uploaded((64, 64)))

    assert refused(CodeStyle(logo=prepared + bytes(LOGO_BYTES_MAX))).keys() == {"logo"}


def test_what_looks_different_has_another_look() -> None:
    logos = [prepare(uploaded((64, 64), color)) for color in ("red", "blue")]
    styles = [
        *(CodeStyle(level) for level in ("L", "M", "Q", "H")),
        CodeStyle(color="#123456"),
        *(CodeStyle(logo=logo) for logo in logos),
    ]

    assert len({style.look for style in styles}) == len(styles)


def refused(style: CodeStyle) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as error:
        validated(style)
    return error.value.faults
