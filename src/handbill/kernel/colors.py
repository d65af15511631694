"""Colours as `#rrggbb`, and how well one is told from another."""

from __future__ import annotations


def contrast(one: str, other: str) -> float:
    """From 1 to 21, as WCAG 2.2 defines it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    """From 0 to 1, as a contrast counts it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def channels(color: str) -> tuple[float, float, float]:
    """Red, green and blue, each from 0 to 1."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def text(red: float, green: float, blue: float) -> str:
    """What `channels` reads, to the nearest of eight bits."""
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in (red, green, blue))
