"""Mine hard negatives: passages that the encoder mistakes for answers."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import torch

from schemas.files import atomic_folder
from schemas.progress import progress_bar
from trainer.batches.group_table import QUESTIONS
from trainer.fine_tuning.negatives import NONE, Negatives

if TYPE_CHECKING:
    from trainer.corpora.corpus import CorpusTable
    from trainer.encoder import Encoder

CANDIDATES: Final = 16
"""Negatives kept for each row; a batch draws from them at random."""

MARGIN: Final = 0.05
"""A passage that scores above (1 - MARGIN) of the right one's score is probably right, too
(positive-aware mining, Moreira et al. 2024, arXiv:2407.15831)."""

_BLOCK: Final = 1024
_CHUNK: Final = 8192

Vectors = npt.NDArray[np.float16]


def mine_negatives(
    corpus: "CorpusTable", encoder: "Encoder", folder: Path, per_pair: int, progress: bool = True
) -> Negatives:
    """Return hard negatives for every row, mined in each language; mined once for a folder.

    Candidates are the passages of the row's language; the row's own passage, which is that of
    all its siblings, is never one.

    Args:
        corpus: The corpus that is trained on.
        encoder: Scores passages; as a rule the model before training.
        folder: Where they are kept; complete when it exists.
        per_pair: Negatives for each pair of a batch.
        progress: Whether to show how far it is.
    """
    if not folder.exists():
        with atomic_folder(folder) as partial:
            _mine(corpus, encoder, partial, progress)
    return Negatives(os.fspath(folder), per_pair)


def _mine(corpus: "CorpusTable", encoder: "Encoder", folder: Path, progress: bool) -> None:
    rows = len(corpus.table)
    lang_of_row, passage_of_row = corpus.column("lang"), corpus.column("passage_group")
    np.save(folder / "lang.npy", lang_of_row)
    np.save(folder / "passage_group.npy", passage_of_row)
    asked = QUESTIONS if QUESTIONS in corpus.table.column_names else "group"
    np.save(folder / "question_group.npy", corpus.column(asked))
    questions = _encode_questions(corpus, encoder, folder, progress)
    group = np.unique(corpus.column("group"), return_inverse=True)[1]
    total, count = _sum_by_group(questions, group)
    out = {
        name: np.lib.format.open_memmap(
            folder / f"{name}.npy", mode="w+", dtype=np.int32, shape=(rows, CANDIDATES)
        )
        for name in ("within", "across")
    }
    present = np.unique(lang_of_row)
    for lang in progress_bar(present, task="mine negatives", unit="languages", shown=progress):
        of_lang = np.flatnonzero(lang_of_row == lang)
        _, first, own = np.unique(passage_of_row[of_lang], return_index=True, return_inverse=True)
        candidates = of_lang[first]
        parts = [encoder.encode_candidates(part) for part in _texts(corpus, "passage", candidates)]
        vectors = torch.from_numpy(np.concatenate(parts)).to(encoder.model.device)
        for start in range(0, len(of_lang), _BLOCK):
            part = of_lang[start : start + _BLOCK]
            mine = questions[part].astype(np.float32)
            others = total[group[part]] - mine
            alone = count[group[part]] == 1
            others[alone] = mine[alone]
            right = own[start : start + _BLOCK]
            out["within"][part] = _hardest(mine, vectors, right, candidates)
            out["across"][part] = _hardest(others, vectors, right, candidates)
    for array in out.values():
        array.flush()


def _encode_questions(
    corpus: "CorpusTable", encoder: "Encoder", folder: Path, progress: bool
) -> Vectors:
    """Return the embeddings of all questions, on disk."""
    rows = np.arange(len(corpus.table))
    vectors: Vectors | None = None
    parts = progress_bar(
        _texts(corpus, "question", rows),
        task="encode questions",
        unit="batches",
        total=-(-len(rows) // _CHUNK),
        shown=progress,
    )
    for number, part in enumerate(parts):
        encoded = encoder.encode_questions(part)
        if vectors is None:
            vectors = np.lib.format.open_memmap(
                folder / "questions.npy",
                mode="w+",
                dtype=np.float16,
                shape=(len(rows), encoded.shape[1]),
            )
        vectors[number * _CHUNK : number * _CHUNK + len(part)] = encoded
    if vectors is None:
        raise ValueError("no rows to mine negatives for")
    return vectors


def _texts(corpus: "CorpusTable", column: str, rows: npt.NDArray[np.int64]) -> Iterator[list[str]]:
    for start in range(0, len(rows), _CHUNK):
        yield corpus.table[rows[start : start + _CHUNK]][column]


def _sum_by_group(
    vectors: Vectors, group: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return the sum of each group's vectors, and their number."""
    count = np.bincount(group)
    total = np.zeros((len(count), vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(vectors), _CHUNK):
        np.add.at(total, group[start : start + _CHUNK], vectors[start : start + _CHUNK])
    return total, count


def _hardest(
    queries: npt.NDArray[np.float32],
    vectors: torch.Tensor,
    right: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.int64],
) -> npt.NDArray[np.int32]:
    """Return the rows of the highest scores below the right passage's, best first.

    Args:
        queries: (queries, dimensions).
        vectors: Of the candidates: (candidates, dimensions).
        right: Place of each query's own passage among the candidates.
        candidates: Row of each candidate.

    Returns:
        (queries, CANDIDATES); NONE where there are fewer.
    """
    scores = torch.from_numpy(queries).to(vectors.device) @ vectors.T
    own = torch.from_numpy(right).to(vectors.device)[:, None]
    best = scores.gather(1, own)
    scores[scores > best - MARGIN * best.abs()] = -torch.inf
    scores.scatter_(1, own, -torch.inf)
    values, places = scores.topk(min(CANDIDATES, scores.shape[1]), dim=1)
    found = np.full((len(queries), CANDIDATES), NONE, dtype=np.int32)
    chosen = candidates[places.cpu().numpy()]
    found[:, : chosen.shape[1]] = np.where(values.isinf().cpu().numpy(), NONE, chosen)
    return found
