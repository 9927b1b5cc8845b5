"""Pages made of the Jinja templates in one folder."""

from pathlib import Path

import jinja2

from synthaug.files import artifacts


def page(folder: Path, name: str, **values: object) -> str:
    """Return the page of the template ``name`` in ``folder``, which may include others that lie there."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda other: artifacts.read_text(folder / other)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(**values)
