"""A room on the stage: who enters, what they say, and what the others are delivered."""

from __future__ import annotations

from lxml import etree
from stage_driver import House, error_of, parsed

MUC = "http://jabber.org/protocol/muc"
USER = f"{{{MUC}#user}}"
ROOM = "orchard@rooms.localhost"
SERVICE = "rooms.localhost"
PEOPLE = {"juliet/a": "Jule", "romeo/b": "Rom", "nurse/c": "Nurse", "mercutio/d": "Merc"}

Said = list[tuple[str, str]]


class Party(House):
    """The stage with everybody online; `said` is by whom to whom as in `House`."""

    def __init__(self) -> None:
        super().__init__(friends=())
        for who in PEOPLE:
            self.enter(who, 1)

    def join(self, who: str, nick: str = "", inside: str = "", more: str = "") -> Said:
        """Enter the room; `inside` goes into the `<x/>`, `more` beside it."""
        to = f"{ROOM}/{nick or PEOPLE[who]}"
        return self.say(who, f"<presence to='{to}'>{more}<x xmlns='{MUC}'>{inside}</x></presence>")

    def open(self, *others: str, **fields: str) -> None:
        """Let Juliet create the room and configure it, and others enter."""
        self.join("juliet/a")
        assert self.configure(**fields)[0][1].count("type='result'")
        for who in others:
            said = self.join(who)
            assert "110" in codes(self.only(said, who, "presence")[-1])

    def configure(self, who: str = "juliet/a", **fields: str) -> Said:
        """Submit a form; a name without `#` means `muc#roomconfig_NAME`, `|` divides values."""
        form = "".join(
            f"<field var='muc#roomconfig_{name}'>"
            + "".join(f"<value>{value}</value>" for value in values.split("|"))
            + "</field>"
            for name, values in fields.items()
        )
        return self.owner(who, f"<x xmlns='jabber:x:data' type='submit'>{form}</x>")

    def owner(self, who: str, content: str, kind: str = "set") -> Said:
        return self.ask(who, f"<query xmlns='{MUC}#owner'>{content}</query>", kind)

    def admin(self, who: str, items: str, kind: str = "set") -> Said:
        return self.ask(who, f"<query xmlns='{MUC}#admin'>{items}</query>", kind)

    def ask(self, who: str, payload: str, kind: str = "get", to: str = ROOM) -> Said:
        return self.say(who, f"<iq type='{kind}' id='ask' to='{to}'>{payload}</iq>")

    def speak(self, who: str, text: str, to: str = ROOM) -> Said:
        body = f"<body>{text}</body>"
        return self.say(who, f"<message type='groupchat' id='m' to='{to}'>{body}</message>")

    def only(self, said: Said, who: str, kind: str = "") -> list[etree._Element]:
        """Return what one resource was delivered of one kind, in order."""
        elements = [parsed(text) for to, text in said if to == who]
        return [e for e in elements if not kind or e.tag == f"{{jabber:client}}{kind}"]

    @property
    def nicks(self) -> set[str]:
        """The nicknames in the room, as the room itself lists them."""
        said = self.ask("juliet/a", "<query xmlns='http://jabber.org/protocol/disco#items'/>")
        items = parsed(said[0][1]).iter("{http://jabber.org/protocol/disco#items}item")
        return {str(item.get("jid")).partition("/")[2] for item in items}


def codes(element: etree._Element) -> list[str]:
    """Return the statuses of the room in a stanza, in order."""
    return [str(each.get("code")) for each in element.iter(f"{USER}status")]


def item(element: etree._Element) -> dict[str, str]:
    """Return the attributes of the room's item in presence."""
    found = element.find(f"{USER}x/{USER}item")
    assert found is not None, etree.tostring(element)
    return {str(name): str(value) for name, value in found.attrib.items()}


def refused(said: Said, who: str) -> tuple[str, str]:
    """Return type and condition of the error that is the only delivery; it has to explain."""
    to, kind, condition = error_of(said)
    assert to == who
    text = parsed(said[0][1]).findtext(".//{urn:ietf:params:xml:ns:xmpp-stanzas}text")
    assert text, "an error says what is wrong"
    return kind, condition


def nick_of(element: etree._Element) -> str:
    return str(element.get("from")).partition("/")[2]
