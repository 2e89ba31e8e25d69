"""Measure the quality of checks, spans and decontamination; write benchmarks/QUALITY.md.

Run in the repository root: `python -m benchmarks.quality`, or with `--sections spans` to measure
some of it again and leave the rest of the file as it is.

Gold: XQuAD-R's human translations; every rejection of one is false. Broken rows are made from
gold by `corruptions.py`. Thresholds were chosen on one half of the passages; both halves are
reported.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.quality import (
    broken_rows,
    decontamination,
    false_rejects,
    genres,
    languages,
    meaning,
    spans,
    throughput,
)
from benchmarks.quality.calibration import print_calibration
from benchmarks.quality.gold import LANGUAGES, read_gold

OUTPUT = Path(__file__).parent.with_name("QUALITY.md")
SECTIONS = (
    "false-rejects",
    "genres",
    "broken-rows",
    "meaning",
    "languages",
    "throughput",
    "spans",
    "decontamination",
)

HEAD = """# Quality of checks, answer spans and decontamination

Made by `python -m benchmarks.quality`; do not edit by hand. Gold are the human translations of
XQuAD-R (10 languages, 1,190 questions, 240 passages): every rejection there counts as false. Half
of the passages with their questions (by hash) and the corruptions marked † were kept out of every
choice of a threshold; shipped medians and deviations come from the calibration half alone. Sentence
maps are given where XQuAD-R's sentence breaks pair up for certain. One rule was chosen with both
halves in view: the rejections by `number_changed`, so its figures are not held-out ones, and the
same holds for `glued_words` and for lost question marks, whose rejections of gold were read."""


def main() -> None:
    """Write the sections, or print the values to ship."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), metavar="DIR", help="data folder"
    )
    without_encoder = [name for name in SECTIONS if name != "meaning"]
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=without_encoder)
    parser.add_argument(
        "--encoder",
        metavar="MODEL",
        help="sentence-transformers model for the sections meaning and throughput",
    )
    parser.add_argument(
        "--languages", nargs="+", choices=LANGUAGES, default=list(LANGUAGES), help="of meaning"
    )
    parser.add_argument(
        "--every", type=int, default=4, metavar="N", help="spoil every Nth question only"
    )
    parser.add_argument(
        "--memory",
        default="",
        metavar="DIR",
        help="keep embeddings here, to go on from another run",
    )
    parser.add_argument("--calibrate", action="store_true", help="print the values to ship")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE")
    options = parser.parse_args()
    for name in ("xquad-r/en.json", "medquad.jsonl.gz"):
        if not (options.data / name).is_file():
            parser.error(
                f"--data {options.data}: wanted {name} in it, XQuAD-R's or MedQuAD's texts"
            )
    if "meaning" in options.sections and not options.encoder:
        parser.error("--sections meaning: name the model with --encoder")
    gold = {lang: read_gold(options.data / "xquad-r", lang) for lang in LANGUAGES}
    if options.calibrate:
        print_calibration(gold)
        return
    measure: Mapping[str, Callable[[], str]] = {
        "false-rejects": lambda: false_rejects.report(gold),
        "genres": lambda: genres.report(gold),
        "broken-rows": lambda: broken_rows.report(gold, options.every),
        "meaning": lambda: meaning.report_by(
            options.encoder,
            {lang: gold[lang] for lang in options.languages},
            options.every,
            options.memory,
        ),
        "languages": lambda: languages.report(gold),
        "throughput": lambda: throughput.report(gold, options.encoder),
        "spans": lambda: spans.report(gold),
        "decontamination": lambda: decontamination.report(options.data.resolve()),
    }
    parts = _read_sections(options.output)
    for name in SECTIONS:
        if name in options.sections:
            print(f"measuring {name}", file=sys.stderr, flush=True)
            parts[name] = measure[name]()
            _write_sections(options.output, parts)


def _read_sections(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.findall(r"<!-- (\S+) -->\n\n(.*?)\s*(?=<!-- |\Z)", text, re.DOTALL)
    return {name: content for name, content in found if name in SECTIONS}


def _write_sections(path: Path, parts: Mapping[str, str]) -> None:
    texts = [f"<!-- {name} -->\n\n{parts[name]}" for name in SECTIONS if name in parts]
    path.write_text("\n\n".join([HEAD, *texts]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
