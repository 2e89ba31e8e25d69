"""A family from outside: the example of docs/translators.md, installed as a package."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from translators.registry import TranslatorConfig, families, open_translator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def site(tmp_path):
    """A folder of packages in which the example is installed."""
    page = (ROOT / "docs" / "translators.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    (tmp_path / "shell_translator.py").write_text(code)
    info = tmp_path / "shell_translator-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shell-translator\nVersion: 1\n")
    entries = re.search(r"shell = .*", page)[0].replace('"', "")
    (info / "entry_points.txt").write_text(f"[tandemqa.translators]\n{entries}\n")
    return tmp_path


def tandemqa(site, *arguments, text=""):
    script = (
        f"import sys; sys.path.append({str(site)!r}); from tandemqa import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_family_of_another_package_is_found_with_its_options_and_languages(site):
    done = tandemqa(
        site, "translate", "--translator", "shell", "--program", "rev", "--to", "de", text="Anna\n"
    )
    assert (done.stdout, done.returncode) == ("annA\n", 0), done.stderr
    assert "--program PATH" in tandemqa(site, "build", "--help").stdout
    assert "shell" in tandemqa(site, "languages").stdout
    assert " pt-BR " in tandemqa(site, "languages", "--translator", "shell").stdout


def test_a_family_that_cannot_be_loaded_is_named(site):
    (site / "shell_translator.py").write_text("import no_such_module\n")
    done = tandemqa(site, "languages")
    assert done.returncode != 0
    assert "shell (shell_translator:FAMILY)" in done.stderr
    assert "no_such_module" in done.stderr


def test_every_family_says_what_it_is():
    assert list(families()) == ["apertium", "bergamot", "llm", "marian", "nllb"]
    for name, family in families().items():
        assert family.name == name
        assert family.options.model_fields


def test_an_option_of_another_family_is_refused():
    with pytest.raises(ValueError, match="translator apertium has no option beam_size"):
        open_translator(TranslatorConfig("apertium", (("beam_size", 2),)))
