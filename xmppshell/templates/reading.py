"""From the text of a template file to its templates, and to what is wrong in it.

A file is a group of templates:

    title = "Presence"

    [template."presence.available"]
    reference = "RFC 6121 4.2"
    summary = "be online, with show, status and priority"
    explanation = "Who gets it, what comes back, what goes wrong."
    expects = "presence"
    xml = '''
    <presence>
      <priority>{priority}</priority>
    </presence>'''

    [template."presence.available".fields]
    priority = { kind = "int", least = -128, most = 127, optional = true, meaning = "how eager" }

Only `xml`, and a `kind` or `one_of` of each field, have to be there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..protocol.namespaces import CLIENT
from ..protocol.problem import Problem
from ..protocol.values import KINDS
from ..protocol.xml import Completeness, Context, TokenKind, examine, tokenise
from .model import FIELD, FRESH_ID, XML, Field, Group, Template

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a template or a group may be called."""

_HEADING: Final = re.compile(
    r'^\[template\.(?:"([^"\n]+)"|([A-Za-z0-9_-]+))\][ \t]*(?:#.*)?$', re.M
)
_FILE_KEYS: Final = ("title", "group", "template")
_TEMPLATE_KEYS: Final = {
    "reference": str,
    "summary": str,
    "explanation": str,
    "xml": str,
    "expects": str,
    "fields": dict,
}
_FIELD_KEYS: Final = {
    "kind": str,
    "meaning": str,
    "default": str,
    "optional": bool,
    "least": int,
    "most": int,
    "one_of": list,
    "secret": bool,
}
_TYPE_WORDS: Final = {
    str: ("a text", '"text"'),
    bool: ("true or false", "true"),
    int: ("a whole number", "5"),
    list: ("a list of texts", '["one", "two"]'),
    dict: ("a table", '{ kind = "string" }'),
}
_TOML_PLACE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file gives: the group of its good templates, and a problem for each mistake."""

    group: Group
    problems: tuple[Problem, ...] = ()


def names_in(text: str) -> list[str]:
    """Return the names of the templates in a file, without reading all of it."""
    return [found[1] or found[2] for found in _HEADING.finditer(text)]


def title_in(text: str) -> str:
    """Return the title of a file that comes with the program, without reading all of it."""
    found = re.match(r'title = "([^"\n]*)"', text)
    return found[1] if found else ""


def read(text: str, *, group: str, file: str, own: bool = False) -> Reading:
    """Return what `text`, the content of a file, gives; never raises for what the text is.

    `group` is the name of the group unless the file says another, and `file` what messages call
    the file. The templates of a file of the user's `own` carry its name.
    """
    import tomllib

    text = text.replace("\r\n", "\n")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = place[1] if place and place[1] else str(text.rstrip().count("\n") + 1)
        reason = _TOML_PLACE.sub("", str(error))
        what = f"{file}:{line}: this is not TOML: {reason[:1].lower()}{reason[1:]}"
        problem = Problem(what, "nothing of the file can be used", "toml.io has the format")
        return Reading(Group(group, group), (problem,))
    return _Reader(text, group, file, own).read(content)


class _Reader:
    """Takes a parsed file apart and notes each mistake with the line that it stands on."""

    def __init__(self, text: str, group: str, file: str, own: bool) -> None:
        self._text = text
        self._group = group
        self._file = file
        self._source = file if own else ""
        self._problems: list[Problem] = []

    def read(self, content: Mapping[str, Any]) -> Reading:
        for key in content:
            if key not in _FILE_KEYS:
                self._wrong("", key, f"there is no {key} here", _near(key, _FILE_KEYS))
        for key in ("title", "group"):
            if not isinstance(content.get(key, ""), str):
                self._wrong("", key, f"{key} is not a text", f'{key} = "Rooms"')
        name = str(content.get("group", self._group))
        title = str(content.get("title", name))
        tables = content.get("template", {})
        if not isinstance(tables, dict):
            self._wrong("", "template", "template is no table", 'begin with [template."NAME"]')
            tables = {}
        self._group = name
        found = [self._template(name, table) for name, table in tables.items()]
        return Reading(
            Group(name, title, tuple(t for t in found if t is not None)), tuple(self._problems)
        )

    def _template(self, name: str, table: object) -> Template | None:
        before = len(self._problems)
        if not NAME.fullmatch(name):
            cure = "use letters, digits, dots, - and _"
            self._wrong(name, "", f"“{name}” cannot be the name of a template", cure)
        if not isinstance(table, dict):
            self._wrong("", name, f"{name} is no table", f'begin it with [template."{name}"]')
            return None
        self._check_keys(name, table, _TEMPLATE_KEYS, "a template")
        if "xml" not in table:
            self._wrong(name, "", f"{name} has no xml", "xml = '''<presence/>'''")
        if len(self._problems) > before:
            return None
        fields = {f.name: f for f in self._fields(name, table.get("fields", {}))}
        xml = table["xml"].strip()
        if len(self._problems) == before:
            self._check_xml(name, xml, fields)
        if len(self._problems) > before:
            return None
        return Template(
            name,
            self._group,
            xml,
            table.get("reference", ""),
            table.get("summary", ""),
            paragraphs(table.get("explanation", "")),
            table.get("expects", ""),
            fields,
            self._source,
        )

    def _fields(self, template: str, table: Mapping[str, Any]) -> Iterable[Field]:
        for name, entry in table.items():
            if not FIELD.fullmatch(f"{{{name}}}") or name == FRESH_ID:
                what = f"“{name}” cannot be the name of a field"
                cause = "{id} is the shell's own" if name == FRESH_ID else ""
                self._wrong(template, name, what, "use small letters, digits and _", cause)
            elif not isinstance(entry, dict):
                self._wrong(template, name, f"{name} is no table", f'{name} = {{ kind = "jid" }}')
            else:
                before = len(self._problems)
                self._check_keys(template, entry, _FIELD_KEYS, f"the field {name}", name)
                if len(self._problems) == before:
                    yield self._field(template, name, entry)

    def _field(self, template: str, name: str, entry: Mapping[str, Any]) -> Field:
        kind, one_of = entry.get("kind", ""), tuple(entry.get("one_of", ()))
        known = {*KINDS, XML}
        if kind and kind not in known:
            self._wrong(template, name, f"{name}: there is no kind {kind}", _near(kind, known))
        if bool(kind) == bool(one_of) or not all(isinstance(each, str) for each in one_of):
            cure = f'{name} = {{ kind = "string" }} or {{ one_of = ["a", "b"] }}'
            self._wrong(template, name, f"{name} needs a kind or a list of values", cure)
        bounded = "least" in entry or "most" in entry
        if bounded and kind not in ("int", "uint"):
            cure = 'take them out, or say kind = "int"'
            self._wrong(template, name, f"{name}: least and most are for numbers", cure)
        default = entry.get("default")
        if default is not None and one_of and default not in one_of:
            what = f"{name}: the default “{default}” is none of the list"
            self._wrong(template, name, what, f"one of {', '.join(map(str, one_of))}")
        return Field(
            name,
            kind,
            " ".join(entry.get("meaning", "").split()),
            default,
            entry.get("optional", False),
            entry.get("least"),
            entry.get("most"),
            one_of,
            entry.get("secret", False),
        )

    def _check_keys(
        self,
        template: str,
        table: Mapping[str, Any],
        keys: Mapping[str, type],
        where: str,
        field: str = "",
    ) -> None:
        for key, value in table.items():
            if key not in keys:
                what = f"{where} has no {key}"
                self._wrong(template, field or key, what, _near(key, keys))
            elif not isinstance(value, keys[key]) or (keys[key] is int and isinstance(value, bool)):
                words, example = _TYPE_WORDS[keys[key]]
                self._wrong(template, field or key, f"{key} is not {words}", f"{key} = {example}")

    def _check_xml(self, name: str, xml: str, fields: Mapping[str, Field]) -> None:
        used = {found[1] for found in FIELD.finditer(xml) if found[1]} - {FRESH_ID}
        for each in sorted(used - set(fields)):
            cure = f'declare it below [template."{name}".fields], or write {{{{{each}}}}}'
            self._wrong(name, "xml", f"{{{each}}} is no field of {name}", cure)
        for each in sorted(set(fields) - used):
            cure = f"write {{{each}}} where it belongs, or take it out"
            self._wrong(name, each, f"the field {each} is nowhere in the xml", cure)
        wrong = list(misplaced(xml, fields))
        for each, what in wrong:
            self._wrong(name, each, what, "put it into an attribute or a text")
        if wrong:
            return
        found = examine(_sample(xml, fields), Context.for_namespace(CLIENT))
        if found.error is not None:
            what = f"the xml is not well-formed, its line {found.error.line}: "
            self._wrong(name, "xml", what + found.error.problem.what, found.error.problem.cure)
        elif found.completeness is not Completeness.COMPLETE or found.header:
            cure = f"close {', '.join(f'<{tag}>' for tag in found.open_tags)}"
            self._wrong(name, "xml", "the xml is not complete", cure if found.open_tags else "")

    def _wrong(self, template: str, key: str, what: str, cure: str, cause: str = "") -> None:
        place = f"{self._file}:{self._line(template, key)}"
        self._problems.append(Problem(f"{place}: {what}", cause, cure))

    def _line(self, template: str, key: str) -> int:
        """Return the line of a key of a template, or of its heading; 1 if it cannot be found."""
        start, end = 0, len(self._text)
        if template:
            quoted = rf'(?:"{re.escape(template)}"|{re.escape(template)})'
            head = re.search(rf"^\[template\.{quoted}[\].]", self._text, re.M)
            if head is None:
                return 1
            start = head.start()
            after = [h.start() for h in _HEADING.finditer(self._text) if h.start() > start]
            end = after[0] if after else end
        found = key and re.compile(rf'^[ \t\[]*"?{re.escape(key)}"?[ \t\].=]', re.M).search(
            self._text, start, end
        )
        at = found.start() if found else start
        return self._text.count("\n", 0, at) + 1


def misplaced(xml: str, fields: Mapping[str, Field]) -> Iterable[tuple[str, str]]:
    """Give the fields that stand where their values could break the XML, each with why."""
    for kind, piece in tokenise(xml):
        for found in FIELD.finditer(piece):
            each = fields.get(found[1] or "")
            if each is None:
                continue
            if kind is TokenKind.TEXT:
                if not each.kind and not each.one_of:
                    yield each.name, f"{each.name} has no kind"
            elif each.kind == XML:
                yield each.name, f"{each.name} is XML and stands inside a tag"
            elif _in_name(piece, found.start()) and (not each.one_of or each.default is None):
                yield each.name, f"{each.name} names an element, and has no list with a default"


def _in_name(tag: str, at: int) -> bool:
    """Whether a place in a tag is in the name of the element."""
    return not any(character.isspace() for character in tag[:at])


def _sample(xml: str, fields: Mapping[str, Field]) -> str:
    """Return the XML with something harmless in each field."""

    def value(found: re.Match[str]) -> str:
        each = fields.get(found[1] or "")
        if each is None:
            return "x"
        return "<x/>" if each.kind == XML else (each.one_of[0] if each.one_of else "x")

    return FIELD.sub(value, xml)


def paragraphs(text: str) -> str:
    """Return text with a line for each paragraph; an empty line divides them."""
    parts = (" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", text))
    return "\n".join(part for part in parts if part)


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"perhaps {' or '.join(near)}" if near else f"there are {', '.join(sorted(known))}"
