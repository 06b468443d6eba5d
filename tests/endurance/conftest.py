"""What campaigns share: the forked program, and a store that nothing disturbed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.endurance.programs import Programs
from tests.endurance.stores import Undisturbed


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    running = Programs(tmp_path_factory.mktemp("programs"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def undisturbed(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(programs, tmp_path_factory.mktemp("undisturbed"))
