"""A session written down as a play: the transcript that `/save` makes.

The format is that of scansion scripts. What it cannot say is in comments: how the stream was
negotiated, what the console sent by itself, how long the pauses were.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from .. import __version__
from ..feed import Record
from ..protocol import namespaces
from ..protocol.events import (
    Authenticated,
    AuthenticationFailed,
    BindFailed,
    Bound,
    BrokenBytesSeen,
    ConnectAttemptFailed,
    Connected,
    Direction,
    Disconnected,
    ElementSeen,
    Event,
    FastTokenReceived,
    FastTokenRefused,
    FeaturesOffered,
    ManagementEnabled,
    ManagementFailed,
    Notice,
    Reconnecting,
    Resumed,
    ResumeFailed,
    Secured,
    StreamEndSeen,
    StreamErrorSeen,
    StreamHeaderSeen,
    TextSeen,
    Violation,
)
from ..protocol.jid import JID
from ..protocol.moves import Move, MoveFamily
from ..protocol.problem import Problem, ProblemError
from .blocks import block
from .redaction import redact

PAUSE_SECONDS = 1.0
"""A pause longer than this is noted."""

_INDENT = "    "
_NEGOTIATION_NAMESPACES = frozenset(
    {namespaces.STREAM, namespaces.TLS, namespaces.SASL, namespaces.SASL2}
)
_COMPONENT_HANDSHAKE = f"{{{namespaces.COMPONENT_ACCEPT}}}handshake"
_NEGOTIATION_PAYLOADS = frozenset({namespaces.BIND, namespaces.SESSION})


class TranscriptError(ProblemError):
    """A transcript that cannot be saved."""


def write_transcript(
    records: Iterable[Record], *, title: str, account: JID, name: str | None = None
) -> str:
    """Return the transcript of one session's records, in order.

    `account` is whom the session was for; `name` is what the play calls that client, by default
    its local part with a capital. Passwords and all other secrets are left out: instead of a
    password there is a comment that says so.
    """
    play = _Play(name or _name_for(account), account)
    for record in records:
        play.take(record)
    return play.text(title)


class _Play:
    """Turns records into paragraphs: an action with its block, or comments."""

    def __init__(self, name: str, account: JID) -> None:
        self._name = name
        self._account = account
        self._me = account
        self._resource = ""
        self._recorded = ""
        self._paragraphs: list[list[str]] = []
        self._open_to_comments = False
        self._connected = False
        self._folded: set[int] = set()
        self._last: float | None = None

    def text(self, title: str) -> str:
        """Return the whole transcript so far."""
        head = [f"# {_visible(title)}"]
        head.append(f"# Recorded{self._recorded} with xmppshell {__version__}")
        cast = [f"[Client] {self._name}", f"{_INDENT}jid: {self._account.bare}"]
        if self._resource:
            cast.append(f"{_INDENT}resource: {_visible(self._resource)}")
        cast.append(
            "# password: not written here; a replay asks for it or takes XMPPSHELL_PASSWORD"
        )
        paragraphs = [head, cast, ["-----"], *self._paragraphs]
        return "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"

    def take(self, record: Record) -> None:
        """Add what one record says."""
        if not self._recorded:
            self._recorded = f" {record.wall:%Y-%m-%d %H:%M %z}"
        event = record.event
        if isinstance(event, ElementSeen):
            self._element(record, event)
            return
        if isinstance(event, Bound):
            self._me = event.jid
        if isinstance(event, Connected):
            self._connect(record)
        comment = _comment_for(event)
        if comment:
            self._comment(record, comment)
        if isinstance(event, Disconnected) and self._connected:
            self._connected = False
            self._paragraph(record, f"{self._name} disconnects")

    def _element(self, record: Record, event: ElementSeen) -> None:
        if self._is_negotiation(record, event):
            if record.number is not None:
                self._folded.add(record.number)
            self._note_resource(event)
            return
        if not self._connected:
            self._connect(record)
        sent = event.direction is Direction.SENT
        lines = block(event.data, event.element, self._variables(), received=not sent)
        self._paragraph(
            record,
            *_automatic(record.move),
            f"{self._name} {'sends' if sent else 'receives'}:",
            *(_INDENT + line for line in lines),
        )

    def _is_negotiation(self, record: Record, event: ElementSeen) -> bool:
        """Say whether an element belongs to the negotiation, which is only summed up."""
        if record.move is not None and record.move.family is MoveFamily.NEGOTIATION:
            return True
        if event.stanza is None:
            tag = str(event.element.tag)
            return _namespace(tag) in _NEGOTIATION_NAMESPACES or tag == _COMPONENT_HANDSHAKE
        if _namespace(event.stanza.payload or "") in _NEGOTIATION_PAYLOADS:
            return True
        return record.answers is not None and record.answers.request in self._folded

    def _note_resource(self, event: ElementSeen) -> None:
        """Keep the resource that the client asked for, so that a replay asks for it, too."""
        bind = f"{{{namespaces.BIND}}}"
        asked = event.element.findtext(f"{bind}bind/{bind}resource")
        if asked and event.direction is Direction.SENT:
            self._resource = asked

    def _variables(self) -> dict[str, str]:
        variables = {str(self._me.bare): f"${{{self._name}'s JID}}"}
        if self._me.is_full:
            variables[str(self._me)] = f"${{{self._name}'s full JID}}"
        return variables

    def _connect(self, record: Record) -> None:
        self._connected = True
        self._paragraph(record, f"{self._name} connects")
        self._open_to_comments = True

    def _comment(self, record: Record, comment: str) -> None:
        """Add a comment to the comments before it, if nothing stands between."""
        line = f"# {comment}"
        if self._open_to_comments and not self._pause(record):
            self._paragraphs[-1].append(line)
            self._last = record.at
        else:
            self._paragraph(record, line)
            self._open_to_comments = True

    def _paragraph(self, record: Record, *lines: str) -> None:
        self._paragraphs.append([*self._pause(record), *lines])
        self._open_to_comments = False
        self._last = record.at

    def _pause(self, record: Record) -> list[str]:
        if self._last is None or record.at - self._last <= PAUSE_SECONDS:
            return []
        return [f"# {record.at - self._last:.1f} s later"]


def _name_for(account: JID) -> str:
    """Return a name for the cast that a script can use, made of the local part or the domain."""
    plain = re.sub(r"[^\w.-]", "", account.local or account.domain)
    plain = plain.lstrip("0123456789_.-")
    return plain[:1].upper() + plain[1:] if plain else "Client"


def _automatic(move: Move | None) -> list[str]:
    return [] if move is None else [f"# [auto] {_visible(f'{move.name}: {move.reason}')}"]


def _comment_for(event: Event) -> str:
    """Return what a comment says of an event that is no stanza, or "" for nothing."""
    comment = redact(_words_for(event))
    return _visible(comment)


def _words_for(event: Event) -> str:
    match event:
        case Connected():
            return f"connected to {event.peer}" + (f" ({event.why})" if event.why else "")
        case ConnectAttemptFailed():
            return f"no connection to {event.host} port {event.port}: {event.problem}"
        case Secured():
            trusted = "" if event.verified else ", not verified"
            return f"secured: {event.version}, {event.cipher}, {event.subject}{trusted}"
        case StreamHeaderSeen():
            return _words_for_header(event)
        case FeaturesOffered():
            return "features: " + ", ".join(name.rpartition("}")[2] for name in event.names)
        case Authenticated():
            profile = " (SASL2)" if event.sasl2 else ""
            token = ", by the token of an earlier login" if event.token else ""
            proof = ", server's signature verified" if event.server_verified else ""
            return f"signed in: {event.mechanism}{profile}{token}{proof}"
        case FastTokenReceived():
            return f"a token was given for the next login, for {event.mechanism}"
        case FastTokenRefused():
            return f"the token of an earlier login was refused: {event.condition}"
        case AuthenticationFailed() | BindFailed() | ManagementFailed() | ResumeFailed():
            return str(event.problem)
        case Bound():
            return f"bound: {event.jid}"
        case ManagementEnabled():
            return f"stream management enabled, {'' if event.resumable else 'not '}resumable"
        case Resumed():
            return f"resumed: {event.jid}, {event.again} stanzas to send again"
        case Reconnecting():
            return f"connecting again, attempt {event.attempt}: {event.why}"
        case StreamErrorSeen() | Violation():
            return f"{event.direction.value}: {event.problem}"
        case StreamEndSeen():
            return f"stream closed, {event.direction.value}"
        case TextSeen():
            return f"{event.direction.value} text outside any element: {_decoded(event.data)}"
        case BrokenBytesSeen():
            return f"{event.direction.value}, {event.problem}: {_decoded(event.data)}"
        case Notice():
            return event.text
        case Disconnected(problem=Problem() as problem):
            return f"disconnected: {problem}"
    return ""


def _words_for_header(event: StreamHeaderSeen) -> str:
    header = event.header
    said = (("to", header.to), ("from", header.sender), ("id", header.id))
    attributes = [f"{name} {value}" for name, value in said if value]
    return ", ".join([f"stream header {event.direction.value}", *attributes])


def _decoded(data: bytes) -> str:
    return redact(data).decode("utf-8", "backslashreplace")


def _visible(text: str) -> str:
    """Return `text` fit for one line: what breaks it or cannot be seen is written as a code."""
    return "".join(c if c.isprintable() else f"⟨U+{ord(c):04X}⟩" for c in text)


def _namespace(clark_name: str) -> str:
    return clark_name.rpartition("}")[0].removeprefix("{")


def save(path: Path, text: str, *, force: bool = False) -> None:
    """Write `text` to `path` as a whole or not at all.

    Unless `force` is true, a file that is there is left alone. Raises `TranscriptError` for that,
    a missing folder, a folder that may not be written to, and a disk that fails.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    try:
        mode = _mode_to_keep(target, force)
        try:
            with temporary.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                if mode is not None:
                    os.chmod(temporary, mode)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TranscriptError(_problem_for(path, error)) from error


def _mode_to_keep(target: Path, force: bool) -> int | None:
    """Return the permissions of the file that is to be replaced, or None if there is none."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise IsADirectoryError
    if not force:
        raise FileExistsError
    return stat.S_IMODE(status.st_mode)


def _problem_for(path: Path, error: OSError) -> Problem:
    match error:
        case FileExistsError():
            return Problem(
                f"{path} is there already",
                "it was saved before, or is another file",
                "give another name, or --force to replace it",
            )
        case IsADirectoryError():
            return Problem(
                f"{path} is not a plain file", "it is a folder or a device", "give a file's name"
            )
        case FileNotFoundError() | NotADirectoryError():
            return Problem(
                f"{path} cannot be saved: there is no folder {path.parent}",
                "a folder's name is misspelt, or the folder is still to be made",
                "make the folder first",
            )
        case PermissionError():
            return Problem(
                f"{path} cannot be saved: permission denied",
                "the folder belongs to someone else or is read-only",
                "save it in a folder of your own",
            )
    return Problem(
        f"{path} cannot be saved: {error.strerror or error}",
        "the disk is full or fails",
        "save it on another disk",
    )
