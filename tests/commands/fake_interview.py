"""A user who answers from a list."""

from __future__ import annotations


class FakeInterview:
    """Answers each question with the next of `answers`; None is Ctrl-D.

    `asked` has each question and whether it was secret, `defaults` what was filled in, `said`
    what was shown.
    """

    def __init__(self, *answers: str | None) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, bool]] = []
        self.defaults: dict[str, str] = {}
        self.said: list[str] = []

    def say(self, text: str, role: str = "text") -> None:
        self.said.append(text)

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        self.asked.append((question, secret))
        self.defaults[question] = default
        assert self._answers, f"no answer is left for {question!r}"
        return self._answers.pop(0)
