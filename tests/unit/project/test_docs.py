"""What the documents point to exists: files, headings, targets of make. README is short, the index of docs whole."""

import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[3]
LONGEST_README = 1500  # words
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)  # blocks of code, and mermaid's
SPAN = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)  # `code` within a paragraph
INDENTED = re.compile(r"^(?: {4,}|\t)(.*)$", re.MULTILINE)
INLINE = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\](?:\([^)]*\))?)*\]\(\s*(<[^>]*>|[^\s)]*)")  # also round a picture
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]]*\]\(\s*(<[^>]*>|[^\s)]*)")  # within a link's text, too
HTML = re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")  # begins an address on the web


def tracked() -> list[str]:
    """Return the files of the repository, also those not committed yet, unless git ignores them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("no git repository here", allow_module_level=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


FILES = [ROOT / name for name in tracked()]
DOCUMENTS = [path for path in FILES if path.suffix == ".md"]


def links(text: str) -> list[str]:
    """Return where the links and pictures of a document lead."""
    text = SPAN.sub("", FENCE.sub("", text))
    found = [target for kind in (INLINE, PICTURE, REFERENCE, HTML) for target in kind.findall(text)]
    return list(dict.fromkeys(target.strip("<>") for target in found))


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them, and those that its HTML names.

    Markup is removed and letters become lower case. Only letters, digits, `_`, `-` and spaces stay, and spaces become
    `-`. If a heading occurs again, it gets `-1`, then `-2`.
    """
    text = FENCE.sub("", text)
    found, times = set(re.findall(r"<[^>]*\b(?:id|name)\s*=\s*[\"']([^\"']+)", text)), {}
    for heading in re.findall(r"^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", text, re.MULTILINE):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        plain = re.sub(r"(\*{1,3}|`+|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w))", "", plain)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = times.get(slug, 0)
        times[slug] = number + 1
        found.add(f"{slug}-{number}" if number else slug)
    return found


def problem(document: Path, target: str, files: list[Path]) -> str | None:
    """Say why a link of ``document`` leads nowhere; None if it leads to one of ``files``, or a folder of them."""
    if ELSEWHERE.match(target):
        return None
    name, _, anchor = target.partition("#")
    path = (document.parent / unquote(name)).resolve() if name else document
    if path not in files and not any(path in file.parents for file in files):
        return f"{target}: no such file"
    if anchor and path.suffix == ".md" and unquote(anchor) not in anchors(path.read_text(encoding="utf-8")):
        return f"{target}: no such heading"
    return None


def make_targets(text: str) -> set[str]:
    """Return the targets of every `make` that a document names as code."""
    blocks = [match[0] for match in FENCE.finditer(text)]
    rest = FENCE.sub("", text)
    code = [match[2] for match in SPAN.finditer(rest)]
    lines = "\n".join([*code, *blocks, *INDENTED.findall(rest)]).replace("\\\n", " ").splitlines()
    found = set()
    for line in lines:
        for command in line.split("&&"):
            words = shlex.split(command, comments=True) if re.match(r"\s*make\s", command) else []
            found |= {word for word in words[1:] if not word.startswith("-") and "=" not in word}
    return found


def words(text: str) -> int:
    """Count what white space separates: in tables and indented code too, but not in fenced blocks."""
    return len(FENCE.sub("", text).split())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_are_documents():
    assert {"README.md", "CONTRIBUTING.md", "config/README.md", "docs/README.md"} <= set(map(name_of, DOCUMENTS))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_and_headings(path):
    found = [problem(path, target, FILES) for target in links(path.read_text(encoding="utf-8"))]
    assert [text for text in found if text] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_targets_of_make_exist(path):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([\w./-]+):(?!=)", makefile, re.MULTILINE)) - {".PHONY"}
    assert make_targets(path.read_text(encoding="utf-8")) - known == set()


def test_readme_is_short():
    assert words((ROOT / "README.md").read_text(encoding="utf-8")) <= LONGEST_README


def test_index_lists_every_page():
    index = ROOT / "docs/README.md"
    listed = {(index.parent / target).resolve() for target in links(index.read_text(encoding="utf-8"))}
    pages = {path for path in DOCUMENTS if path.parent == index.parent} - {index}
    assert pages
    assert sorted(map(name_of, pages - listed)) == []


def test_links():
    text = "[a](b.md#c) ![p](<my p.png> 'title') [![p](q.png)](d.md) `[no](e.md)` <a href='f.md'>\n\n[g]: h.md\n"
    assert set(links(text)) == {"b.md#c", "my p.png", "d.md", "q.png", "h.md", "f.md"}
    assert links("```\n[a](b.md)\n```\n[`a`](c.md)\n") == ["c.md"]


def test_anchors_are_those_of_github():
    assert anchors("# Readers' `answers`: [A_b](c.md) & *d*\n## X\n## X #\n```\n# no\n```\n") == {
        "readers-answers-a_b--d",
        "x",
        "x-1",
    }
    assert anchors("### Which operating point?\n") == {"which-operating-point"}
    assert anchors('<a name="here"></a>') == {"here"}


def test_dead_links_are_found(tmp_path):
    page, other, picture = tmp_path / "page.md", tmp_path / "folder/other.md", tmp_path / "folder/p.png"
    picture.parent.mkdir()
    page.write_text("# One\n")
    other.write_text("# Two words\n")
    files = [page, other, picture]
    for target in ["https://example.org/x", "mailto:a@example.org", "#one", "folder", "folder/", "folder/p.png"]:
        assert problem(page, target, files) is None, target
    assert problem(page, "folder/other.md#two-words", files) is None
    assert problem(other, "../page.md#one", files) is None
    assert problem(page, "other.md", files) == "other.md: no such file"
    assert problem(other, "folder/p.png", files) == "folder/p.png: no such file"
    assert problem(page, "#two-words", files) == "#two-words: no such heading"
    assert problem(page, "folder/other.md#two", files) == "folder/other.md#two: no such heading"


def test_targets_of_make_are_found():
    text = '`make a X="1 2" b`, then\n\n    cd x && make c  # d\n\n```sh\nmake e\n```\nto make f, not `fmake g`\n'
    assert make_targets(text) == {"a", "b", "c", "e"}


def test_words_of_fenced_blocks_are_not_counted():
    assert words("a b\n```mermaid\nc d\n```\n| e |\n\n    f g\n") == 7
