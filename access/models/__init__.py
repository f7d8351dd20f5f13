"""What the room keeps."""

from access.models.badges import Badge, BadgeLook, EndReason
from access.models.gates import Gate, GateAsks, KeyBy, SignedList
from access.models.hooks import Delivery, DeliveryState, Hook
from access.models.places import AccessPlace

__all__ = [
    "AccessPlace",
    "Badge",
    "BadgeLook",
    "Delivery",
    "DeliveryState",
    "EndReason",
    "Gate",
    "GateAsks",
    "Hook",
    "KeyBy",
    "SignedList",
]
