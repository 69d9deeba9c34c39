"""From a stanza to a template of it: its addresses and its text become fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..protocol.namespaces import CLIENT
from ..protocol.problem import Problem, ProblemError
from ..protocol.values import check
from ..protocol.xml import Context, Token, TokenKind, attributes_of, parse_element, tokenise
from .model import Field
from .placeholders import OPEN
from .reading import read

HEAD: Final = 'title = "Saved from stanzas"\ngroup = "saved"\n'
"""What the file of a saved template begins with."""

_ADDRESSES: Final = ("to", "jid", "from", "by")
_ADDED: Final = {
    "stanza-id": "urn:xmpp:sid:0",
    "occupant-id": "urn:xmpp:occupant-id:0",
    "delay": "urn:xmpp:delay",
}
"""What servers put into what they deliver (XEP-0359, XEP-0421, XEP-0203): nobody sends it."""

_BRACES: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_DOLLAR: Final = re.compile(r"\$(?=[a-z$])")


class CannotMake(ProblemError):
    """No template can be made of that text."""


def make(
    name: str,
    text: str,
    *,
    received: bool,
    own: Mapping[str, str],
    summary: str,
    redacted: str,
) -> str:
    """Return a template file with one template, made of the exact text of one stanza.

    A stanza that was `received` is turned round: it goes to where it came from. `own` gives the
    variables of the shell for addresses, by the address. Secrets must have been replaced by the
    text `redacted`; they become fields. Raises `CannotMake`.
    """
    maker = _Maker(received, own, redacted)
    xml = maker.xml(text)
    lines = [HEAD, f"[template.{_basic(name)}]", f"summary = {_basic(summary)}"]
    lines += [f"xml = {_literal(xml)}"]
    if maker.fields:
        lines += ["", f"[template.{_basic(name)}.fields]"]
        lines += [f"{each.name} = {_inline(each)}" for each in maker.fields.values()]
    file = "\n".join(lines) + "\n"
    problems = read(file, group="saved", file=name).problems
    if problems:
        cause = problems[0].what.partition(": ")[2]
        raise CannotMake(Problem("no template can be made of that stanza", cause, ""))
    return file


@dataclass
class _Maker:
    """Writes the XML of a template and collects its fields."""

    received: bool
    own: Mapping[str, str]
    redacted: str
    fields: dict[str, Field] = field(default_factory=dict)

    def xml(self, text: str) -> str:
        pieces = []
        open_tags: list[str] = []
        for kind, piece in self._said(text.strip()):
            if kind in (TokenKind.START_TAG, TokenKind.EMPTY_TAG):
                pieces.append(self._tag(piece, stanza=not open_tags))
                if kind is TokenKind.START_TAG:
                    open_tags.append(re.split(r"[\s>]", piece[1:], maxsplit=1)[0])
            elif kind is TokenKind.END_TAG:
                pieces.append(piece)
                del open_tags[-1:]
            else:
                in_body = len(open_tags) == 2 and open_tags[1] == "body"
                pieces.append(self._text(piece, in_body))
        return "".join(pieces)

    def _said(self, text: str) -> Iterator[Token]:
        """Give the tokens of a stanza, without what servers added to one that was received."""
        depth, skipped = 0, 0
        for token in tokenise(text):
            start = token.kind is TokenKind.START_TAG
            if skipped or (self.received and depth == 1 and _is_added(token)):
                skipped += start - (token.kind is TokenKind.END_TAG)
                continue
            depth += start - (token.kind is TokenKind.END_TAG)
            yield token

    def _tag(self, tag: str, *, stanza: bool) -> str:
        pieces = attributes_of(tag)
        values = {name: _plain_attribute(value) for _, name, _, value in pieces}
        head = tag[: tag.index(pieces[0][0] + pieces[0][1])] if pieces else ""
        if not pieces:
            return _spelt(tag)
        kept = []
        for space, name, equals, quoted in pieces:
            value = values[name]
            if stanza and name == "from":
                continue
            if stanza and name == "xmlns" and value == CLIENT:
                continue
            if stanza and name == "id":
                if values.get("type") in ("result", "error"):
                    kept.append(f"{space}id='{self._reference()}'")
                continue
            if stanza and name == "to" and self.received:
                continue
            written = self._attribute(name, value)
            kept.append(
                f"{space}{name}={written}" if written else _spelt(space + name + equals + quoted)
            )
        if stanza and self.received and values.get("from"):
            written = self._attribute("to", values["from"])
            if written:
                kept.insert(0, f" to={written}")
        last = pieces[-1]
        whole = last[0] + last[1] + last[2] + last[3]
        return head + "".join(kept) + tag[tag.rindex(whole) + len(whole) :]

    def _attribute(self, name: str, value: str) -> str:
        """Return an attribute's value with its quotes as a field, or "" if it is to stay."""
        if value == self.redacted:
            return f"'{self._secret()}'"
        if name not in _ADDRESSES or check("jid", value) is not None:
            return ""
        default = self.own.get(value)
        default = f"${default}" if default else _DOLLAR.sub("$$", value)
        return f"'{self._field(Field(name, 'jid', default=default))}'"

    def _text(self, piece: str, in_body: bool) -> str:
        if piece.strip() == self.redacted:
            return self._secret()
        if in_body and piece.strip():
            plain = _plain_text(piece)
            default = _DOLLAR.sub("$$", plain)
            return self._field(Field("body", "string", "what it says", default))
        return _spelt(piece)

    def _reference(self) -> str:
        return self._field(Field("refid", "id", "the id of the stanza that this answers"))

    def _secret(self) -> str:
        count = sum(each.secret for each in self.fields.values())
        name = f"secret{count + 1}" if count else "secret"
        self.fields[name] = Field(name, "string", "what was not saved", secret=True)
        return f"{{{name}}}"

    def _field(self, wanted: Field) -> str:
        """Return the mark of a field with that default; the same one for the same default."""
        number = 1
        name = wanted.name
        while name in self.fields and self.fields[name].default != wanted.default:
            number += 1
            name = f"{wanted.name}{number}"
        if name not in self.fields:
            self.fields[name] = Field(name, wanted.kind, wanted.meaning, wanted.default)
        return f"{{{name}}}"


def _spelt(piece: str) -> str:
    """Return a piece of XML so that nothing in it counts as a field, a variable or open."""
    piece = _DOLLAR.sub("$$", _BRACES.sub(r"{{\1}}", piece))
    return OPEN.sub(lambda found: f"&#8249;{found[0][1:]}", piece)


def _plain_attribute(quoted: str) -> str:
    element = parse_element(f"<x a={quoted}/>".encode(), Context.for_namespace(CLIENT))
    return element.get("a", "")


def _plain_text(piece: str) -> str:
    element = parse_element(f"<x>{piece}</x>".encode(), Context.for_namespace(CLIENT))
    return element.text or ""


def _inline(each: Field) -> str:
    parts = [f"kind = {_basic(each.kind)}"]
    if each.default is not None:
        parts.append(f"default = {_basic(each.default)}")
    if each.secret:
        parts.append("secret = true")
    if each.meaning:
        parts.append(f"meaning = {_basic(each.meaning)}")
    return f"{{ {', '.join(parts)} }}"


def _basic(text: str) -> str:
    """Return text as a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _literal(xml: str) -> str:
    """Return XML as a string of TOML, on lines of its own if that changes nothing."""
    plain = "'''" not in xml and not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", xml)
    return f"'''\n{xml}'''" if plain and not xml.endswith("'") else _basic(xml)


def _is_added(token: Token) -> bool:
    """Say whether a token begins, or is, an element that servers add."""
    if token.kind not in (TokenKind.START_TAG, TokenKind.EMPTY_TAG):
        return False
    name = re.split(r"[\s/>]", token.text[1:], maxsplit=1)[0]
    declared = (value[1:-1] for _, key, _, value in attributes_of(token.text) if key == "xmlns")
    return name in _ADDED and _ADDED[name] in declared
