"""Resources that say what they can do, and requests to the nodes of accounts."""

from __future__ import annotations

from lxml import etree
from practice.stage_driver import House, parsed

from xmppshell.practice.services.capabilities import Identity, Info, verification
from xmppshell.protocol.xml.tokens import quoted

PUBSUB = "http://jabber.org/protocol/pubsub"
OWNER = f"{PUBSUB}#owner"
EVENT = f"{PUBSUB}#event"
TUNE = "http://jabber.org/protocol/tune"
SONG = f"<tune xmlns='{TUNE}'><title>Night</title></tune>"

Said = list[tuple[str, str]]


def info_of(*features: str) -> Info:
    return Info((Identity("client", "console", "x"),), features)


def caps(*features: str, algorithm: str = "sha-1", version: str = "") -> str:
    version = version or verification(info_of(*features), algorithm)
    return (
        f"<c xmlns='http://jabber.org/protocol/caps' hash='{algorithm}' node='urn:example:x'"
        f" ver='{version}'/>"
    )


def answer(question: str, *features: str) -> str:
    """Return the answer to a question of the server for what the resource can do."""
    iq = parsed(question)
    listed = "".join(f"<feature var={quoted(feature)}/>" for feature in features)
    return (
        f"<iq type='result' id='{iq.get('id')}' to='{iq.get('from')}'>"
        f"<query xmlns='http://jabber.org/protocol/disco#info' node='{iq[0].get('node')}'>"
        f"<identity category='client' type='console' name='x'/>{listed}</query></iq>"
    )


def is_question(text: str) -> bool:
    return text.startswith("<iq type='get'") and "disco#info" in text


def enter(house: House, who: str, *features: str, priority: int = 0) -> Said:
    """Come online with capabilities, and answer if asked; return what is said but presence."""
    house.enter(who)
    return announce(house, who, *features, priority=priority)


def announce(house: House, who: str, *features: str, priority: int = 0) -> Said:
    text = f"<presence><priority>{priority}</priority>{caps(*features)}</presence>"
    said = house.say(who, text)
    for to, each in tuple(said):
        if is_question(each):
            assert to == who
            said += house.say(who, answer(each, *features))
    return [s for s in said if not s[1].startswith("<presence") and not is_question(s[1])]


def ask(
    house: House, who: str, inside: str, *, to: str = "", kind: str = "set", owner: bool = False
) -> Said:
    """Send a request and return what is delivered."""
    address = f" to='{to}'" if to else ""
    namespace = OWNER if owner else PUBSUB
    return house.say(
        who,
        f"<iq type='{kind}' id='i'{address}><pubsub xmlns='{namespace}'>{inside}</pubsub></iq>",
    )


def publish(house: House, who: str, item: str, *, node: str = TUNE, options: str = "") -> Said:
    return ask(house, who, f"<publish node='{node}'>{item}</publish>{options}")


def form(namespace: str, **fields: str) -> str:
    """Return a submitted form; the values of several are divided by commas."""
    listed = "".join(
        f"<field var='pubsub#{name}'>"
        + "".join(f"<value>{value}</value>" for value in text.split(","))
        + "</field>"
        for name, text in fields.items()
    )
    return (
        f"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
        f"<value>{namespace}</value></field>{listed}</x>"
    )


def options(**fields: str) -> str:
    return f"<publish-options>{form(f'{PUBSUB}#publish-options', **fields)}</publish-options>"


def configure(house: House, who: str, node: str = TUNE, **fields: str) -> Said:
    inside = f"<configure node='{node}'>{form(f'{PUBSUB}#node_config', **fields)}</configure>"
    return ask(house, who, inside, owner=True)


def create(house: House, who: str, node: str = TUNE, **fields: str) -> Said:
    configured = f"<configure>{form(f'{PUBSUB}#node_config', **fields)}</configure>"
    return ask(house, who, f"<create node='{node}'/>{configured if fields else ''}")


def result_of(said: Said, who: str) -> etree._Element:
    """Return the answer to the request, which is the first thing said."""
    to, text = said[0]
    assert to == who, said
    element = parsed(text)
    assert element.get("type") == "result", text
    return element


def refusal_of(said: Said) -> tuple[str, str, str]:
    """Return type, condition and the condition of publish-subscribe, "" for none."""
    ((_, text),) = said
    error = parsed(text).find("{jabber:client}error")
    assert error is not None, text
    names = [str(child.tag).rpartition("}") for child in error]
    details = [name for space, _, name in names if space.endswith("pubsub#errors")]
    assert error.find("{urn:ietf:params:xml:ns:xmpp-stanzas}text") is not None, text
    return error.get("type") or "", names[0][2], details[0] if details else ""


def ids_in(said: Said) -> list[str]:
    (query,) = parsed(said[0][1])
    return [item.get("id") or "" for item in query.iter(f"{{{PUBSUB}}}item")]


def items(house: House, who: str, *, to: str = "", node: str = TUNE, more: str = "") -> Said:
    return ask(house, who, f"<items node='{node}'{more}/>", to=to, kind="get")
