"""Let a teacher read the English texts of a corpus, once: what it gave is kept for other runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.command import UsageError
from schemas.files import CACHE_VARIABLE, cache_folder
from schemas.model_families import USUAL_SCALE
from schemas.model_recognition import recognise
from schemas.progress import progress_bar
from trainer.corpora.corpus import CorpusTable
from trainer.corpora.int_columns import Ints
from trainer.corpora.kept_arrays import load_array, save_array
from trainer.corpora.table_cache import cache_key
from trainer.encoder import Encoder, is_cross_encoder, load_model, model_prompts
from trainer.model_settings import ModelSettings
from trainer.teaching.cross_encoder import CrossEncoder
from trainer.teaching.teacher_scores import (
    PART,
    EmbeddingScores,
    PairScores,
    PlacedVectors,
    TeacherScores,
    pair_keys,
)
from trainer.teaching.teacher_settings import TeacherSettings

if TYPE_CHECKING:
    from tqdm import tqdm

ENGLISH: Final = "en"
BI_ENCODER: Final = "bi-encoder"
CROSS_ENCODER: Final = "cross-encoder"

_MISSING: Final = -1


@dataclass(frozen=True, eq=False)
class Teacher:
    """A teacher that has read the corpus.

    Attributes:
        scores: What it thinks.
        scale: Inverse temperature of its scores.
        weight: Of the distance to its scores in the loss.
        record: What the run notes of it.
    """

    scores: TeacherScores
    scale: float
    weight: float
    record: dict[str, Any]


@dataclass(frozen=True, eq=False)
class EnglishTexts:
    """Where the English texts of a corpus are.

    Attributes:
        corpus: The corpus.
        rows: English row of each group; -1 where it has none.
    """

    corpus: CorpusTable
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, corpus: CorpusTable) -> "EnglishTexts":
        """Find them.

        Raises:
            UsageError: If there are none.
        """
        codes = [n for n, lang in enumerate(corpus.languages) if lang.split("-")[0] == ENGLISH]
        english = np.flatnonzero(np.isin(corpus.column("lang"), codes))
        if not len(english):
            raise UsageError(
                "--teacher: it reads the English questions and passages, and none are trained on "
                f"(languages: {', '.join(corpus.languages)}); add en to --languages, or name a "
                "corpus with English rows"
            )
        groups = corpus.column("group")
        rows = np.full(int(groups.max()) + 1, _MISSING, np.int64)
        rows[groups[english][::-1]] = english[::-1]  # the first row of a group counts
        return cls(corpus, rows)

    def read(self, column: str, rows: Ints) -> list[str]:
        """Return the texts of some rows."""
        texts: list[str] = self.corpus.table[rows][column]
        return texts


def describe_teacher(settings: TeacherSettings, corpus: CorpusTable, negatives: int) -> str:
    """Return what the teacher would read, in a sentence.

    Raises:
        UsageError: If there would be nothing to follow.
    """
    kind = check_teacher(settings, negatives)
    texts = EnglishTexts.of(corpus)
    groups = np.count_nonzero(texts.rows >= 0)
    return (
        f"Teacher: {settings.teacher}, a {kind}; it reads the English texts of {groups:,} of "
        f"{len(np.unique(corpus.column('group'))):,} groups. Weight "
        f"{settings.teacher_weight:g}, scale {_scale(settings, kind):g}."
    )


def check_teacher(settings: TeacherSettings, negatives: int) -> str:
    """Return the kind of the teacher.

    Raises:
        UsageError: If there would be nothing to follow.
    """
    assert settings.teacher is not None
    if not is_cross_encoder(settings.teacher):
        return BI_ENCODER
    if not negatives:
        raise UsageError(
            f"--teacher {settings.teacher}: a cross-encoder reads every pair of question and "
            "passage by itself, so it compares each passage with its mined negatives only: add "
            "--negatives, such as --negatives 4; or name a bi-encoder"
        )
    return CROSS_ENCODER


def _scale(settings: TeacherSettings, kind: str) -> float:
    """Return the inverse temperature of the teacher's scores, if they are cosines or logits."""
    if settings.teacher_scale is not None:
        return settings.teacher_scale
    family = recognise(settings.teacher or "")
    return 1.0 if kind == CROSS_ENCODER else family.scale if family else USUAL_SCALE


@dataclass(frozen=True, eq=False)
class LoadedTeacher:
    """A teacher that can read a corpus.

    Attributes:
        settings: Which teacher.
        texts: What it reads.
        model: The teacher.
    """

    settings: TeacherSettings
    texts: EnglishTexts
    model: Encoder | CrossEncoder

    def read(self, batches: Callable[[], Iterator[Ints]], progress: bool = True) -> Teacher:
        """Return the teacher's scores of the corpus; what was read before is not read again.

        Args:
            batches: Yields the rows of each batch, (questions, passages, negatives...) by pairs.
            progress: Whether to show how far it is.
        """
        model = self.model
        if isinstance(model, Encoder):
            kind, dot = BI_ENCODER, model.model.similarity_fn_name == "dot"
            scores: TeacherScores = _embed(model, self.texts, progress)
        else:
            kind, dot = CROSS_ENCODER, False
            scores = _score_pairs(
                model, self.texts, _planned_pairs(self.texts, batches()), progress
            )
        # Dot products of vectors that are not of length one are logits already.
        guessed = dot and self.settings.teacher_scale is None
        scale = 1.0 if guessed else _scale(self.settings, kind)
        record = {
            "model": self.settings.teacher,
            "kind": kind,
            "weight": self.settings.teacher_weight,
            "scale": scale,
            "fingerprint": model.fingerprint,
        }
        return Teacher(scores, scale, self.settings.teacher_weight, record)


def load_teacher(
    settings: TeacherSettings,
    corpus: CorpusTable,
    negatives: int,
    *,
    bf16: bool = False,
) -> LoadedTeacher | None:
    """Return the teacher, if there is one, before anything is spent on a run that it cannot teach.

    Args:
        settings: Which teacher.
        corpus: What is trained on.
        negatives: Hard negatives of each pair.
        bf16: Whether it computes in bfloat16; else in what its weights are.

    Raises:
        UsageError: If there would be nothing to follow, or the model cannot be loaded.
    """
    if settings.teacher is None:
        return None
    kind = check_teacher(settings, negatives)
    texts = EnglishTexts.of(corpus)
    model = ModelSettings(model=settings.teacher, dtype="bfloat16" if bf16 else None)
    if kind == CROSS_ENCODER:
        return LoadedTeacher(settings, texts, CrossEncoder(model))
    loaded = load_model(model)
    return LoadedTeacher(settings, texts, Encoder(loaded, model_prompts(loaded, model.model)))


def _embed(encoder: Encoder, texts: EnglishTexts, progress: bool) -> EmbeddingScores:
    """Return the embeddings of all English questions, and of all passages, each once."""
    passage_of_row = texts.corpus.column("passage_group")
    groups = np.flatnonzero(texts.rows >= 0)
    rows = texts.rows[groups]
    _, first, number = np.unique(passage_of_row[rows], return_index=True, return_inverse=True)
    bar: tqdm[Any] = progress_bar(
        task="teacher", unit="texts", total=len(rows) + len(first), shown=progress
    )
    with bar:
        return EmbeddingScores(
            _place(encoder, "question", texts, rows, groups, np.arange(len(rows)), bar),
            _place(encoder, "passage", texts, rows[first], groups, number, bar),
        )


def _place(
    encoder: Encoder,
    column: str,
    texts: EnglishTexts,
    rows: Ints,
    groups: Ints,
    places: Ints,
    bar: "tqdm[Any]",
) -> PlacedVectors:
    """Return the vectors of the texts in some rows, at the places of groups."""
    encode = encoder.encode_questions if column == "question" else encoder.encode_candidates
    parts = []
    for start in range(0, len(rows), PART):
        part = texts.read(column, rows[start : start + PART])
        parts.append(_kept((encoder.fingerprint, column, part), len(part), partial(encode, part)))
        bar.update(len(part))
    of_group = np.full(len(texts.rows), _MISSING, np.int64)
    of_group[groups] = places
    return PlacedVectors(of_group, parts)


def _planned_pairs(texts: EnglishTexts, batches: Iterator[Ints]) -> NDArray[np.int64]:
    """Return the keys of what a cross-encoder must read: passages and negatives of all batches."""
    group, count = texts.corpus.column("group"), len(texts.rows)
    keys = []
    for rows in batches:
        asked, given = group[rows[1]], group[rows[1:]]
        readable = (texts.rows[asked] >= 0) & (texts.rows[given] >= 0)
        keys.append(pair_keys(np.broadcast_to(asked, given.shape), given, count)[readable])
    return np.unique(np.concatenate(keys))


def _score_pairs(
    reader: CrossEncoder, texts: EnglishTexts, keys: NDArray[np.int64], progress: bool
) -> PairScores:
    parts = []
    count = len(texts.rows)
    bar: tqdm[Any] = progress_bar(task="teacher", unit="pairs", total=len(keys), shown=progress)
    with bar:
        for start in range(0, len(keys), PART):
            asked, given = np.divmod(keys[start : start + PART], count)
            questions = texts.read("question", texts.rows[asked])
            passages = texts.read("passage", texts.rows[given])
            pairs = list(zip(questions, passages, strict=True))
            parts.append(
                _kept((reader.fingerprint, pairs), len(pairs), partial(reader.score, pairs))
            )
            bar.update(len(pairs))
    return PairScores(keys, np.concatenate(parts), count)


def _kept(
    described: Sequence[object], rows: int, compute: Callable[[], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return an array from the folder of what is kept; computed where it is not there."""
    path = cache_folder() / "teachers" / f"{cache_key('teacher', *described)}.npy"
    array = load_array(path, rows)
    if array is not None:
        return array
    try:
        save_array(path, compute())
    except OSError as error:
        raise UsageError(
            f"{path.parent}: cannot keep the teacher's scores there ({error}); set "
            f"{CACHE_VARIABLE} to a folder with enough space"
        ) from error
    array = load_array(path, rows)  # which stays on disk
    assert array is not None
    return array
