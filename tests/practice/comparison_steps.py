"""Good and bad exchanges of two people, for playing them on several servers one after another.

They are paris@localhost/first and rosaline@localhost/second, strangers at the start. `ROOMS` is the
domain with the rooms; `LAST` is the `<last/>` that the newest page of an archive told.
"""

from __future__ import annotations

from typing import NamedTuple

PARIS, ROSALINE = "paris", "rosaline"
DISCO = "http://jabber.org/protocol/disco"
MUC = "http://jabber.org/protocol/muc"
PUBSUB = "http://jabber.org/protocol/pubsub"
MAM = "urn:xmpp:mam:2"
RSM = "http://jabber.org/protocol/rsm"
COMMANDS = "http://jabber.org/protocol/commands"


class Step(NamedTuple):
    """What one of the two says, and what it is called."""

    name: str
    who: str
    text: str


def _message(kind: str, to: str, payload: str = "<body>hear</body>") -> str:
    typed = f" type='{kind}'" if kind else ""
    return f"<message{typed} id='m' to='{to}'>{payload}</message>"


def _iq(kind: str, to: str, payload: str) -> str:
    addressed = f" to='{to}'" if to else ""
    return f"<iq type='{kind}' id='q'{addressed}>{payload}</iq>"


def _roster(item: str) -> str:
    return f"<query xmlns='jabber:iq:roster'>{item}</query>"


def _block(kind: str, item: str) -> str:
    return f"<{kind} xmlns='urn:xmpp:blocking'>{item}</{kind}>"


def _admin(items: str) -> str:
    return f"<query xmlns='{MUC}#admin'>{items}</query>"


def _mam(inside: str) -> str:
    return f"<query xmlns='{MAM}' queryid='a'>{inside}</query>"


def _form(*fields: tuple[str, str]) -> str:
    written = "".join(f"<field var='{n}'><value>{v}</value></field>" for n, v in fields)
    return (
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
        f"<value>{MAM}</value></field>{written}</x>"
    )


def _page(inside: str) -> str:
    return f"<set xmlns='{RSM}'>{inside}</set>"


BOTH_HERE = (
    Step("roster, empty", PARIS, _iq("get", "", _roster(""))),
    Step("roster, empty, of the other", ROSALINE, _iq("get", "", _roster(""))),
    Step("first presence", PARIS, "<presence/>"),
    Step("first presence of the other", ROSALINE, "<presence><show>chat</show></presence>"),
)

_ROOT = "rosaline@localhost"
_FULL = "rosaline@localhost/second"
_GONE = "rosaline@localhost/gone"

MESSAGES = (
    *(
        Step(f"message, {kind or 'no type'}, to {name}", PARIS, _message(kind, to))
        for name, to in (("an account", _ROOT), ("a resource", _FULL), ("a lost resource", _GONE))
        for kind in ("", "chat", "headline", "groupchat", "error")
    ),
    Step("message to nobody", PARIS, _message("chat", "nobody@localhost")),
    Step("message to a resource of nobody", PARIS, _message("chat", "nobody@localhost/x")),
    Step("message to oneself", PARIS, _message("chat", "paris@localhost")),
    Step("message without 'to'", PARIS, "<message id='m'><body>note</body></message>"),
    Step("message to an unknown domain", PARIS, _message("chat", "romeo@montague.invalid")),
    Step("message to a bad address", PARIS, _message("chat", "a@@localhost")),
    Step("message of an unknown type", PARIS, _message("shout", _FULL)),
    Step("message without a body", PARIS, _message("chat", _ROOT, "<x xmlns='urn:example:x'/>")),
)

IQS = (
    Step("ping the server", PARIS, _iq("get", "localhost", "<ping xmlns='urn:xmpp:ping'/>")),
    Step("ping without 'to'", PARIS, _iq("get", "", "<ping xmlns='urn:xmpp:ping'/>")),
    Step("ping a stranger's resource", PARIS, _iq("get", _FULL, "<ping xmlns='urn:xmpp:ping'/>")),
    Step("ping a lost resource", PARIS, _iq("get", _GONE, "<ping xmlns='urn:xmpp:ping'/>")),
    Step("ping nobody", PARIS, _iq("get", "nobody@localhost", "<ping xmlns='urn:xmpp:ping'/>")),
    Step("unknown get", PARIS, _iq("get", "localhost", "<x xmlns='urn:example:x'/>")),
    Step("unknown set", PARIS, _iq("set", "localhost", "<x xmlns='urn:example:x'/>")),
    Step("unknown get to an account", PARIS, _iq("get", _ROOT, "<x xmlns='urn:example:x'/>")),
    Step("iq of an unknown type", PARIS, _iq("ask", "localhost", "<x xmlns='urn:example:x'/>")),
    Step("iq get without a child", PARIS, _iq("get", "localhost", "")),
    Step(
        "iq get with two children", PARIS, _iq("get", "localhost", "<a xmlns='x'/><b xmlns='x'/>")
    ),
    Step("result for nobody", PARIS, _iq("result", "localhost", "")),
    Step("version", PARIS, _iq("get", "localhost", "<query xmlns='jabber:iq:version'/>")),
    Step("time", PARIS, _iq("get", "localhost", "<time xmlns='urn:xmpp:time'/>")),
    Step("last of the server", PARIS, _iq("get", "localhost", "<query xmlns='jabber:iq:last'/>")),
    Step("last of a stranger", PARIS, _iq("get", _ROOT, "<query xmlns='jabber:iq:last'/>")),
    Step("disco#info", PARIS, _iq("get", "localhost", f"<query xmlns='{DISCO}#info'/>")),
    Step("disco#items", PARIS, _iq("get", "localhost", f"<query xmlns='{DISCO}#items'/>")),
    Step(
        "disco#info at an unknown node",
        PARIS,
        _iq("get", "localhost", f"<query xmlns='{DISCO}#info' node='urn:example:none'/>"),
    ),
    Step("disco#info of a stranger", PARIS, _iq("get", _ROOT, f"<query xmlns='{DISCO}#info'/>")),
    Step(
        "disco#info of nobody",
        PARIS,
        _iq("get", "nobody@localhost", f"<query xmlns='{DISCO}#info'/>"),
    ),
)

ROSTERS = (
    Step("roster set", PARIS, _iq("set", "", _roster(f"<item jid='{_ROOT}' name='Rose'/>"))),
    Step("roster set of two", PARIS, _iq("set", "", _roster("<item jid='a@b'/><item jid='c@b'/>"))),
    Step("roster set without a jid", PARIS, _iq("set", "", _roster("<item name='x'/>"))),
    Step("roster set of a bad jid", PARIS, _iq("set", "", _roster("<item jid='a@@b'/>"))),
    Step("roster set of nothing", PARIS, _iq("set", "", _roster(""))),
    Step(
        "roster set with a group twice",
        PARIS,
        _iq("set", "", _roster("<item jid='a@b'><group>g</group><group>g</group></item>")),
    ),
    Step(
        "roster set with an empty group",
        PARIS,
        _iq("set", "", _roster("<item jid='a@b'><group/></item>")),
    ),
    Step(
        "roster remove of who is not there",
        PARIS,
        _iq("set", "", _roster("<item jid='none@b' subscription='remove'/>")),
    ),
    Step("roster get of a stranger", PARIS, _iq("get", _ROOT, _roster(""))),
    Step("roster set of a stranger", PARIS, _iq("set", _ROOT, _roster("<item jid='a@b'/>"))),
)

PRESENCE = (
    Step("priority out of range", PARIS, "<presence><priority>200</priority></presence>"),
    Step("priority that is no number", PARIS, "<presence><priority>x</priority></presence>"),
    Step("unknown show", PARIS, "<presence><show>busy</show></presence>"),
    Step("unknown presence type", PARIS, "<presence type='hello'/>"),
    Step("presence", PARIS, "<presence><status>here</status></presence>"),
    Step("directed presence", PARIS, f"<presence to='{_FULL}'/>"),
    Step("directed presence to nobody", PARIS, "<presence to='nobody@localhost'/>"),
    Step("subscribe", PARIS, f"<presence type='subscribe' to='{_ROOT}'/>"),
    Step("subscribe again", PARIS, f"<presence type='subscribe' to='{_ROOT}'/>"),
    Step("subscribe to nobody", PARIS, "<presence type='subscribe' to='nobody@localhost'/>"),
    Step("subscribed", ROSALINE, "<presence type='subscribed' to='paris@localhost'/>"),
    Step("subscribed again", ROSALINE, "<presence type='subscribed' to='paris@localhost'/>"),
    Step("subscribe back", ROSALINE, "<presence type='subscribe' to='paris@localhost'/>"),
    Step("subscribed back", PARIS, f"<presence type='subscribed' to='{_ROOT}'/>"),
    Step("presence for a friend", PARIS, "<presence><show>away</show></presence>"),
    Step("probe a friend", PARIS, f"<presence type='probe' to='{_ROOT}'/>"),
    Step("last of a friend", PARIS, _iq("get", _ROOT, "<query xmlns='jabber:iq:last'/>")),
    Step("unsubscribe", PARIS, f"<presence type='unsubscribe' to='{_ROOT}'/>"),
    Step("unsubscribe again", PARIS, f"<presence type='unsubscribe' to='{_ROOT}'/>"),
    Step("unsubscribed", PARIS, f"<presence type='unsubscribed' to='{_ROOT}'/>"),
    Step(
        "roster remove",
        PARIS,
        _iq("set", "", _roster(f"<item jid='{_ROOT}' subscription='remove'/>")),
    ),
)

BLOCKING = (
    Step("block list", PARIS, _iq("get", "", _block("blocklist", ""))),
    Step("block nobody at all", PARIS, _iq("set", "", _block("block", ""))),
    Step("block", PARIS, _iq("set", "", _block("block", f"<item jid='{_ROOT}'/>"))),
    Step("message to who blocks", ROSALINE, _message("chat", "paris@localhost")),
    Step("ping who blocks", ROSALINE, _iq("get", "paris@localhost/first", "<x xmlns='urn:x'/>")),
    Step("message to who is blocked", PARIS, _message("chat", _ROOT)),
    Step("unblock", PARIS, _iq("set", "", _block("unblock", f"<item jid='{_ROOT}'/>"))),
    Step("unblock all", PARIS, _iq("set", "", _block("unblock", ""))),
)

_ROOM = "garden@ROOMS"
_JOIN = f"<x xmlns='{MUC}'/>"

ROOMS = (
    Step("talk in no room", PARIS, _message("groupchat", _ROOM)),
    Step("enter without a nickname", PARIS, f"<presence to='lane@ROOMS'>{_JOIN}</presence>"),
    Step("enter a new hall", PARIS, f"<presence to='hall@ROOMS/P'>{_JOIN}</presence>"),
    Step("enter a locked room", ROSALINE, f"<presence to='hall@ROOMS/R'>{_JOIN}</presence>"),
    Step("leave the hall", PARIS, "<presence type='unavailable' to='hall@ROOMS/P'/>"),
    Step("leave the hall, too", ROSALINE, "<presence type='unavailable' to='hall@ROOMS/R'/>"),
    Step("enter a new room", PARIS, f"<presence to='{_ROOM}/P'>{_JOIN}</presence>"),
    Step(
        "unlock",
        PARIS,
        _iq(
            "set",
            _ROOM,
            f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query>",
        ),
    ),
    Step("enter as who is there", ROSALINE, f"<presence to='{_ROOM}/P'>{_JOIN}</presence>"),
    Step("talk from outside", ROSALINE, _message("groupchat", _ROOM)),
    Step("whisper from outside", ROSALINE, _message("chat", f"{_ROOM}/P")),
    Step("enter", ROSALINE, f"<presence to='{_ROOM}/R'>{_JOIN}</presence>"),
    Step("talk", ROSALINE, _message("groupchat", _ROOM)),
    Step("whisper", ROSALINE, _message("chat", f"{_ROOM}/P")),
    Step("whisper to nobody", ROSALINE, _message("chat", f"{_ROOM}/Nobody")),
    Step("talk to an occupant", ROSALINE, _message("groupchat", f"{_ROOM}/P")),
    Step("presence in a room", ROSALINE, f"<presence to='{_ROOM}/R'><show>away</show></presence>"),
    Step(
        "ping oneself in a room",
        ROSALINE,
        _iq("get", f"{_ROOM}/R", "<ping xmlns='urn:xmpp:ping'/>"),
    ),
    Step(
        "ping nobody in a room", ROSALINE, _iq("get", f"{_ROOM}/N", "<ping xmlns='urn:xmpp:ping'/>")
    ),
    Step("take a nickname that is taken", ROSALINE, f"<presence to='{_ROOM}/P'/>"),
    Step("change the nickname", ROSALINE, f"<presence to='{_ROOM}/Rose'/>"),
    Step("subject, not allowed", ROSALINE, _message("groupchat", _ROOM, "<subject>s</subject>")),
    Step("subject", PARIS, _message("groupchat", _ROOM, "<subject>s</subject>")),
    Step("disco#info of a room", ROSALINE, _iq("get", _ROOM, f"<query xmlns='{DISCO}#info'/>")),
    Step("disco#items of a room", ROSALINE, _iq("get", _ROOM, f"<query xmlns='{DISCO}#items'/>")),
    Step(
        "disco#items of the rooms", ROSALINE, _iq("get", "ROOMS", f"<query xmlns='{DISCO}#items'/>")
    ),
    Step(
        "disco#info of no room",
        ROSALINE,
        _iq("get", "none@ROOMS", f"<query xmlns='{DISCO}#info'/>"),
    ),
    Step("owners' form, not owner", ROSALINE, _iq("get", _ROOM, f"<query xmlns='{MUC}#owner'/>")),
    Step("owners' form", PARIS, _iq("get", _ROOM, f"<query xmlns='{MUC}#owner'/>")),
    Step("kick, not allowed", ROSALINE, _iq("set", _ROOM, _admin("<item nick='P' role='none'/>"))),
    Step("list the members", PARIS, _iq("get", _ROOM, _admin("<item affiliation='member'/>"))),
    Step("list the owners", PARIS, _iq("get", _ROOM, _admin("<item affiliation='owner'/>"))),
    Step(
        "make a member",
        PARIS,
        _iq("set", _ROOM, _admin(f"<item affiliation='member' jid='{_ROOT}'/>")),
    ),
    Step(
        "an unknown affiliation",
        PARIS,
        _iq("set", _ROOM, _admin(f"<item affiliation='x' jid='{_ROOT}'/>")),
    ),
    Step(
        "no longer the last owner",
        PARIS,
        _iq("set", _ROOM, _admin("<item affiliation='none' jid='paris@localhost'/>")),
    ),
    Step("take the voice", PARIS, _iq("set", _ROOM, _admin("<item nick='Rose' role='visitor'/>"))),
    Step("kick", PARIS, _iq("set", _ROOM, _admin("<item nick='Rose' role='none'/>"))),
    Step("kick who is gone", PARIS, _iq("set", _ROOM, _admin("<item nick='Rose' role='none'/>"))),
    Step("enter again", ROSALINE, f"<presence to='{_ROOM}/R'>{_JOIN}</presence>"),
    Step("ban", PARIS, _iq("set", _ROOM, _admin(f"<item affiliation='outcast' jid='{_ROOT}'/>"))),
    Step("enter, banned", ROSALINE, f"<presence to='{_ROOM}/R'>{_JOIN}</presence>"),
    Step("unknown iq to a room", PARIS, _iq("get", _ROOM, "<x xmlns='urn:example:x'/>")),
    Step("leave", PARIS, f"<presence to='{_ROOM}/P' type='unavailable'/>"),
)

_VAULT = "vault@ROOMS"
_CONFIG = f"{MUC}#roomconfig"


def _configured(**values: str) -> str:
    fields = "".join(
        f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>"
        for name, value in values.items()
    )
    return (
        f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'>"
        f"<field var='FORM_TYPE' type='hidden'><value>{_CONFIG}</value></field>{fields}</x></query>"
    )


def _with_password(password: str) -> str:
    return f"<x xmlns='{MUC}'><password>{password}</password></x>"


CLOSED_ROOMS = (
    Step("enter a vault", PARIS, f"<presence to='{_VAULT}/P'>{_JOIN}</presence>"),
    Step("close it", PARIS, _iq("set", _VAULT, _configured(membersonly="1", whois="anyone"))),
    Step("enter, no member", ROSALINE, f"<presence to='{_VAULT}/R'>{_JOIN}</presence>"),
    Step(
        "invite",
        PARIS,
        _message("", _VAULT, f"<x xmlns='{MUC}#user'><invite to='{_ROOT}'/></x>"),
    ),
    Step("enter, invited", ROSALINE, f"<presence to='{_VAULT}/R'>{_JOIN}</presence>"),
    Step(
        "a real address is shown", ROSALINE, f"<presence to='{_VAULT}/R'><show>xa</show></presence>"
    ),
    Step(
        "no longer a member",
        PARIS,
        _iq("set", _VAULT, _admin(f"<item affiliation='none' jid='{_ROOT}'/>")),
    ),
    Step(
        "a password instead",
        PARIS,
        _iq(
            "set",
            _VAULT,
            _configured(membersonly="0", passwordprotectedroom="1", roomsecret="rose"),
        ),
    ),
    Step("enter without the password", ROSALINE, f"<presence to='{_VAULT}/R'>{_JOIN}</presence>"),
    Step(
        "enter with a wrong password",
        ROSALINE,
        f"<presence to='{_VAULT}/R'>{_with_password('thorn')}</presence>",
    ),
    Step(
        "enter with the password",
        ROSALINE,
        f"<presence to='{_VAULT}/R'>{_with_password('rose')}</presence>",
    ),
    Step(
        "destroy, not owner",
        ROSALINE,
        _iq("set", _VAULT, f"<query xmlns='{MUC}#owner'><destroy/></query>"),
    ),
    Step(
        "destroy",
        PARIS,
        _iq(
            "set",
            _VAULT,
            f"<query xmlns='{MUC}#owner'><destroy><reason>dawn</reason></destroy></query>",
        ),
    ),
    Step("talk where the room was", ROSALINE, _message("groupchat", _VAULT)),
)

ARCHIVES = (
    Step("archive form", PARIS, _iq("get", "", f"<query xmlns='{MAM}'/>")),
    Step("archive, first page", PARIS, _iq("set", "", _mam(_page("<max>2</max>")))),
    Step(
        "archive, next page", PARIS, _iq("set", "", _mam(_page("<max>2</max><after>LAST</after>")))
    ),
    Step("archive, last page", PARIS, _iq("set", "", _mam(_page("<max>1</max><before/>")))),
    Step("archive, count only", PARIS, _iq("set", "", _mam(_page("<max>0</max>")))),
    Step(
        "archive after an unknown id",
        PARIS,
        _iq("set", "", _mam(_page("<max>2</max><after>nothing</after>"))),
    ),
    Step(
        "archive with nobody",
        PARIS,
        _iq("set", "", _mam(_form(("with", "nobody@localhost")))),
    ),
    Step("archive with a bad date", PARIS, _iq("set", "", _mam(_form(("start", "soon"))))),
    Step("archive of a stranger", PARIS, _iq("set", _ROOT, _mam(""))),
    Step("archive preferences", PARIS, _iq("get", "", f"<prefs xmlns='{MAM}'/>")),
)


def _publish(node: str, item: str) -> str:
    return f"<pubsub xmlns='{PUBSUB}'><publish node='{node}'>{item}</publish></pubsub>"


def _items(node: str, more: str = "") -> str:
    return f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{more}</items></pubsub>"


_NICK = "<item id='current'><nick xmlns='http://jabber.org/protocol/nick'>P</nick></item>"

NODES = (
    Step("items of no node", PARIS, _iq("get", "", _items("urn:example:n"))),
    Step("publish", PARIS, _iq("set", "", _publish("urn:example:n", _NICK))),
    Step(
        "publish without a node",
        PARIS,
        _iq("set", "", f"<pubsub xmlns='{PUBSUB}'><publish/></pubsub>"),
    ),
    Step("publish for a stranger", PARIS, _iq("set", _ROOT, _publish("urn:example:n", _NICK))),
    Step("items", PARIS, _iq("get", "", _items("urn:example:n"))),
    Step(
        "an item that is not there",
        PARIS,
        _iq("get", "", _items("urn:example:n", "<item id='z'/>")),
    ),
    Step("items of a stranger", ROSALINE, _iq("get", "paris@localhost", _items("urn:example:n"))),
    Step(
        "retract what is not there",
        PARIS,
        _iq(
            "set",
            "",
            f"<pubsub xmlns='{PUBSUB}'><retract node='urn:example:n'><item id='z'/></retract>"
            "</pubsub>",
        ),
    ),
    Step(
        "retract",
        PARIS,
        _iq(
            "set",
            "",
            f"<pubsub xmlns='{PUBSUB}'><retract node='urn:example:n'><item id='current'/></retract>"
            "</pubsub>",
        ),
    ),
    Step(
        "delete a node",
        PARIS,
        _iq("set", "", f"<pubsub xmlns='{PUBSUB}#owner'><delete node='urn:example:n'/></pubsub>"),
    ),
    Step(
        "delete no node",
        PARIS,
        _iq("set", "", f"<pubsub xmlns='{PUBSUB}#owner'><delete node='urn:example:n'/></pubsub>"),
    ),
)

STORES = (
    Step("no card", PARIS, _iq("get", "", "<vCard xmlns='vcard-temp'/>")),
    Step("set the card", PARIS, _iq("set", "", "<vCard xmlns='vcard-temp'><FN>P</FN></vCard>")),
    Step("card", PARIS, _iq("get", "", "<vCard xmlns='vcard-temp'/>")),
    Step("card of another", ROSALINE, _iq("get", "paris@localhost", "<vCard xmlns='vcard-temp'/>")),
    Step(
        "set another's card", ROSALINE, _iq("set", "paris@localhost", "<vCard xmlns='vcard-temp'/>")
    ),
    Step("card of nobody", PARIS, _iq("get", "nobody@localhost", "<vCard xmlns='vcard-temp'/>")),
    Step(
        "nothing kept",
        PARIS,
        _iq("get", "", "<query xmlns='jabber:iq:private'><n xmlns='urn:example:n'/></query>"),
    ),
    Step(
        "keep something",
        PARIS,
        _iq("set", "", "<query xmlns='jabber:iq:private'><n xmlns='urn:example:n'>1</n></query>"),
    ),
    Step(
        "something kept",
        PARIS,
        _iq("get", "", "<query xmlns='jabber:iq:private'><n xmlns='urn:example:n'/></query>"),
    ),
    Step("keep nothing", PARIS, _iq("set", "", "<query xmlns='jabber:iq:private'/>")),
    Step(
        "read another's",
        PARIS,
        _iq("get", _ROOT, "<query xmlns='jabber:iq:private'><n xmlns='urn:example:n'/></query>"),
    ),
)

ASKED = (
    Step("carbons", PARIS, _iq("set", "", "<enable xmlns='urn:xmpp:carbons:2'/>")),
    Step("carbons off", PARIS, _iq("set", "", "<disable xmlns='urn:xmpp:carbons:2'/>")),
    Step(
        "commands",
        PARIS,
        _iq("get", "localhost", f"<query xmlns='{DISCO}#items' node='{COMMANDS}'/>"),
    ),
    Step(
        "an unknown command",
        PARIS,
        _iq("set", "localhost", f"<command xmlns='{COMMANDS}' node='none' action='execute'/>"),
    ),
    Step(
        "the command ping",
        PARIS,
        _iq("set", "localhost", f"<command xmlns='{COMMANDS}' node='ping' action='execute'/>"),
    ),
    Step("unavailable", PARIS, "<presence type='unavailable'/>"),
)

STEPS = (
    *BOTH_HERE,
    *MESSAGES,
    *IQS,
    *ROSTERS,
    *PRESENCE,
    *BLOCKING,
    *ROOMS,
    *CLOSED_ROOMS,
    *ARCHIVES,
    *NODES,
    *STORES,
    *ASKED,
)
