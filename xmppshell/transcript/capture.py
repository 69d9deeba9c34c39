"""The capture of a session: every event as one line of JSON, written as it happens.

The first line is a header; each later line is an event with its time, its place and, if it was
on the wire, its exact text with the secrets taken out. A line reaches the file before `write`
returns, so a crash loses nothing that was shown.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..feed import Record
from ..protocol.events import (
    BrokenBytesSeen,
    ElementSeen,
    Event,
    StreamEndSeen,
    StreamHeaderSeen,
    TextSeen,
    WhitespaceSeen,
    WireEvent,
)
from ..protocol.moves import Move
from ..protocol.problem import Problem, ProblemError
from .redaction import redact

FORMAT_VERSION = 1
KEPT = 50
"""How many captures `prune` keeps unless told otherwise."""

_NAME = re.compile(r"\d{8}T\d{6}Z-[\w.@-]*\.ndjson", re.ASCII)
_KINDS: dict[type[WireEvent], str] = {
    StreamHeaderSeen: "header",
    StreamEndSeen: "end",
    WhitespaceSeen: "whitespace",
    TextSeen: "text",
    BrokenBytesSeen: "broken",
}


class CaptureError(ProblemError):
    """A capture that cannot be read."""


class CaptureWriter:
    """Writes the capture of one session; its `write` is a reader of the feed.

    The disk may fail without harm to the session: the first error is told to `on_failure`, and
    nothing is written after it.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        started: datetime,
        on_failure: Callable[[Problem], None],
    ) -> None:
        """Begin a new file in `folder`, which is made if it is missing.

        `account` is the address that the session is for, or "", and `started` the time with its
        zone; both make the file's name and stand in its header. Only the user may read the file.
        """
        self.path: Path | None = None
        self._descriptor: int | None = None
        self._on_failure = on_failure
        try:
            self.path, self._descriptor = _create(folder, account, started)
            _lock(self._descriptor)
        except OSError as error:
            self._fail(error, folder)
        self._write_line(
            {
                "v": FORMAT_VERSION,
                "capture": "xmppshell",
                "version": __version__,
                "account": account,
                "started": started.isoformat(timespec="milliseconds"),
            }
        )

    def write(self, record: Record) -> None:
        """Write one record of the feed."""
        if self._descriptor is not None:
            self._write_line(as_json(record))

    def close(self) -> None:
        """Close the file; what is written afterwards is dropped."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _write_line(self, line: dict[str, Any]) -> None:
        if self._descriptor is None:
            return
        data = json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            self._fail(error, self.path)

    def _fail(self, error: OSError, path: Path | None) -> None:
        with contextlib.suppress(OSError):  # The file is given up; it can fail to close as well.
            self.close()
        self._on_failure(
            Problem(
                f"this session is not captured any further: {path}: {error.strerror or error}",
                "the disk is full or read-only, or the folder belongs to someone else",
                "the session goes on; /save writes a transcript to another place",
            )
        )


def _create(folder: Path, account: str, started: datetime) -> tuple[Path, int]:
    """Create a file that was not there, named by time and account; return path and descriptor."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    safe_account = re.sub(r"[^\w.@-]", "_", account, flags=re.ASCII)[:100]
    stem = f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{safe_account}"
    count = 1
    while True:
        path = folder / (f"{stem}.ndjson" if count == 1 else f"{stem}-{count}.ndjson")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            count += 1


def _lock(descriptor: int) -> None:
    """Mark an open capture, so that no `prune`, in whatever process, removes it."""
    try:
        import fcntl
    except ImportError:
        return  # Windows does not let an open file be removed anyway.
    # Some network file systems have no locks; the capture is worth having without.
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _in_use(path: Path) -> bool:
    try:
        import fcntl
    except ImportError:
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def prune(folder: Path, keep: int = KEPT) -> list[Path]:
    """Remove all but the newest `keep` captures of `folder`; return those that were removed.

    Only files that have the name of a capture are touched, and none that a session still
    writes. What cannot be removed is left.
    """
    try:
        captures = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []
    removed = []
    for path in captures[: max(len(captures) - keep, 0)]:
        # It may be gone already, removed by another process, or belong to another user.
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_symlink() and not _in_use(path):
                path.unlink()
                removed.append(path)
    return removed


def read_capture(path: Path) -> Iterator[dict[str, Any]]:
    """Give the header and then each event of a capture, as they were written.

    An unfinished last line, which a crash may leave, is passed over. Raises `CaptureError` if the
    file cannot be read, or if any other line is not what a capture has.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                yield _entry(path, number, line)
    except OSError as error:
        raise CaptureError(
            Problem(f"{path} cannot be read: {error.strerror or error}", "", "check the path")
        ) from error


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise _not_a_capture(path, number) from error
    if not isinstance(entry, dict) or entry.get("v") != FORMAT_VERSION:
        raise _not_a_capture(path, number)
    return entry


def _not_a_capture(path: Path, number: int) -> CaptureError:
    return CaptureError(
        Problem(
            f"{path}:{number}: this is not a line of a capture",
            "another kind of file, one of a newer version, or one that was edited",
            "give a file of the captures folder",
        )
    )


def data_of(entry: dict[str, Any]) -> bytes:
    """Return the bytes of an entry that was on the wire, as far as they are no secret."""
    data = entry["data"]
    return bytes.fromhex(data["hex"]) if isinstance(data, dict) else data.encode("utf-8")


def as_json(record: Record) -> dict[str, Any]:
    """Return what the line of a capture says of `record`: values of JSON, without secrets.

    What an event keeps out of its `repr` is a secret.
    """
    line: dict[str, Any] = {
        "v": FORMAT_VERSION,
        "t": round(record.at, 6),
        "wall": record.wall.isoformat(timespec="milliseconds"),
        "session": record.session,
    }
    event = record.event
    if isinstance(event, WireEvent):
        line |= _wire_fields(record, event)
    else:
        line["event"] = event_name(event)
        line |= {field.name: _plain(getattr(event, field.name)) for field in _fields(event)}
    return line


def _wire_fields(record: Record, event: WireEvent) -> dict[str, Any]:
    fields: dict[str, Any] = {} if record.number is None else {"n": record.number}
    fields |= {"dir": event.direction.value, "kind": kind_of(event)}
    if record.move is not None:
        fields["auto"] = record.move.name
    if record.answers is not None:
        fields["answers"] = {
            "n": record.answers.request,
            "rtt": round(record.answers.seconds, 6),
        }
    if isinstance(event, BrokenBytesSeen):
        fields["problem"] = _plain(event.problem)
    data = redact(event.data)
    try:
        fields["data"] = data.decode("utf-8")
    except UnicodeDecodeError:
        fields["data"] = {"hex": data.hex()}
    return fields


def kind_of(event: WireEvent) -> str:
    """Return "iq", "message", "presence", "nonza", "header", "end", "text" and so on."""
    if isinstance(event, ElementSeen):
        return "nonza" if event.stanza is None else event.stanza.kind
    return _KINDS[type(event)]


def event_name(event: Event) -> str:
    """Return the name of an event as the capture has it: `ConnectAttemptFailed` with hyphens."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(event).__name__).lower()


def _fields(event: Event) -> Iterator[dataclasses.Field[Any]]:
    return (field for field in dataclasses.fields(event) if field.repr)


def _plain(value: object) -> object:
    """Turn the value of a field into JSON; a move loses its data, which may hold a secret."""
    if isinstance(value, Problem):
        return redact(value.what)
    if isinstance(value, Move):
        return {"name": value.name, "reason": value.reason}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)
