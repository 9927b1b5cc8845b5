"""What a result looks like on a page: tables as tables, figures as figures, everything else as a file to open."""

import base64
import html
import json
from pathlib import Path

import pandas as pd

from synthaug.files import artifacts

ROWS = 300  # of a table that are shown; the whole one is a click away
UPRIGHT = 8  # columns from which on a single row stands upright
DIGITS = 4  # significant, of a number with many
LONG = 30  # characters from which on a cell may be broken
KINDS = {".csv": "text/csv", ".json": "application/json", ".pdf": "application/pdf", ".html": "text/html"}


def of_file(path: Path) -> str:
    """Return the HTML that shows the file ``path``; it needs no other file.

    Raises
    ------
    ValueError
        If it is of no kind that can be shown.
    """
    content = artifacts.reading(path).read_bytes()
    if path.suffix == ".png":
        return f'<img src="{data("image/png", content)}" alt="">'
    link = _link(path, content)
    if path.suffix == ".csv":
        return table(artifacts.read_csv(path, ())) + link
    if path.suffix == ".html":
        page = html.escape(content.decode("utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" title="{html.escape(path.name)}"></iframe>{link}'
    if path.suffix == ".json":
        return facts(json.loads(content)) + link
    if path.suffix == ".pdf":
        return link
    raise ValueError(f"{path}: expected a table, a figure, a page or a PDF")


def data(kind: str, content: bytes) -> str:
    """Return ``content`` as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def table(rows: pd.DataFrame) -> str:
    """Return the first rows of a table of strings; a single row stands upright, a line for each column."""
    if len(rows) == 1 and len(rows.columns) > UPRIGHT:
        return table(pd.DataFrame({"": rows.columns, "value": rows.iloc[0].tolist()}))
    numeric = [name for name in rows if len(rows) and rows[name].map(_is_number).all() and (rows[name] != "").any()]
    heads = "".join(f"<th{_aligned(name in numeric)}>{html.escape(str(name))}</th>" for name in rows)
    lines = [
        "<tr>"
        + "".join(
            f"<td{_aligned(name in numeric, cell)}>{html.escape(_shortened(cell))}</td>"
            for name, cell in zip(rows, row, strict=True)
        )
        + "</tr>"
        for row in rows.head(ROWS).itertuples(index=False, name=None)
    ]
    more = f"<p>The first {ROWS} of {len(rows)} rows.</p>" if len(rows) > ROWS else ""
    empty = "<p>No rows.</p>" if rows.empty else ""
    body = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<div class="scroll" tabindex="0">{body}</div>{more}{empty}'


def facts(content: dict[str, object]) -> str:
    """Return what a JSON object says, a line each; of lists only how long they are."""
    lines = [
        (key, f"{len(value)} entries" if isinstance(value, list | dict) else value) for key, value in content.items()
    ]
    return table(pd.DataFrame(lines, columns=["", "found"]).astype(str))


def _link(path: Path, content: bytes) -> str:
    name = html.escape(path.name)
    return f'<p class="files"><a download="{name}" href="{data(KINDS[path.suffix], content)}">{name}</a></p>'


def _aligned(number: bool, cell: str = "") -> str:
    return ' class="number"' if number else ' class="long"' if len(cell) > LONG else ""


def _is_number(cell: str) -> bool:
    try:
        float(cell or 0)
    except ValueError:
        return False
    return True


def _shortened(cell: str) -> str:
    """Return a number with many digits with a few.

    >>> _shortened("0.06666666666666665"), _shortened("0.25"), _shortened("20260301"), _shortened("cyst")
    ('0.06667', '0.25', '20260301', 'cyst')
    """
    return f"{float(cell):.{DIGITS}g}" if "." in cell and len(cell) > DIGITS + 3 and _is_number(cell) else cell
