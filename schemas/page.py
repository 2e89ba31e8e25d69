"""HTML pages that need nothing else: style, script and data are inside, every value is escaped.

Should the escaping fail, the content security policy runs no script but ours and loads nothing.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jinja2 import Template

_JSON: Final = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}


def render_page(
    package: str,
    template: str,
    style: str,
    script: str = "",
    images: bool = False,
    **values: object,
) -> str:
    """Return a page; the same values give the same bytes.

    The template also gets `policy`, `style` (that of all pages, then its own) and `script`.

    Args:
        package: The package whose files are named here.
        template: File name of a Jinja template.
        style: File name of its style sheet.
        script: File name of its script; empty for none.
        images: Whether the page holds images, as `data:` addresses.
        values: What the template shows. Functions may be called, text is escaped.
    """
    whole_style = _read("schemas", "page.css") + _read(package, style)
    own: dict[str, Any] = {"style": whole_style, "script": _read(package, script) if script else ""}
    own["policy"] = _policy(**own, images=images)
    return _compile(_read(package, template)).render(own, **values).lstrip()


@cache
def _compile(source: str) -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = _JSON
    return environment.from_string(source)


def _read(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")


def _policy(style: str, script: str, images: bool) -> str:
    """Return a content security policy that allows what is in the page and nothing else."""
    allowed = ["default-src 'none'", f"style-src '{_hash(style)}'"]
    allowed += [f"script-src '{_hash(script)}'"] if script else []
    allowed += ["img-src data:"] if images else []
    return "; ".join([*allowed, "base-uri 'none'", "form-action 'none'"])


def _hash(content: str) -> str:
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()
