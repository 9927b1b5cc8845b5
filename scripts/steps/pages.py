"""Pages made of Jinja templates."""

from pathlib import Path

import jinja2

from synthaug.files import artifacts


def page(template: Path, **values: object) -> str:
    """Return the page that the file ``template`` gives; it may include others of its folder."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda other: artifacts.read_text(template.parent / other)),
        autoescape=jinja2.select_autoescape(disabled_extensions=("md.j2",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(**values)
