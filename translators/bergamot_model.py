"""One loaded model of Bergamot or Firefox Translations: its pieces and its batches."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sentencepiece import SentencePieceProcessor
from threadpoolctl import threadpool_limits

from translators.bergamot_files import END, MAX_TOKENS, BergamotFiles
from translators.engine import Batch, plan_batches
from translators.marian_format import BadModel, read_shortlist, read_weights
from translators.ssru_transformer import Decoded, SsruTransformer

_POSITIONS: Final = 3 * MAX_TOKENS
_BATCH_TOKENS: Final = 1024  # larger batches have larger shortlists, and are slower


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
