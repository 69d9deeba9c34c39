"""The reference of the language of transcripts, as people read it."""

from __future__ import annotations


def reference() -> str:
    """Return the reference: Markdown, in lines of at most 80 characters."""
    from importlib.resources import files

    return (files(__package__) / "language.md").read_text("utf-8")
