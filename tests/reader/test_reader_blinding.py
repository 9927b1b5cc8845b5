"""What the server sends of real and of synthetic images differs in their pixels alone, and not in its time."""

import time

import numpy as np
import pytest
from scipy import stats

from tests.helpers import made_packs
from tests.reader.packs import build_pack

TIMES = 15  # each image is asked for


@pytest.mark.slow
def test_server_sends_readers_real_and_synthetic_images_alike(studies):
    study = studies(build_pack, real=10, synthetic=10, repeats=0, training=0)
    key = made_packs.read_key(study.folder)
    origins = key.set_index("image")["origin"]
    client = study.client()
    assert client.enter(study.links["reader-1"].split("#")[1]).status == 204
    seconds, replies = {"real": [], "synthetic": []}, set()
    for number, image in enumerate(study.facts["presentations"]["reader-1"], start=1):
        taken = []
        for _ in range(TIMES):
            start = time.perf_counter()
            reply = client.get(f"/study/pixels/study/{number}")
            taken.append(time.perf_counter() - start)
            said = tuple(sorted((name, value) for name, value in reply.headers.items() if name != "Date"))
            replies.add((reply.status, len(reply.body), said))
        seconds[origins[image]].append(np.median(taken))
        assert client.answer(number).status == 200
    assert [len(times) for times in seconds.values()] == [30, 30]
    ((status, length, _),) = replies
    assert (status, length) == (200, 64 * 64)
    # One run of a thousand fails by chance.
    assert stats.mannwhitneyu(*seconds.values()).pvalue > 0.001
