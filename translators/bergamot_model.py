"""One model of Bergamot or Firefox Translations: its folder, its pieces, its batches."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from sentencepiece import SentencePieceProcessor
from threadpoolctl import threadpool_limits

from translators.engine import Batch, plan_batches
from translators.marian_format import BadModel, read_shortlist, read_weights
from translators.ssru_transformer import END, Decoded, SsruTransformer

MAX_TOKENS: Final = 96
"""Longest source that keeps its content: of the numbers .99 arrive below it, .90 up to 127 tokens
and .68 from 128 on, though the model ends properly."""

_POSITIONS: Final = 3 * MAX_TOKENS
_BATCH_TOKENS: Final = 1024  # larger batches have larger shortlists, and are slower


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

    def revision(self) -> str:
        """Return one hash of all files."""
        digest = hashlib.sha256()
        for path in self.all:
            with path.open("rb") as content:
                digest.update(f"{path.name} {_hash(content.read())}\n".encode())
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


class BergamotModel:
    """A loaded model: pieces in, pieces out, with numbers as batches want them."""

    def __init__(self, files: BergamotFiles) -> None:
        """Load the model.

        Raises:
            BadModel: If a file is damaged, or they do not belong together.
        """
        self.source = open_pieces(files.source_vocabulary)
        self.target = open_pieces(files.target_vocabulary)
        weights, config = read_weights(files.model)
        shared = files.source_vocabulary == files.target_vocabulary
        shortlist = read_shortlist(files.shortlist, shared) if files.shortlist else None
        self._network = SsruTransformer(weights, config, shortlist)
        sizes = (self._network.source_size, self._network.target_size)
        if sizes != (len(self.source), len(self.target)):
            raise BadModel(
                f"{files.folder}: vocabularies of {len(self.source)} and {len(self.target)} "
                f"pieces, but a model for {sizes[0]} and {sizes[1]}; fetch the model again"
            )

    def translate(self, sources: Sequence[Sequence[int]]) -> tuple[list[Decoded], list[Batch]]:
        """Return the translation of each source, and the batches they were translated in.

        Args:
            sources: Numbers of the pieces of each, without the end of sentence.
        """
        ended = [[*source, END] for source in sources]
        batches = plan_batches(list(map(len, ended)), _BATCH_TOKENS, _POSITIONS)
        found: dict[int, Decoded] = {}
        with threadpool_limits(1):  # many threads for small matrices are in each other's way
            for batch in batches:
                decoded = self._network.translate([ended[i] for i in batch.indices], batch.limit)
                found.update(zip(batch.indices, decoded, strict=True))
        return [found[index] for index in range(len(sources))], batches


def open_pieces(path: Path) -> SentencePieceProcessor:
    """Return a vocabulary.

    Raises:
        BadModel: If the file is no sentencepiece model.
    """
    try:
        return SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise BadModel(f"{path}: not a vocabulary of sentencepiece; fetch it again") from error


@lru_cache(1024)
def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
