"""The words of the dashboard that depend on a fault or a state, all in one place.

They are for people who sell and do not program: what is so, then what to do.
"""

from __future__ import annotations

from handbill.infra.reach import Obstacle
from handbill.web.pages.rooms import RoomWords, TroubleWords
from handbill.web.pages.words import N_

ROOMS = RoomWords(
    troubles={
        400: TroubleWords(
            N_("That was not possible"),
            N_("Open the page again to see whether it was done."),
        ),
        403: TroubleWords(
            N_("Not allowed here"),
            N_("This dashboard may not do that. Ask whoever runs this server."),
        ),
        404: TroubleWords(
            N_("Nothing is here"),
            N_("There is no such link in this dashboard. It may have been deleted."),
        ),
        409: TroubleWords(
            N_("That was not possible"),
            N_("It has changed meanwhile. Open the page again and look."),
        ),
        413: TroubleWords(
            N_("That was too much"),
            N_("The file or the list is too long. Send it in smaller parts."),
        ),
        429: TroubleWords(N_("Too many tries"), N_("Wait a minute, then try again.")),
        503: TroubleWords(
            N_("One moment, please"),
            N_("The service is busy or starting again. Nothing was lost. Try again in a moment."),
        ),
    },
    broken=TroubleWords(
        N_("Something broke on our side"),
        N_("Open the page again to see whether it was done."),
    ),
    paused=N_("The shop is paused: nothing can be made or changed. Ask whoever runs this server."),
    foreign=N_(
        "This dashboard was opened at another address than its own. Open it at %(address)s."
    ),
)

REFUSED_KEY = N_(
    "This key does not open the dashboard. It may be cut off or revoked, or it can do more than"
    " make links."
)
ENDED = N_(
    "Nobody is signed in here any more: the time ran out, or the key was revoked. Sign in again."
)

NO_NAMES = N_("Type at least one name, or a range such as Table 1..40.")
NO_AMOUNT = N_("Type the amount that is to be paid.")
TOO_MUCH = N_("Type at most %(most)s.")
NO_PRODUCT = N_("Choose a product.")
GONE_PRODUCT = N_("This product is no longer sold. Choose another one.")
LONG_TITLE = N_("Use at most %(most)d characters.")
WRONG_CODE = N_("“%(name)s” cannot be a name.")
CODES = {
    "stands twice": N_("“%(name)s” stands twice."),
    "is taken": N_("This link has a code named “%(name)s” already."),
    "empty": N_("A line has no name in it."),
    "UTF-8": N_("The file cannot be read. Save it as “CSV UTF-8” in your spreadsheet."),
    "column": N_(
        "There is more than one column. Write the word “name” above the one with the names."
    ),
    "quotes": N_("The file has quotation marks that do not fit together."),
    "one too many": N_("A link has room for no more codes. Remove some, or make another link."),
    "at least one": NO_NAMES,
    "KiB": N_("The file is too large. Send it in smaller parts."),
    "rows are read": N_("The file has too many rows. Send it in smaller parts."),
    "names at once": N_("These are too many: at most %(most)d codes are made at once."),
    "digits": N_("The numbers cannot be read. Type them as in Table 1..40."),
    "at most": N_("A name may have at most %(longest)d characters."),
    "printable": N_("“%(name)s” has characters that cannot be printed."),
    "upwards": N_("The numbers must go up, as in Table 1..40."),
    "range": N_("This cannot be read as a range. Type it as in Table 1..40."),
}
"""By a part of what the rules say of a line."""

STATES = {
    "open": N_("Open"),
    "paused": N_("Paused"),
    "expired": N_("Expired"),
    "used": N_("Paid"),
    "full": N_("Full"),
    "closed": N_("Closed"),
    "deleted": N_("Deleted"),
}
"""Of a link: open, or the name of its end."""

TEMPLATES = {
    "table": N_("Table stand"),
    "table-sheet": N_("Four table stands"),
    "tent": N_("Table tent"),
    "flyer": N_("Flyer"),
    "flyer-sheet": N_("Two flyers"),
    "poster": N_("Poster"),
    "sticker-round": N_("Round stickers"),
    "sticker-square": N_("Square stickers"),
    "shelf": N_("Shelf labels"),
    "receipt-58": N_("Receipt printer, 58 mm"),
    "receipt-80": N_("Receipt printer, 80 mm"),
}

OBSTACLES = {
    Obstacle.NO_ADDRESS: N_("It is no plain address of a server."),
    Obstacle.NOT_HTTPS: N_("It is not https: phones warn of it, and others can read along."),
    Obstacle.THIS_MACHINE: N_("It means this very machine: on a phone, the phone itself."),
    Obstacle.PRIVATE_NETWORK: N_("It belongs to a private network: no phone outside sees it."),
    Obstacle.LOCAL_NAME: N_("Its name is known in this network only: no phone outside finds it."),
}
"""Why phones cannot open the public address."""

PRINT_FAULTS = {
    "template": N_("Choose one of these."),
    "placements": N_("Tick the codes that are to be printed, or choose all of them."),
    "color": N_("A camera cannot read this colour on white. Choose a darker one."),
    "logo_in_code": N_("This logo cannot stand in the code. Print it beside the code only."),
    "copies": N_("Type how many of each code, for at most %(most)d in one print."),
    "start_at": N_("Type the number of the first free label, from 1 to %(labels)d."),
    "lang": N_("Choose one of these."),
}
"""By the field of an order that was refused."""
UNPRINTABLE = N_("This cannot be printed: %(reason)s.")
UNREADABLE = N_(
    "Nothing was printed: a phone could not read such a code. Choose larger paper, a black code, or"
    " no logo in it."
)
BUSY = N_("Many prints are being made right now. Press Print again in a moment.")
NOT_PUBLIC = N_("Nothing was printed: a phone could not open the code. Read how to change that.")
NO_NAME = N_("Type a name.")
