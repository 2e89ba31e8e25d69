"""A build of SQuAD's size: 87,000 records of English into 14 languages, all in the memory.

The records are XQuAD's 1,190 questions over 240 passages, which come from SQuAD, again and again
with other numbers in them. Their translations are XQuAD-R's, by people, and Apertium's into four
languages more.

Run it from the root of the repository: `.venv/bin/python -m benchmarks.squad_size XQUAD-R FOLDER`.
It needs a gigabyte in FOLDER and an hour or two; `FOLDER/processes.log` tells the memory of every
process while the build runs.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.human_memory import ENDPOINT, MODEL, write_memory
from benchmarks.perturbed import perturb
from benchmarks.process_tree import Cost, measure
from benchmarks.quality.gold import LANGUAGES

ROOT = Path(__file__).parent.parent
APERTIUM = ("ca", "gl", "fr", "pt")
RECORDS = 87_000
LOOK_EVERY = 2.0  # seconds; a look costs CPU time itself


def build(source: str, memory: Path, corpus: Path, log: Path | None = None) -> Cost:
    """Build a corpus in a process of its own."""
    options = {
        "--input": source,
        "--languages": ",".join((*LANGUAGES, *APERTIUM)),
        "--translator": ",".join((*(f"{lang}=llm" for lang in LANGUAGES), "apertium")),
        "--endpoint": ENDPOINT,
        "--model": MODEL,
        "--memory": str(memory),
        "--output": str(corpus),
    }
    words = [word for option in options.items() for word in option]
    command = [sys.executable, "-m", "tandemqa", "build", *words]
    return measure(command, ROOT, log, LOOK_EVERY)


def main() -> None:
    """Make the input, build it and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("xquad", type=Path, help="folder of XQuAD-R")
    parser.add_argument("folder", type=Path, help="new folder for input, memory and corpus")
    parser.add_argument("--records", type=int, default=RECORDS, help="how many (default: 87000)")
    options = parser.parse_args()
    seed, large = options.folder / "seed", options.folder / "large"
    write_memory(options.xquad, seed / "memory")
    build(f"squad:{options.xquad / 'en.json'}", seed / "memory", seed / "corpus")
    perturb(seed / "corpus", seed / "memory", options.records, large)
    corpus, log = large / "corpus", options.folder / "processes.log"
    cost = build(str(large / "records.jsonl"), large / "memory", corpus, log)
    manifest = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    print(
        f"{options.records:,} records into {len(LANGUAGES) + len(APERTIUM)} languages: "
        f"{cost.seconds:,.0f} s, {cost.cpu_seconds:,.0f} s of CPU, {cost.megabytes:,.0f} MB over "
        f"all processes, {cost.spilled:,.0f} MB of temporary files, "
        f"{manifest['shuffled_bytes'] / 1e6:,.0f} MB shuffled"
    )


if __name__ == "__main__":
    main()
