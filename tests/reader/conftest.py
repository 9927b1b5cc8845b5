import pytest

from tests.reader.browser import chromium
from tests.reader.packs import write_pack
from tests.reader.server import Study


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def studies(tmp_path):
    """Return a function that makes a pack, invites its readers and starts a server, which ends with the test.

    Its argument ``write`` makes the pack in a folder, with the further arguments, and returns study.json.
    """
    made = []

    def make(write=write_pack, **changes):
        study = Study(tmp_path)
        study.facts = write(tmp_path / "pack", **changes)
        study.links = study.invite()
        study.start()
        made.append(study)
        return study

    yield make
    for study in made:
        study.kill()
