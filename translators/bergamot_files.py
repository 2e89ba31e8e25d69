"""The files of a model of Bergamot or Firefox Translations, and what is known of all of them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from schemas.errors import NotInstalledError
from schemas.files import cache_folder, kept_digest
from schemas.language import Language

MAX_TOKENS: Final = 96
"""Longest source that keeps its content: of the numbers .99 arrive below it, .90 up to 127 tokens
and .68 from 128 on, though the model ends properly."""

END: Final = 0
"""Number of the end of sentence in the vocabularies of these models."""

UNKNOWN: Final = 1
"""Number of the piece for what a vocabulary lacks; it is never a translation."""

# Where `fxtranslate models add` and translateLocally put models.
_FOLDERS: Final = ("~/.cache/fxtranslate/models", "~/.local/share/translateLocally")
_DEPTH: Final = 3  # folders below the one named in which models are looked for
_PAIR: Final = re.compile(r"model\.en([a-z]+)\.")
_IN_PACKAGE: Final = "package:"
_MOZILLA: Final = "metadata.json"  # stands beside the models of their repository


@dataclass(frozen=True, slots=True)
class BergamotFiles:
    """The files of a model.

    Attributes:
        folder: Where they are.
        model: Weights and configuration.
        source_vocabulary: Pieces of English.
        target_vocabulary: Pieces of the target; the same file where there is one for both.
        shortlist: Target pieces by source piece; None where the model has none.
    """

    folder: Path
    model: Path
    source_vocabulary: Path
    target_vocabulary: Path
    shortlist: Path | None

    @property
    def all(self) -> tuple[Path, ...]:
        """All files, each once, sorted by name."""
        found = {self.model, self.source_vocabulary, self.target_vocabulary, self.shortlist}
        return tuple(sorted(path for path in found if path))

    @property
    def license(self) -> str:
        """Licence of the weights; empty when it is not known."""
        return "MPL-2.0" if (self.folder / _MOZILLA).is_file() else ""

    def revision(self) -> str:
        """Return one hash of all files."""
        digest = hashlib.sha256()
        for path in self.all:
            content = kept_digest(path, cache_folder() / "hashes")
            digest.update(f"{path.name} {content}\n".encode())
        return f"sha256:{digest.hexdigest()}"


def find_files(folder: Path) -> BergamotFiles | None:
    """Return the files of the model in a folder; None when it is none.

    Names are those of Mozilla's and translateLocally's packages: `model.ende.intgemm.alphas.bin`,
    `vocab.ende.spm` or `srcvocab.enzh.spm` and `trgvocab.enzh.spm`, `lex.50.50.ende.s2t.bin`.
    """
    models = sorted(folder.glob("model.*.bin"))
    both, source, target = (
        sorted(folder.glob(name)) for name in ("vocab.*.spm", "srcvocab.*.spm", "trgvocab.*.spm")
    )
    if len(models) != 1 or not (both or (source and target)):
        return None
    shortlists = sorted(folder.glob("lex.*.bin"))
    return BergamotFiles(
        folder,
        models[0],
        (source or both)[0],
        (target or both)[0],
        shortlists[0] if shortlists else None,
    )


def find_model(folders: str | Mapping[str, str] | None, language: Language) -> BergamotFiles:
    """Return the model that translates into a language.

    Raises:
        ValueError: If no place is given for this language.
        NotInstalledError: If there is none.
    """
    name = name_of(language)
    if isinstance(folders, str):
        places = [folders]
    elif folders is not None:
        if language.code not in folders:
            raise ValueError(
                f"bergamot: no model given for {language.name} ({language.code}), only for: "
                f"{', '.join(folders)}. Add {language.code}=DIR to the option model."
            )
        places = [folders[language.code]]
    else:
        places = list(_FOLDERS)
    found = [files for place in places for files in _models_below(_folder(place), _DEPTH)]
    for files in found:
        pair = _PAIR.match(files.model.name)
        if pair and pair[1] == name:
            return files
    seen = ", ".join(sorted({f"{files.folder}" for files in found})) or "no model at all"
    raise NotInstalledError(
        f"bergamot: no model from English to {language.name} ({language.code}) in "
        f"{', '.join(places)}; found {seen}; if you have one, name its folder: --model "
        f"{language.code}=DIR",
        fetch_command(language),
    )


def fetch_command(language: Language) -> str:
    """Return what to type to fetch the model that translates into a language."""
    return f"pip install fxtranslate && fxtranslate models add en {name_of(language)}"


def name_of(language: Language) -> str:
    """Return what file names call a language."""
    return language.bergamot or language.code


def _folder(place: str) -> Path:
    """Return the folder a place stands for."""
    if not place.startswith(_IN_PACKAGE):
        return Path(place).expanduser()
    package, _, inside = place.removeprefix(_IN_PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None  # does not import it
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalledError(
            f"bergamot: no package {package} is installed", f"pip install {package}"
        )
    return Path(next(iter(spec.submodule_search_locations))) / inside


def _models_below(folder: Path, depth: int) -> Iterator[BergamotFiles]:
    """Yield the models in a folder and the folders in it."""
    if not folder.is_dir():
        return
    files = find_files(folder)
    if files:
        yield files
    elif depth:
        for inner in sorted(folder.iterdir()):
            yield from _models_below(inner, depth - 1)
