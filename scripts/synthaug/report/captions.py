"""Captions of tables and figures: reStructuredText with Jinja expressions, as HTML."""

from collections.abc import Mapping
from types import SimpleNamespace

import jinja2
from docutils import core, nodes
from docutils.parsers.rst import Directive, directives

from synthaug.terms import shown_units

WARNING = "The cohort is a phantom: these figures are no evidence."
LEVEL = 3  # of a caption's first heading; those above it are the page's


def html(text: str, config: Mapping[str, object], wildcards: Mapping[str, str]) -> str:
    """Return a caption as HTML.

    Parameters
    ----------
    text
        May refer to ``config``, ``wildcards`` and ``unit``, which is lesion, or image where images are whole; and use
        the directive ``phantom``, which stands for a warning if the cohort is a phantom.
    """
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    unit = shown_units.shown("lesion", config["cases"].get("annotation"))
    context = {"config": config, "wildcards": SimpleNamespace(**wildcards), "unit": unit}
    written = environment.from_string(text).render(**context)
    directives.register_directive("phantom", _warning(config["cases"]["table"] is None))
    settings = {
        "initial_header_level": LEVEL, "doctitle_xform": False, "report_level": 3, "halt_level": 3,
        "file_insertion_enabled": False, "raw_enabled": False, "embed_stylesheet": False,
    }  # fmt: skip
    return core.publish_parts(written, writer="html5", settings_overrides=settings)["body"]


def _warning(shown: bool) -> type[Directive]:
    class Phantom(Directive):
        def run(self) -> list[nodes.Node]:
            return [nodes.paragraph("", "", nodes.strong(text=WARNING))] if shown else []

    return Phantom
