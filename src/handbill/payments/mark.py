"""The mark of a payment: a shape and a word that the payer's page and the till show alike.

A help for the eye at a counter, and no proof: whoever sees a payment's page can copy it. Without
the installation's key nobody can tell it beforehand. Pure.
"""

from __future__ import annotations

import msgspec

from handbill.infra.crypto import Crypto
from handbill.payments.model import Payment

SHAPES = (
    *("anchor", "bell", "circle", "cloud", "cup", "diamond", "drop", "heart"),
    *("hexagon", "house", "key", "leaf", "square", "star", "sun", "triangle"),
)

# Short words that are easy to say, shown in every language as they are: two people compare them.
# No two of them differ by one letter. The order counts: it decides the marks of payments that were
# made already.
_LIST = """
    acorn almond amber anchor apple apricot arrow aspen autumn bamboo banana barley basil basket
    beacon berry bicycle birch biscuit blanket blossom bottle branch brass bread breeze bridge
    bronze bucket butter button cabin cactus camel camera candle canoe canyon carbon carpet
    castle cedar cello cherry chestnut cinema circus clover cobalt coconut coffee comet copper
    coral cotton cricket crystal curtain cushion daisy daylight desert dolphin domino dragon
    drum eagle echo elm emerald engine evening falcon feather fern fiddle finch flame flamingo
    flint flute forest fox galaxy garden garlic gazelle ginger giraffe glacier glove goose
    granite grape gravel guitar hammer harvest hazel hedge helmet heron hill honey horizon
    iceberg igloo indigo iris island ivory jacket jasmine jelly jewel jungle kayak kettle kitten
    kiwi ladder lagoon lantern laurel lemon lettuce library lilac linen lion lizard lotus magnet
    mango maple marble marigold meadow melon mirror monsoon morning moss mountain muffin museum
    mushroom nectar needle nickel night noodle north nutmeg oasis ocean olive onion opal orange
    orchard orchid otter palace panda paper parrot pasta peach pearl pebble pelican pencil
    penguin pepper piano pigeon pine planet plum pond poplar potato prairie pumpkin puzzle
    quartz quill rabbit radish rainbow raven ribbon river robin rocket rosemary ruby saddle
    saffron sailor salmon sandal sapphire saturn scarf season shadow shell silk silver sketch
    snow soup south spark spoon spring squirrel statue stone summer sunset swan swift sycamore
    table teapot thimble thistle thunder tiger timber tomato tower trumpet tulip tunnel turtle
    umbrella valley vanilla velvet village violin walnut water whale willow window winter wolf
    yellow yogurt zebra zephyr
"""
WORDS = tuple(_LIST.split())

_PURPOSE = "mark of a payment"


class Mark(msgspec.Struct, frozen=True):
    """`shape` is the name of a drawing."""

    shape: str
    word: str


def mark_of(crypto: Crypto, payment: Payment) -> Mark:
    """The same whenever it is asked for; one of 4,096."""
    first, second = crypto.derived(_PURPOSE, payment.token)[:2]
    return Mark(SHAPES[first % len(SHAPES)], WORDS[second % len(WORDS)])
