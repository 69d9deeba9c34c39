"""Secrets taken out of the exact text of XML; every other character stays as it is.

One scanner serves the capture, the transcript, the history and the screen. It reads tags rather
than parsing, because it also has to work on text that a person typed and that is unfinished or
ill-formed: whatever is in doubt beside the name of a secret is hidden. It takes linear time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import AnyStr

from ..protocol import namespaces

REDACTED = "[redacted]"

# Text that has none of these words has no secret that could be recognised.
_TRIGGERS = (
    "auth",
    "pass",
    "token",
    "secret",
    "response",
    "challenge",
    "success",
    "private",
    "key",
    "pwd",
    "digest",
    "cookie",
    "handshake",
    "credential",
    "additional-data",
    "task-data",
    "&#",
)

_SASL_NAMES = frozenset({"auth", "response", "challenge", "success"})
# Directly under the stream root these names mean nothing else, whatever namespace was typed.
_TOP_LEVEL = _SASL_NAMES | {"handshake"}
_ANYWHERE = frozenset({"initial-response", "additional-data"})
# Elsewhere they are secrets in namespaces that contain one of these.
_ELSEWHERE = {
    "auth": (namespaces.SASL,),
    "success": (namespaces.SASL,),
    "response": ("sasl",),
    "challenge": ("sasl",),
    "task-data": ("sasl",),
    "handshake": ("jabber:component:",),
    "token": (namespaces.FAST,),
    "digest": ("jabber:iq:auth", namespaces.REGISTER),
    "key": ("jabber:iq:auth", namespaces.REGISTER),
}
# An element that was given no namespace of its own is in one of these.
_CONTENT = frozenset({None, namespaces.CLIENT, namespaces.SERVER, namespaces.COMPONENT_ACCEPT})

_SECRET_WORD = re.compile(r"pass(?:word|wd|phrase)|pwd|secret|token|credential|api[-_]?key", re.I)
_SECRET_NAME = re.compile(r"pass(?:word|wd|phrase)|secret")
_SECRET_HEADER = re.compile(r"authorization|cookie|token|api-?key", re.I)
_NOT_SECRET_FIELD = re.compile(r"passwordprotected", re.I)
# Text that is no secret even where other text may be one.
_PLAIN = frozenset({"desc", "software", "device", "tag"})
_SECRET_ATTRIBUTES = frozenset({"password", "token"})
# What is hidden in a tag that has one of them: until when a token is good is nobody's business.
_HIDDEN_ATTRIBUTES = _SECRET_ATTRIBUTES | {"expiry"}

_NAME = re.compile(r"<\s*([^\s<>/=\"'!?]+)")
_START = re.compile(r"""<\s*([^\s<>/="'!?]+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_END = re.compile(r"</\s*([^\s<>/]+)\s*>")
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([^\s=/>"']++)(\s*+=\s*+)("[^"]*"|'[^']*')""")
_LOOSE_SECRET_ATTRIBUTE = re.compile(r"""\s(?:[^\s=:]+:)?(?:password|token)\s*=""", re.I)


def redact(data: AnyStr) -> AnyStr:
    """Return one piece of XML, `str` or `bytes`, with each secret replaced by `[redacted]`.

    Secrets are what SASL, SASL2 and FAST exchange, passwords and keys of registration and rooms,
    secret-looking fields of data forms, the handshake of a component and HTTP credentials.
    Nothing tells how long a secret was. An empty payload stays, as does the `=` that stands for
    one in SASL. The text may be of any kind, and may end anywhere. Redacting twice changes
    nothing more.
    """
    if isinstance(data, bytes):
        # Latin-1 maps each byte to one character and back, so bytes of any kind survive.
        text = data.decode("latin-1")
        return _redacted(text).encode("latin-1") if _suspicious(text) else data
    return _redacted(data) if _suspicious(data) else data


def _suspicious(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _TRIGGERS) or "\0" in text


def _redacted(text: str) -> str:
    if "\0" in text:
        # UTF-16 or the like: the scanner cannot read it, but the words show without the zeros.
        return REDACTED if _suspicious(text.replace("\0", "")) else text
    return _Scanner(text).run()


class _Scanner:
    """One pass over `text`, tag by tag, keeping track of open elements and namespaces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._out: list[str] = []
        self._open: list[tuple[str, list[str]]] = []
        self._open_count: dict[str, int] = {}
        self._namespaces: dict[str, list[str | None]] = {}
        # Inside a secret field or <authenticate/>, where any text is hidden ...
        self._confidential = False
        # ... but for that of an element that only describes.
        self._plain = False

    def run(self) -> str:
        """Return the redacted text."""
        position = 0
        while (bracket := self._text.find("<", position)) >= 0:
            self._copy_text(position, bracket)
            position = self._markup(bracket)
        self._copy_text(position, len(self._text))
        return "".join(self._out)

    def _copy_text(self, start: int, end: int) -> None:
        run = self._text[start:end]
        hide = self._confidential and not self._plain and run and not run.isspace()
        self._out.append(REDACTED if hide else run)

    def _markup(self, at: int) -> int:
        """Copy what begins with the `<` at `at`, and return where the scan goes on."""
        if end := _END.match(self._text, at):
            self._close(end[1])
            self._out.append(end[0])
            return end.end()
        if start := _START.match(self._text, at):
            return self._start_tag(start)
        if name := _NAME.match(self._text, at):
            return self._broken_tag(name)
        self._out.append("<")
        return at + 1

    def _start_tag(self, tag: re.Match[str]) -> int:
        name, rest = tag[1], tag[2]
        prefix, local = _split(name)
        attributes = {key: value[1:-1] for key, _, value in _ATTRIBUTE.findall(rest)}
        empty = rest.endswith("/")
        declared = self._declare(attributes)
        namespace = self._namespaces.get(prefix, [None])[-1]
        self._out.append(self._tag_text(tag[0], attributes))
        if self._is_secret(local, namespace, attributes):
            self._undeclare(declared)
            return tag.end() if empty else self._hide_content(local, tag.end())
        if empty:
            self._undeclare(declared)
        elif local != "stream":
            # The root never ends within a piece, so it does not count as an open element.
            self._open.append((name, declared))
            self._open_count[name] = self._open_count.get(name, 0) + 1
            self._confidential = self._confidential or (
                local == "authenticate" or (local == "field" and is_secret_field(attributes))
            )
            self._plain = local in _PLAIN
        return tag.end()

    def _is_secret(self, local: str, namespace: str | None, attributes: dict[str, str]) -> bool:
        """Say whether the whole content of this element is to be hidden."""
        if local in _ANYWHERE or _SECRET_NAME.search(local):
            return True
        if local == "value" and self._confidential:
            return True
        if local == "header":
            return _matches(_SECRET_HEADER, attributes.get("name", ""))
        if local in _TOP_LEVEL and not self._open:
            # In SASL2 it is a container of other elements, one of them secret.
            return not (local == "success" and namespace == namespaces.SASL2)
        where = _ELSEWHERE.get(local)
        if where is None:
            return False
        return namespace in _CONTENT or any(part in str(namespace) for part in where)

    def _hide_content(self, local: str, start: int) -> int:
        end = _content_end(self._text, local, start)
        content = self._text[start:end]
        blank = not content or (content.isspace() and "\n" in content)
        stands_for_empty = content.strip() == "=" and local in _SASL_NAMES | _ANYWHERE
        self._out.append(content if blank or stands_for_empty else REDACTED)
        return end

    def _broken_tag(self, name: re.Match[str]) -> int:
        """Copy the start of a tag that does not end as a tag; hide all that follows a suspect."""
        local = _split(name[1])[1]
        following = self._text.find("<", name.end())
        rest = self._text[name.end() : following if following >= 0 else None]
        suspect = (
            local in _ELSEWHERE
            or local in _ANYWHERE
            or local in ("field", "header")
            or (local == "value" and self._confidential)
            or _SECRET_NAME.search(local)
            or _LOOSE_SECRET_ATTRIBUTE.search(rest)
        )
        self._out.append(name[0])
        if not suspect:
            return name.end()
        hidden = self._text[name.end() :]
        self._out.append(hidden if not hidden.strip() else f" {REDACTED}")
        return len(self._text)

    def _tag_text(self, tag: str, attributes: dict[str, str]) -> str:
        if not any(_split(key)[1] in _SECRET_ATTRIBUTES for key in attributes):
            return tag
        return _ATTRIBUTE.sub(_redact_attribute, tag)

    def _close(self, name: str) -> None:
        local = _split(name)[1]
        self._plain = False
        if local in ("field", "authenticate"):
            self._confidential = False
        if not self._open_count.get(name):
            return
        while self._open:
            closed, declared = self._open.pop()
            self._open_count[closed] -= 1
            self._undeclare(declared)
            if closed == name:
                return

    def _declare(self, attributes: dict[str, str]) -> list[str]:
        declared = []
        for key, value in attributes.items():
            if key == "xmlns" or key.startswith("xmlns:"):
                prefix = key[6:]
                known = value if value and "&" not in value else None
                self._namespaces.setdefault(prefix, [None]).append(known)
                declared.append(prefix)
        return declared

    def _undeclare(self, prefixes: list[str]) -> None:
        for prefix in prefixes:
            self._namespaces[prefix].pop()


def _split(name: str) -> tuple[str, str]:
    """Return the prefix of a name, and its local name in lower case."""
    prefix, _, local = name.rpartition(":")
    return prefix, local.lower()


def _matches(pattern: re.Pattern[str], value: str) -> bool:
    """Search `value`; one that is written with character references is taken to match."""
    return "&" in value or pattern.search(value) is not None


def is_secret_field(attributes: Mapping[str, str]) -> bool:
    """Say whether a data form's field holds a secret (XEP-0004 3.3), by its type or its name."""
    kind, var = attributes.get("type", ""), attributes.get("var", "")
    if kind == "text-private" or "&" in kind:
        return True
    if kind == "boolean" or _NOT_SECRET_FIELD.search(var):
        return False
    return _matches(_SECRET_WORD, var)


def _redact_attribute(attribute: re.Match[str]) -> str:
    name, equals, quoted = attribute.groups()
    if _split(name)[1] not in _HIDDEN_ATTRIBUTES or len(quoted) == 2:
        return attribute[0]
    return f"{name}{equals}{quoted[0]}{REDACTED}{quoted[0]}"


def _content_end(text: str, local: str, start: int) -> int:
    """Return where the content of an element that began before `start` ends.

    That is at the end tag that matches it, or at the end of the text if there is none.
    """
    depth = 0
    position = start
    while found := _boundary(local).search(text, position):
        if found[0].startswith("<!"):
            closing = "]]>" if found[0] == "<![CDATA[" else "-->"
            end = text.find(closing, found.end())
            if end < 0:
                break
            position = end + len(closing)
            continue
        position = found.end()
        if not found[0].startswith("</"):
            depth += not found[0].endswith("/>")
        elif depth == 0:
            return found.start()
        else:
            depth -= 1
    return len(text)


@functools.lru_cache(maxsize=64)
def _boundary(local: str) -> re.Pattern[str]:
    """Match what may change whether the content of an element `local` has ended."""
    name = rf"(?:[^\s<>/:]+:)?{re.escape(local)}"
    return re.compile(
        rf"<!\[CDATA\[|<!--|</\s*{name}\s*>|<\s*{name}(?=[\s/>])[^<>]*>", re.IGNORECASE
    )


def secrets_in(text: str) -> list[tuple[int, int]]:
    """Return where the secrets of `text` begin and end, in characters: what `redact` hides.

    Where that cannot be told exactly, all that follows counts as secret.
    """
    hidden = redact(text)
    if hidden == text:
        return []
    found: list[tuple[int, int]] = []
    first, *rest = hidden.split(REDACTED)
    at = len(first)
    if not text.startswith(first):
        return [(0, len(text))]
    for number, piece in enumerate(rest, 1):
        end = len(text) - len(piece) if number == len(rest) else text.find(piece, at)
        if end < at or not text.startswith(piece, end):
            return [*found, (at, len(text))]
        found.append((at, end))
        at = end + len(piece)
    return found
