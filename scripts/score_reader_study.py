"""Score the readers' answers: real or synthetic, class, agreement, response times, and what fooled everyone.

Inputs: the answers (`reader,presentation,image,class,origin`, optional `confidence,seconds`), `study.json` and
`key.csv` of the pack that readers saw, and its images.
Outputs: `scores.csv` (`reader,task,measure,origin,class,right,n,value,low,high,chance,chance_of,p,verdict`; fractions,
except d' and the criterion), the table of how well real and synthetic were told apart (percent), `agreement.csv`
(`agreement,readers,task,measure,value,low,high,n`), `times.csv` (`reader,origin,n,q1_s,median_s,q3_s`), and the images
that fooled every reader as `fooled.csv` and as a sheet in PNG and SVG.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from steps import command
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.readers import agreement, fooled_sheet, tables
from synthaug.readers import answers as reader_answers
from synthaug.readers import scores as reader_scores
from synthaug.report import figure_style


def read_images(folder: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Return the pack's images by name, uint8 (side, side).

    Raises
    ------
    InputError
        If one is missing.
    """
    missing = [name for name in names if not (folder / f"{name}.png").is_file()]
    if missing:
        raise InputError(f"{folder}: expected {missing[0]}.png, found no file; put back the pack that readers saw")
    paths = {name: artifacts.reading(folder / f"{name}.png") for name in names}
    return {name: np.asarray(Image.open(path).convert("L")) for name, path in paths.items()}


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--answers", required=True, type=Path, help="the readers' answers, CSV")
    parser.add_argument("--study", required=True, help="study.json of the pack")
    parser.add_argument("--key", required=True, help="key.csv")
    parser.add_argument("--images", required=True, type=Path, help="folder of the pack's images")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.readers.scores.Params")
    parser.add_argument("--scores", required=True)
    parser.add_argument("--told", required=True, help="table of how well real and synthetic were told apart")
    parser.add_argument("--agreement", required=True)
    parser.add_argument("--times", required=True)
    parser.add_argument("--fooled", required=True)
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("score_reader_study", arguments, private=True) as log:
        command.note_file(answers=arguments.answers)
        params = command.params(reader_scores.Params, arguments.params)
        key = pd.read_csv(artifacts.reading(arguments.key), dtype=str, keep_default_na=False)
        study = reader_answers.study(artifacts.read_json(arguments.study), key)
        answers = reader_answers.read(arguments.answers, study)
        reader_answers.warn_of_missing(answers, study)
        answers = reader_answers.with_truth(answers, study)
        scores = reader_scores.table(answers, study, params)
        fooled = reader_scores.fooled(answers, study)
        log.info("%d answers, %d of them to repeats", len(answers), answers["repeat"].sum())
        sheet = fooled_sheet.sheet(
            fooled,
            read_images(arguments.images, list(fooled["image"])),
            reader_scores.expected_fooled(answers),
            answers["reader"].nunique(),
            study.classes,
        )
        artifacts.write_csv(scores, arguments.scores)
        artifacts.write_csv(tables.told_apart(scores), arguments.told)
        artifacts.write_csv(agreement.table(answers, study, params), arguments.agreement)
        artifacts.write_csv(reader_scores.times(answers), arguments.times)
        artifacts.write_csv(fooled, arguments.fooled)
        figure_style.save(sheet, arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
