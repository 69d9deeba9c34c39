"""The kinds of values that attributes, texts and fields have."""

from __future__ import annotations

from typing import Final

KIND_NAMES: Final = {
    "bare": "a bare JID",
    "base64": "base64",
    "bool": "true or false",
    "date": "a date and time",
    "domain": "a domain",
    "full": "a full JID",
    "hex": "hexadecimal",
    "id": "an id",
    "int": "a whole number",
    "jid": "a JID",
    "lang": "a language tag",
    "namespace": "a namespace",
    "nick": "a nickname",
    "node": "the name of a node",
    "string": "text",
    "token": "a word",
    "uint": "a number from 0 up",
    "uri": "a URI",
}
"""What each kind is called before people.

`bare`, `full` and `domain` are JIDs of that form and `jid` one of any; `date` is a date and time
of XEP-0082; `node` a node of disco, pubsub or ad-hoc commands; `token` a name from a registry.
"""
