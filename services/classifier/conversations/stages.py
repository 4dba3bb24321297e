"""The stages of grooming, in the order in which they usually come.

After O'Connell 2003, "A typology of cybersexploitation and online grooming practices", and the stages that later work
on early detection uses (Vogt, Leser, Akbik 2021, "Early detection of sexual predators in chats"), put plainly: somebody
makes contact, wins trust, tests who watches, cuts the other off, moves out of sight, asks to meet.
"""

from enum import StrEnum


class Stage(StrEnum):
    CONTACT = "contact"
    TRUST = "trust"
    TESTING = "testing"
    ISOLATION = "isolation"
    MOVING_PLATFORM = "moving_platform"
    MEETING_REQUEST = "meeting_request"


STAGES = tuple(Stage)
