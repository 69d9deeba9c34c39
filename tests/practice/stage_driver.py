"""A stage without a network: resources that speak XML, and what each of them is delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from lxml import etree

from xmppshell.practice.accounts import Accounts
from xmppshell.practice.actors import Actor, Part
from xmppshell.practice.clockwork import Clockwork
from xmppshell.practice.contacts.roster import Rosters
from xmppshell.practice.directory import Delivery, Directory, Resource
from xmppshell.practice.repertoire import repertoire
from xmppshell.practice.stage import Stage
from xmppshell.protocol.jid import JID
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import Context, parse_element

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
USERS = ("juliet", "romeo", "nurse", "mercutio")
FRIENDS = (("juliet", "romeo"), ("juliet", "nurse"))


class House:
    """The stage of `localhost`, with `USERS`; `said` is what the last step delivered."""

    def __init__(
        self,
        *,
        users: Iterable[str] = USERS,
        friends: Iterable[tuple[str, str]] = FRIENDS,
        parts: Iterable[Part] = (),
    ) -> None:
        accounts = Accounts()
        for user in users:
            accounts.add(JID.of(user, "localhost"), "secret")
        self.rosters = Rosters()
        for one, other in friends:
            self.rosters.befriend(JID.of(one, "localhost"), JID.of(other, "localhost"))
        actors = [Actor(part, "localhost", lambda: NOON) for part in parts]
        clockwork = Clockwork.fixed(NOON)
        self.stage = Stage(
            ("localhost",),
            accounts,
            actors,
            self.rosters,
            clockwork,
            repertoire(("localhost",), accounts, self.rosters, Directory(), clockwork),
        )
        self.resources: dict[str, Resource] = {}

    def enter(
        self,
        who: str,
        priority: int | None = None,
        *,
        declarations: Mapping[str, str] | None = None,
        lang: str | None = None,
    ) -> list[tuple[str, str]]:
        """Bind `user/resource`; with `priority` also send initial presence."""
        user, _, name = who.partition("/")
        resource = Resource(JID.of(user, "localhost", name), declarations or {}, lang)
        _, told = self.stage.enter(resource)
        self.resources[who] = resource
        said = self._named(told)
        if priority is not None:
            said += self.say(who, f"<presence><priority>{priority}</priority></presence>")
        return said

    def say(self, who: str, text: str) -> list[tuple[str, str]]:
        """Let a resource send one stanza; return (to whom, what) for each delivery."""
        resource = self.resources[who]
        prefixes = {None: "jabber:client", **resource.declarations}
        element = parse_element(text.encode(), Context(prefixes, resource.lang))
        stanza = stanza_of(element)
        assert stanza is not None, text
        return self._named(self.stage.take(resource, text.encode(), stanza, element))

    def leave(self, who: str) -> list[tuple[str, str]]:
        return self._named(self.stage.leave(self.resources.pop(who)))

    def _named(self, deliveries: list[Delivery]) -> list[tuple[str, str]]:
        named = []
        for resource, data in deliveries:
            # What is delivered must stand on a stream without any special declarations.
            parse_element(data, Context.for_namespace())
            named.append((f"{resource.jid.local}/{resource.jid.resource}", data.decode()))
        return named


def receivers(said: list[tuple[str, str]]) -> list[str]:
    return [who for who, _ in said]


def parsed(text: str) -> etree._Element:
    return parse_element(text.encode(), Context.for_namespace())


def error_of(said: list[tuple[str, str]]) -> tuple[str, str, str]:
    """Return who got the only delivery, and its error's type and condition."""
    ((who, text),) = said
    element = parsed(text)
    assert element.get("type") == "error", text
    error = element.find("{jabber:client}error")
    assert error is not None
    return who, error.get("type") or "", str(error[0].tag).rpartition("}")[2]
