"""Rooms for many to talk in: a service of its own beside the users (XEP-0045).

`host` sorts what arrives; `room` is the state of one room, and `service` what all share. What
occupants, moderators, admins and owners may do has a module for each concern; `notices` is how
the room tells its occupants of each other.
"""

from .host import Rooms

__all__ = ["Rooms"]
