"""What was typed, kept for the next time: readable by its owner only, and without secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.history import FileHistory

from ..configuration.keys import SECRETS
from ..transcript.redaction import REDACTED, redact

_SECRET_SETTING = re.compile(rf"^(\s*/set\s+(?:{'|'.join(SECRETS)})\b\s*)\S.*", re.S | re.I)
# A template takes no secret from a command, and `/t` says so; but it has been typed by then.
_SECRET_FIELD = re.compile(r"^(\s*/t!?\s.*?(?:password|secret\d*)=)\S.*", re.S | re.I)


class PrivateHistory(FileHistory):
    """A history file with mode 0600 whose entries are redacted before anyone keeps them.

    `on_error` is told once, in words, if the file cannot be used; typing goes on without it.
    """

    def __init__(self, path: Path, on_error: Callable[[str], None]) -> None:
        super().__init__(str(path))
        self._path = path
        self._on_error = on_error
        self._broken = False

    def load_history_strings(self) -> Iterable[str]:
        """Give what is in the file, newest first."""
        try:
            return list(super().load_history_strings())
        except OSError as error:
            self._give_up(f"the history {self._path} cannot be read: {error.strerror}")
            return []

    def append_string(self, string: str) -> None:
        """Remember one entry, redacted; bytes that are not UTF-8 are written as codes."""
        for secret in (_SECRET_SETTING, _SECRET_FIELD):
            string = secret.sub(rf"\1{REDACTED}", string)
        text = redact(string).encode("utf-8", "backslashreplace").decode()
        super().append_string(text)

    def store_string(self, string: str) -> None:
        """Write one entry to the file."""
        if self._broken:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
            self._path.chmod(0o600)
            super().store_string(string)
        except OSError as error:
            self._give_up(f"the history cannot be kept in {self._path}: {error.strerror}")

    def _give_up(self, why: str) -> None:
        self._broken = True
        self._on_error(why)
