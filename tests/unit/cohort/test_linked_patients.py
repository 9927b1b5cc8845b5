"""Patients that duplicates link get one id, and the user's table keeps everything else."""

import networkx
import numpy as np
import pandas as pd
import pytest

from synthaug.cohort import duplicates, linked_patients


@pytest.mark.parametrize("seed", range(20))
def test_linked_patients_are_the_components_of_a_graph(seed):
    """networkx finds them independently."""
    random = np.random.default_rng(seed)
    patients = [f"P{n}" for n in random.permutation(30)]
    links = [tuple(random.choice(patients, 2, replace=False)) for _ in range(12)]
    graph = networkx.Graph(links)
    graph.add_nodes_from(patients)
    new = linked_patients.merged(patients, links)
    for group in networkx.connected_components(graph):
        first = min(group, key=patients.index)
        assert {new.get(patient, patient) for patient in group} == {first}
        assert first not in new


def test_acknowledged_pairs_link_nobody():
    rows = [("a", "p", "c", 2, "b", "q", "c", 3, "look alike", "agree", 0.95)]
    rows += [("d", "r", "c", 4, "e", "s", "c", 5, "same pixels", "agree", 1.0)]
    found = pd.DataFrame(rows, columns=duplicates.COLUMNS)
    assert linked_patients.links(found, []) == [("p", "q"), ("r", "s")]
    assert linked_patients.links(found, [["b", "a"]]) == [("r", "s")]


def test_only_the_patients_of_a_table_change(tmp_path):
    table = tmp_path / "cases.csv"
    table.write_text(
        """lesion,site,patient,class,image,box\nL1,"a, b",P2,P2,x y.png,"1,2,3,4"\nL2,,P1,c,P2.png,"0,0,9,9"\n"""
    )
    new = linked_patients.suggested(table, {"P2": "P1"})
    assert new == table.read_text().replace(",P2,P2,", ",P1,P2,")
    assert linked_patients.suggested(table, {}) == ""
