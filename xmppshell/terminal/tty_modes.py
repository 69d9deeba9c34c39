"""How the terminal treats keys while no prompt reads them."""

from __future__ import annotations

import contextlib
import termios
from collections.abc import Iterator
from typing import TextIO

_INPUT_FLAGS, _LOCAL_FLAGS, _CHARACTERS = 0, 3, 6


@contextlib.contextmanager
def quiet(stdin: TextIO) -> Iterator[None]:
    """Keep the keys pressed between two prompts unseen and whole, for the next prompt.

    Ctrl-C and Ctrl-Z go on to be signals.
    """
    descriptor = stdin.fileno()
    before = termios.tcgetattr(descriptor)
    during = termios.tcgetattr(descriptor)
    during[_LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    during[_INPUT_FLAGS] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
    during[_CHARACTERS][termios.VMIN] = 1
    termios.tcsetattr(descriptor, termios.TCSANOW, during)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
