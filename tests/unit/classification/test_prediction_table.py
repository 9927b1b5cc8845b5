import numpy as np
import pandas as pd

from synthaug.classification import prediction_table


def test_table():
    test = pd.DataFrame(
        {"lesion": ["a", "b"], "patient": ["p", "q"], "class": ["bright", "dark"], "fold": [0, 2]}, index=[5, 9]
    )
    table = prediction_table.table(test, np.array([[0.75, 0.25], [0.5, 0.5]], np.float32), ["dark", "bright"])
    assert table.to_csv(index=False) == (
        "lesion,patient,fold,truth,predicted,p_dark,p_bright\na,p,0,bright,dark,0.75,0.25\nb,q,2,dark,dark,0.5,0.5\n"
    )
