"""How a run fits its model: scale, learning rate, length and prompts, and where each is from."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from schemas.model_families import USUAL_RATE, USUAL_SCALE, Family
from schemas.model_recognition import Trained, recognise, resembles, stated_prompts
from trainer.fine_tuning.training_settings import TrainingSettings

_PROMPTS: Final = ("question_prompt", "passage_prompt")
GIVEN: Final = "given"
_USUAL: Final = "the usual one, as the model is not known"
_OWN: Final = "the model's own"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value of a run.

    Attributes:
        value: The value; None is the model's own.
        source: Where it is from, in words.
    """

    value: float | str | None
    source: str


def fit(settings: TrainingSettings) -> dict[str, Fitted]:
    """Return what a run takes for its model.

    A hub model's own prompts are read when it is loaded; those of its family are told here.
    """
    known = recognise(settings.model.model)
    length = settings.model.max_length
    question, passage = _fit_prompts(settings, known)
    return {
        "scale": _fit_number(settings.loss.scale, known.scale if known else USUAL_SCALE, known),
        "learning_rate": _fit_number(
            settings.learning_rate, known.learning_rate if known else USUAL_RATE, known
        ),
        "max_length": Fitted(length, GIVEN if length else _OWN),
        "question_prompt": question,
        "passage_prompt": passage,
    }


def _fit_number(value: float | None, proposed: float, known: Family | Trained | None) -> Fitted:
    source = known.source if known else _USUAL
    return Fitted(value, source if value == proposed else GIVEN)


def _fit_prompts(
    settings: TrainingSettings, known: Family | Trained | None
) -> tuple[Fitted, Fitted]:
    """Return the prompts for questions and passages: given, stated by the model, or known."""
    own = stated_prompts(settings.model.model)
    source = _OWN if any(own) else known.source if known else _USUAL
    if not any(own) and known:
        own = known.question_prompt, known.passage_prompt
    asked, answered = settings.question_prompt, settings.passage_prompt
    return (
        Fitted(own[0], source) if asked is None else Fitted(asked, GIVEN),
        Fitted(own[1], source) if answered is None else Fitted(answered, GIVEN),
    )


def describe_fit(settings: TrainingSettings) -> str:
    """Return how the run fits its model, as lines for a terminal."""
    fitted = fit(settings)
    known = recognise(settings.model.model)
    lines = [f"{settings.model.model}: {known.name if known else 'not known'}"]
    for title, found in fitted.items():
        shown = f"{found.value:g}" if isinstance(found.value, float) else repr(found.value)
        value = "full" if found.value is None else shown
        lines.append(f"  {title.replace('_', ' ')}: {value} ({found.source})")
    doubt = describe_doubt(settings)
    return "\n".join([*lines, *([doubt] if doubt else [])])


def describe_doubt(settings: TrainingSettings) -> str:
    """Return what the user should look up about an unknown model; empty if nothing."""
    model = settings.model.model
    fitted = fit(settings)
    guessed = any(fitted[name].source == _USUAL for name in ("scale", *_PROMPTS))
    if not guessed or _is_bare(Path(model)):
        return ""
    told = (
        f"{model} is not a model that tandemqa knows: the scale of the loss is "
        f"{settings.loss.scale:g}, and there are no prompts but those that its files state. If its "
        "authors name a temperature or prompts, give --scale (1 / temperature), "
        "--question-prompt and --passage-prompt."
    )
    if family := resembles(model):
        told += (
            f" It is built like a multilingual {family.name}: if it is one, give --scale "
            f"{family.scale:g} --learning-rate {family.learning_rate:g} --question-prompt "
            f"'{family.question_prompt}' --passage-prompt '{family.passage_prompt}'."
        )
    return told


def _is_bare(folder: Path) -> bool:
    """Whether this is a language model that was never trained for search: nothing can be lost."""
    return folder.is_dir() and not (folder / "modules.json").exists()


def as_json(settings: TrainingSettings) -> dict[str, Any]:
    """Return how the run fits its model, as JSON values."""
    known = recognise(settings.model.model)
    fitted = {name: asdict(found) for name, found in fit(settings).items()}
    return {"name": settings.model.model, "known_as": known.name if known else None, **fitted}
