"""`xmppshell explain`: words and XML explained without a session; what of a file is known."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ..exit_status import ExitStatus
from ..knowledge.explain_term import explain_term
from ..protocol.problem import Problem, ProblemError
from .explain_view import ExplainView
from .theme import Theme, colour_wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from ..environment import Environment
    from ..knowledge.explanation import Branch
    from ..transcript.passages import Passage


class Unreadable(ProblemError):
    """A file or a text that cannot be read, or has no XML."""


def explain_words(environment: Environment, words: str, *, colour: bool | None) -> ExitStatus:
    """Explain a term; the status says whether anything is known of it.

    Raises Unreadable for the name of a file, which is none.
    """
    answer = explain_term(words)
    if not answer.cards and os.path.isfile(words):
        what = f"{words} is a file, and explain takes a word or XML"
        raise Unreadable(Problem(what, "", f"xmppshell explain - < {words}"))
    print(_view(environment, colour).answer(answer), file=environment.stdout)
    return ExitStatus.OK if answer.cards else ExitStatus.ERROR


def explain_xml(
    environment: Environment, text: str, *, whole: bool, colour: bool | None
) -> ExitStatus:
    """Explain each element and stream header of `text`; raises Unreadable for anything else."""
    from ..transcript.passages import passages_of

    view = _view(environment, colour)
    passages = passages_of(text, "")
    if not passages:
        raise Unreadable(Problem("there is no XML to explain", "", "give it a stanza"))
    for passage in passages:
        print(view.tree(_explained(passage, whole)), file=environment.stdout)
    return ExitStatus.OK


def _explained(passage: Passage, whole: bool) -> Branch:
    from ..knowledge.explain import Circumstances, explain_element, explain_header, explain_part
    from ..knowledge.explain_path import STANDS_FOR_OTHERS
    from ..protocol.xml import Context, parse_element, parse_header
    from ..transcript.redaction import redact

    text = redact(passage.text)
    if text.startswith("</"):
        return explain_part("end")
    if _is_header(text):
        return explain_header(parse_header(text.encode()))
    element = parse_element(text.encode(), Context.for_namespace())
    return explain_element(element, Circumstances(whole=whole, unjudged=STANDS_FOR_OTHERS))


def show_coverage(environment: Environment, file: str, *, colour: bool | None) -> ExitStatus:
    """Print which elements of a transcript, capture or file of stanzas are not known.

    Raises Unreadable if there is no such file, or nothing in it.
    """
    from ..knowledge.coverage import coverage
    from ..transcript.passages import passages_of

    text = _text_of(file, environment.stdin)
    elements, unread = elements_in(passages_of(text, file))
    if not elements:
        what = f"{file} has no XML that can be read"
        raise Unreadable(Problem(what, "", "give a transcript, a capture or a file of stanzas"))
    lines = _view(environment, colour).coverage(file, coverage(elements))
    if unread:
        lines += f"\n{unread} more could not be read as XML"
    print(lines, file=environment.stdout)
    return ExitStatus.OK


def elements_in(passages: Iterable[Passage]) -> tuple[list[etree._Element], int]:
    """Return the elements of passages, a stream header as one, and how many could not be read."""
    from lxml import etree

    from ..protocol.xml import Context, XmlError, parse_element, parse_header

    context = Context.for_namespace()
    elements, unread = [], 0
    for passage in passages:
        text = passage.text
        if text.lstrip().startswith("</"):
            continue
        try:
            if _is_header(text):
                header = parse_header(text.encode())
                context = Context.of(header) if header.content_namespace else context
                elements.append(etree.Element(header.tag))
            else:
                elements.append(parse_element(text.encode(), context))
        except XmlError:
            unread += 1
    return elements, unread


def _is_header(text: str) -> bool:
    start = text.lstrip()
    return start.startswith("<?xml") or start.partition(">")[0].startswith("<stream:stream")


def _text_of(file: str, stdin: TextIO) -> str:
    if file == "-":
        return stdin.read()
    try:
        return Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Unreadable(Problem(f"{file}: {reason}", "", "give the name of a text file")) from None


def _view(environment: Environment, colour: bool | None) -> ExplainView:
    wanted = colour_wanted(
        no_color=environment.no_color, is_tty=environment.stdout.isatty(), forced=colour
    )
    return ExplainView(Theme(wanted), environment.width)
