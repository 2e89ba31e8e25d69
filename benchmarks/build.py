"""What a build costs beside its translator: overhead, engines, growth with size.

(a) build: a whole `tandemqa build` against the bare engine on the same distinct segments.
(b) engines: our CTranslate2 default against the transformers pipeline in batches of 32.
(c) growth: time and peak memory of builds of 1,000 and 10,000 records with Apertium.

Run it from the root of the repository: `.venv/bin/python benchmarks/build.py [a] [b] [c]`.
The models have the size of OPUS-MT's and random weights; nothing is downloaded.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.random_marian import build_random_marian  # noqa: E402
from translators.engine import length_limit  # noqa: E402
from translators.marian import Marian  # noqa: E402
from translators.segmentation import is_translatable, split_passage  # noqa: E402

SENTENCES_IN_PASSAGE = 5
POSITIONS = 512  # of the random model


def example_sentences() -> list[str]:
    """Return the sentences of the passages in `examples/`."""
    lines = (ROOT / "examples" / "science.jsonl").read_text(encoding="utf-8").splitlines()
    squad = json.loads((ROOT / "examples" / "encyclopedia.squad.json").read_text(encoding="utf-8"))
    passages = {json.loads(line)["passage"] for line in lines}
    passages |= {p["context"] for article in squad["data"] for p in article["paragraphs"]}
    return sorted({s.text for passage in passages for s in split_passage(passage)})


def make_records(count: int) -> list[dict[str, str]]:
    """Return distinct records of about 90 words: example sentences with other numbers in them."""
    generator = random.Random(0)
    sentences = example_sentences()
    records = []
    for number in range(count):
        chosen = generator.sample(sentences, SENTENCES_IN_PASSAGE)
        passage = " ".join(f"{s[:-1]}, says page {generator.randrange(10**6)}." for s in chosen)
        question = f"What does chapter {number} say about this?"
        records.append({"id": str(number), "question": question, "passage": passage})
    return records


def write_records(path: Path, count: int) -> Path:
    """Write records as JSONL and return the path."""
    path.write_text("".join(json.dumps(record) + "\n" for record in make_records(count)))
    return path


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_build(*arguments: str) -> tuple[float, float]:
    """Run `tandemqa build` in a process of its own; return seconds and peak memory in MB."""
    command = [sys.executable, "-m", "tandemqa", "build", "--quiet", *arguments]
    script = (
        "import resource, subprocess, sys, time; t = time.perf_counter();"
        "subprocess.run(sys.argv[1:], check=True); s = time.perf_counter() - t;"
        "print(s, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def overhead(folder: Path, model: Path, records: int) -> None:
    """(a) Print the time of a build over that of the bare engine."""
    source = write_records(folder / "records.jsonl", records)
    items = make_records(records)
    texts = {item["question"] for item in items}
    texts |= {s.text for item in items for s in split_passage(item["passage"])}
    wanted = sorted(text for text in texts if is_translatable(text))
    translator = Marian(model=str(model))
    translator.translate(wanted[:8], "es")  # convert and load
    bare = timed(lambda: translator.translate(wanted, "es"))
    translator.close()
    options = ["--translator", "marian", "--model", str(model), "--languages", "es"]
    places = ["--output", str(folder / "corpus"), "--memory", str(folder / "memory")]
    build, _ = run_build("--input", str(source), *options, *places)
    print(f"(a) {records:,} records, {len(wanted):,} distinct segments")
    print(f"    bare engine     {bare:8.1f} s   {len(wanted) / bare:7.0f} segments/s")
    print(f"    whole build     {build:8.1f} s   ratio {build / bare:.2f} (aim: 1.10 or less)")


def engines(model: Path, segments: int) -> None:
    """(b) Print the speed of our default over the transformers pipeline's, in target tokens.

    The model never ends a sentence, so every target is as long as its limit: that of our length
    rule in one case, 32 tokens in the other.
    """
    import torch
    from transformers import MarianMTModel, MarianTokenizer

    texts = [text for text in example_sentences() if is_translatable(text)][:segments]
    translator = Marian(model=str(model))
    translator.translate(texts[:8], "es")
    seconds = timed(lambda: translator.translate(texts, "es"))
    lengths = [translator.count_tokens([text], "es") for text in texts]
    ours = sum(length_limit(length, POSITIONS) for length in lengths) / seconds
    translator.close()
    tokenizer = MarianTokenizer.from_pretrained(model)
    reference = MarianMTModel.from_pretrained(model).eval()

    def generate() -> None:
        for start in range(0, len(texts), 32):
            batch = tokenizer(texts[start : start + 32], return_tensors="pt", padding=True)
            with torch.inference_mode():
                reference.generate(**batch, num_beams=1, max_new_tokens=32, min_new_tokens=32)

    theirs = 32 * len(texts) / timed(generate)
    print(f"(b) {len(texts):,} segments, target tokens a second")
    print(f"    transformers, batches of 32 {theirs:8,.0f}")
    print(f"    CTranslate2 int8 (default)  {ours:8,.0f}   {ours / theirs:.1f}x (aim: 5x)")


def growth(folder: Path, sizes: tuple[int, ...]) -> None:
    """(c) Print time and peak memory of builds of several sizes."""
    print("(c) Apertium into es, ca, pt")
    for size in sizes:
        source = write_records(folder / f"records-{size}.jsonl", size)
        place = folder / f"growth-{size}"
        seconds, megabytes = run_build(
            *("--input", str(source), "--languages", "es,ca,pt"),
            *("--output", str(place / "corpus"), "--memory", str(place / "memory")),
        )
        print(
            f"    {size:7,} records {seconds:8.1f} s  {1000 * seconds / size:7.2f} ms/record"
            f"  {megabytes:7.0f} MB  {1000 * megabytes / size:7.1f} kB/record"
        )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["a", "b", "c"], help="a, b and c")
    parser.add_argument("--records", type=int, default=800, help="records of part a")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if {"a", "b"} & set(options.parts):
            model = folder / "marian"
            build_random_marian(model, [item["passage"] for item in make_records(5000)])
        if "a" in options.parts:
            overhead(folder, model, options.records)
        if "b" in options.parts:
            engines(model, 400)
        if "c" in options.parts:
            growth(folder, (1_000, 10_000))


if __name__ == "__main__":
    main()
