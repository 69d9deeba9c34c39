"""All that a practice server does besides routing, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contacts.blocking import Blocking
from .contacts.blocklists import Blocklists
from .messages.archives import Archives
from .messages.carbons import Carbons
from .messages.messages import Messages
from .messages.offline import Offline
from .pep.service import Pep
from .rooms import Rooms
from .services.caps import Caps
from .services.commands import Commands
from .services.last import LastActivity
from .services.storage import PrivateStorage, VCards
from .services.teaching_commands import greet, uptime

if TYPE_CHECKING:
    from .accounts import Accounts
    from .clockwork import Clockwork
    from .contacts.roster import Rosters
    from .directory import Directory
    from .facilities import Facility, Host


@dataclass(frozen=True, slots=True)
class Repertoire:
    """What there is on a server for its `Router`.

    `directory` has who is connected; `facilities` are for the users and `hosts` beside them;
    `commands` are those that users run on the server, and more can be added to them;
    `messages` delivers messages, and `blocklists` says who wants none of whom.
    """

    directory: Directory
    facilities: Sequence[Facility]
    hosts: Sequence[Host]
    commands: Commands
    messages: Messages
    blocklists: Blocklists


def repertoire(
    domains: Sequence[str],
    accounts: Accounts,
    rosters: Rosters,
    directory: Directory,
    clockwork: Clockwork,
) -> Repertoire:
    """Return what there is for the users of `domains`."""
    blocklists = Blocklists()
    offline = Offline(clockwork, blocklists)
    carbons = Carbons(directory)
    archives = Archives(rosters, clockwork)
    messages = Messages(directory, domains, accounts, offline, carbons, archives)
    facilities: list[Facility] = [
        offline,
        carbons,
        archives,
        Blocking(blocklists, rosters, directory),
    ]
    caps = Caps(clockwork)
    last = LastActivity(rosters, directory, clockwork)
    facilities += [caps, Pep(rosters, directory, blocklists, caps, clockwork)]
    facilities += [VCards(), PrivateStorage(), last]
    commands = Commands(clockwork)
    commands.add(uptime(last))
    commands.add(greet())
    facilities.append(commands)
    hosts: list[Host] = [
        Rooms(f"rooms.{domain}", domain, accounts, directory, clockwork)
        for domain in domains
        if not domain.startswith("[")
    ]
    return Repertoire(directory, facilities, hosts, commands, messages, blocklists)
