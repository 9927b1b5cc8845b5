import pytest

from tests.reader.packs import write_pack
from tests.reader.server import Study


@pytest.fixture
def study(tmp_path):
    """A small study with its server running; the server is killed at the end."""
    write_pack(tmp_path / "pack")
    study = Study(tmp_path)
    yield study
    study.kill()
