"""Each malformed or unusual input gets the RFC's answer from the practice server."""

from __future__ import annotations

from pathlib import Path

import pytest
from practice.edge_driver import answer_to
from practice.edge_inputs import ALL, Case


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
async def test_answer(case: Case, tmp_path: Path) -> None:
    assert await answer_to(case, tmp_path) == case.rfc, case.section
