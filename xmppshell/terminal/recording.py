"""Starting the capture of a session, in the folder where captures are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from ..transcript.capture import CaptureWriter, prune

if TYPE_CHECKING:
    from ..environment import Environment
    from ..protocol.problem import Problem
    from ..settings import Settings


def start_capture(
    environment: Environment, settings: Settings, on_failure: Callable[[Problem], None]
) -> CaptureWriter:
    """Begin the capture of a session and drop the oldest ones beyond those that are kept.

    A disk that cannot be written is told to `on_failure`; the session goes on without.
    """
    folder = environment.captures_folder
    account = str(settings.jid.bare)
    capture = CaptureWriter(folder, account, datetime.now().astimezone(), on_failure)
    if capture.path is not None:
        prune(folder)
    return capture
