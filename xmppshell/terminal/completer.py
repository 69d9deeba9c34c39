"""Completion: commands and their arguments, closing tags, and what a stanza is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ..commands.desk import Desk
from ..commands.registry import Argument, Command
from ..commands.typed import context_of
from ..configuration.keys import DEFAULT_KEYS, LOOKS_KEYS
from ..configuration.reading import ConfigurationError
from ..protocol.errors import SASL_CONDITIONS, STANZA_CONDITIONS, STREAM_CONDITIONS
from ..protocol.xml import examine
from ..session import Session
from .safe_text import safe_line

_VALUES = {
    "iq": ("get", "set", "result", "error"),
    "message": ("chat", "normal", "headline", "groupchat", "error"),
    "presence": (
        "unavailable",
        "subscribe",
        "subscribed",
        "unsubscribe",
        "unsubscribed",
        "probe",
        "error",
    ),
}
_ATTRIBUTES = ("type", "to", "id", "xml:lang")
_CHILDREN = {
    "message": ("body", "subject", "thread"),
    "presence": ("show", "status", "priority"),
    "iq": ("ping", "query", "vCard", "bind"),
}
_IN_TAG = re.compile(r"<([\w:.-]+)(\s[^<>]*)?$", re.DOTALL)
_IN_VALUE = re.compile(r"([\w:.-]+)\s*=\s*(['\"])([^'\"]*)$")
_ATTRIBUTE_START = re.compile(r"\s([\w:.-]*)$")
_TAG_START = re.compile(r"<(/?)([\w:.-]*)$")
_ADDRESS_START = re.compile(r"\s*@[^\s<]*")
_VARIABLE = re.compile(r"\$([a-z]*)$")


class ShellCompleter(Completer):
    """Completes what is typed at the prompt from the registry, the desk and the stanza's rules."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Give what fits at the cursor."""
        before = document.text_before_cursor
        if before.lstrip().startswith("/"):
            yield from self._command(before.lstrip())
        elif _ADDRESS_START.fullmatch(before):
            names = self._desk.sessions.names
            yield from _matching(names, before.lstrip().removeprefix("@"), " ")
        elif "<" in before:
            yield from self._xml(*self._desk.addressee(before))

    def _command(self, text: str) -> Iterator[Completion]:
        name, space, rest = text[1:].partition(" ")
        if not space:
            for command in self._desk.registry.commands.values():
                if command.name.startswith(name):
                    yield Completion(
                        command.name,
                        -len(name),
                        display=f"/{command.name}",
                        display_meta=command.summary,
                    )
            return
        if name in self._desk.registry.commands:
            yield from self._argument(self._desk.registry.commands[name], rest)

    def _argument(self, command: Command, rest: str) -> Iterator[Completion]:
        words = rest.split()
        word = "" if rest.endswith(" ") or not words else words.pop()
        option = next((o for o in command.options if words and o.name == words[-1]), None)
        if option is not None and (option.value or option.choices):
            yield from _matching(option.choices, word)
            return
        if word.startswith("-"):
            for each in command.options:
                for name in (each.name, each.opposite) if each.negatable else (each.name,):
                    if name.startswith(word):
                        yield Completion(name, -len(word), display_meta=each.meaning)
            return
        taken = sum(not w.startswith("--") for w in words)
        if taken < len(command.arguments):
            argument = command.arguments[taken]
            offered = [*argument.choices, *self._suggested(argument, words)]
            yield from _matching(offered, word)

    def _suggested(self, argument: Argument, words: list[str]) -> Iterable[str]:
        """Give the list that an argument asks for; `words` are those before it."""
        if argument.suggest == "commands":
            return self._desk.registry.commands
        if argument.suggest == "jids":
            return self._desk.seen_jids
        if argument.suggest == "sessions":
            return self._desk.sessions.names
        if argument.suggest == "accounts":
            return self._accounts()
        if argument.suggest == "settings":
            return [*LOOKS_KEYS, *DEFAULT_KEYS]
        if argument.suggest == "values":
            key = {**LOOKS_KEYS, **DEFAULT_KEYS}.get(words[0])
            return () if key is None else key.typed_choices
        if argument.suggest == "conditions":
            return sorted({*STANZA_CONDITIONS, *STREAM_CONDITIONS, *SASL_CONDITIONS})
        return ()

    def _accounts(self) -> Iterable[str]:
        """Give what may be connected to: accounts of the file, sessions to open again, JIDs."""
        try:
            of_the_file = list(self._desk.preferences.load().accounts)
        except ConfigurationError:
            of_the_file = []  # `/connect` names the mistake.
        closed = [each.name for each in self._desk.sessions if not each.connected]
        return dict.fromkeys([*of_the_file, *closed, *self._desk.seen_jids])

    def _xml(self, session: Session | None, before: str) -> Iterator[Completion]:
        variable = _VARIABLE.search(before)
        if variable is not None:
            for name, value in self._desk.variables(session).items():
                if name.startswith(variable.group(1)):
                    yield Completion(
                        f"${name}", -len(variable.group()), display_meta=safe_line(value)
                    )
            return
        tag = _TAG_START.search(before)
        if tag is not None:
            open_tags = examine(before[: tag.start()], context_of(session)).open_tags
            yield from self._tag(open_tags, bool(tag.group(1)), tag.group(2))
            return
        inside = _IN_TAG.search(before)
        if inside is not None:
            yield from self._inside(inside.group(1), inside.group(2) or "")

    def _tag(self, open_tags: tuple[str, ...], closing: bool, word: str) -> Iterator[Completion]:
        if closing:
            if open_tags and open_tags[-1].startswith(word):
                yield Completion(f"{open_tags[-1]}>", -len(word))
        elif not open_tags:
            yield from _matching(_VALUES, word)
        else:
            yield from _matching(_CHILDREN.get(open_tags[-1], ()), word)

    def _inside(self, tag: str, text: str) -> Iterator[Completion]:
        value = _IN_VALUE.search(text)
        if value is not None:
            name, quote, word = value.groups()
            if name == "type":
                offered: Iterable[str] = _VALUES.get(tag, ())
            elif name in ("to", "jid"):
                offered = self._desk.seen_jids
            elif name == "xmlns":
                offered = self._namespaces()
            else:
                offered = ()
            yield from _matching(offered, word, quote)
            return
        attribute = _ATTRIBUTE_START.search(text)
        if attribute is not None and tag in _VALUES:
            for name in _ATTRIBUTES:
                if name.startswith(attribute.group(1)) and f" {name}=" not in text:
                    yield Completion(f"{name}='", -len(attribute.group(1)), display=name)

    def _namespaces(self) -> Iterable[str]:
        """Give the namespaces seen on this stream: those of payloads and of disco features."""
        return self._desk.seen_namespaces


def _matching(offered: Iterable[str], word: str, end: str = "") -> Iterator[Completion]:
    for each in offered:
        if each.startswith(word):
            yield Completion(each + end, -len(word), display=safe_line(each))
