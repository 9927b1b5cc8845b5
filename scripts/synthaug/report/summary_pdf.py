"""The summary as one A4 page, for whoever prints it or hands it on."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import matplotlib
from fpdf import FPDF
from fpdf.fonts import FontFace
from PIL import Image

from synthaug.report.summary import Summary

FAMILY = "DejaVu"
MARGIN, WIDTH, HEIGHT = 14, 210, 297  # mm, of A4
FIGURE, LEAST_FIGURE = 140, 45  # mm: its width, and the height below which it cannot be read and is left out
MANY = 10  # rows of the table, from which on it is set closer
LEGEND = 6.5  # size of its letters
LIGHTS = {"green": (45, 164, 78), "amber": (227, 160, 8), "red": (207, 34, 46)}
DATE = datetime(2000, 1, 1, tzinfo=UTC)  # the same results give the same bytes


def page(summary: Summary, figure: Path) -> bytes:
    """Return the PDF.

    Parameters
    ----------
    figure
        A PNG; it takes the room that the text leaves.
    """
    document = _document(summary)
    document.set_font(FAMILY, size=9)
    document.set_text_color(90)
    document.multi_cell(0, 5, f"Cohort {summary.cohort}. {summary.question}", new_x="LMARGIN", new_y="NEXT")
    document.set_text_color(0)
    if summary.phantom:
        _line(document, "The lesions are simulated: the workflow runs, but nothing here is evidence.", 9, "B")
    _line(document, summary.answer, 17, "B")
    _line(document, summary.verdict, 10.5)
    _line(document, summary.study, 8.5)
    document.ln(1.5)
    _table(document, summary)
    document.ln(1.5)
    _list(document, "What next", summary.next_steps)
    _list(document, "Read with care", summary.caveats)
    _list(document, "For this cohort", summary.recommendation)
    _lights(document, summary)
    _legend(document, summary)
    _figure(document, figure)
    return bytes(document.output())


def _document(summary: Summary) -> FPDF:
    document = FPDF(format="A4")
    folder = Path(matplotlib.get_data_path(), "fonts/ttf")
    document.add_font(FAMILY, fname=folder / "DejaVuSans.ttf")
    document.add_font(FAMILY, style="B", fname=folder / "DejaVuSans-Bold.ttf")
    document.set_margin(MARGIN)
    document.set_title(f"Summary: {summary.cohort}")
    document.set_creation_date(DATE)
    document.set_lang("en")
    document.add_page()
    return document


def _line(document: FPDF, text: str, size: float, style: str = "") -> None:
    if text:
        document.set_font(FAMILY, style, size)
        document.multi_cell(0, size * 0.48, text, align="L", new_x="LMARGIN", new_y="NEXT")
        document.ln(0.8)


def _table(document: FPDF, summary: Summary) -> None:
    shown = summary.table.iloc[:, :2].join(summary.table.iloc[:, 2:].filter(regex="%|Minus classic|Verdict"))
    document.set_font(FAMILY, size=7 if len(shown) > MANY else 7.5)
    bold, height = FontFace(emphasis="BOLD"), 3.4 if len(shown) > MANY else 4
    with document.table(
        line_height=height, headings_style=bold, borders_layout="HORIZONTAL_LINES", text_align="L"
    ) as table:
        for row in [list(shown.columns), *shown.to_numpy().tolist()]:
            line = table.row()
            for cell in row:
                line.cell(str(cell))


def _list(document: FPDF, title: str, texts: Sequence[str]) -> None:
    if texts:
        _line(document, title, 9.5, "B")
        for text in texts:
            _line(document, f"\N{BULLET} {text}", 8.5)


def _lights(document: FPDF, summary: Summary) -> None:
    if not len(summary.generators):
        return
    _line(document, "The generators", 9.5, "B")
    for row in summary.generators.itertuples():
        document.set_fill_color(*LIGHTS[row.light])
        document.ellipse(document.get_x(), document.get_y() + 0.7, 2.6, 2.6, style="F")
        document.set_x(document.get_x() + 4)
        document.set_font(FAMILY, "", 8.5)
        text = f"{row.generator}{row.seeds}: {row.state}. {row.why}"
        document.multi_cell(0, 4.1, text, align="L", new_x="LMARGIN", new_y="NEXT")


def _legend(document: FPDF, summary: Summary) -> None:
    """Say what the arms are, if there is room for it on the page."""
    text = "; ".join(f"{names}: {words}" for names, words in summary.legend)
    document.set_font(FAMILY, "", LEGEND)
    lines = document.multi_cell(0, text=text, dry_run=True, output="LINES") if text else []
    if document.page_no() == 1 and document.get_y() + LEGEND * 0.48 * len(lines) < HEIGHT - MARGIN:
        _line(document, text, LEGEND)


def _figure(document: FPDF, figure: Path) -> None:
    room = HEIGHT - MARGIN - document.get_y() - 3
    if document.page_no() > 1 or room < LEAST_FIGURE:
        return
    with Image.open(figure) as image:
        width = min(FIGURE, room * image.width / image.height)
    document.image(str(figure), x=MARGIN, w=width)
