"""What a build costs beside its translator: overhead, engines, growth with size.

(a) build: a whole `tandemqa build` against bare CTranslate2 on the same distinct segments.
(b) engines: our default (CTranslate2, int8) against transformers in batches of 32, which is what
    its translation pipeline did until transformers 5 dropped it.
(c) growth: time, memory and shuffled bytes of builds of 1,000 and 10,000 records with Apertium;
    then again with everything in the memory, with all cores and with one.

Run it from the root of the repository: `.venv/bin/python benchmarks/build.py [a] [b] [c]`.
The models have the size of OPUS-MT's and random weights; nothing is downloaded. They never end a
sentence, so every translation is exactly as long as our length rule allows.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.process_tree import Cost, measure  # noqa: E402
from benchmarks.random_marian import build_random_marian  # noqa: E402
from translators.engine import length_limit  # noqa: E402
from translators.marian import Marian  # noqa: E402
from translators.segmentation import is_translatable, split_passage  # noqa: E402

SENTENCES_IN_PASSAGE = 5
POSITIONS = 512  # of the random model
BATCH_TOKENS = 2048  # our default on CPU


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


def distinct_segments(records: list[dict[str, str]]) -> list[str]:
    """Return what a build of these records hands to its translator."""
    texts = {record["question"] for record in records}
    texts |= {s.text for record in records for s in split_passage(record["passage"])}
    return sorted(text for text in texts if is_translatable(text))


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_build(*arguments: str) -> Cost:
    """Run `tandemqa build` in a process of its own."""
    return measure([sys.executable, "-m", "tandemqa", "build", "--quiet", *arguments], ROOT)


class BareEngine:
    """CTranslate2 and sentencepiece with nothing of ours around them but the length rule."""

    def __init__(self, converted: Path, pieces: Path) -> None:
        import ctranslate2
        from sentencepiece import SentencePieceProcessor

        self._processor = SentencePieceProcessor(model_file=str(pieces))
        self._translator = ctranslate2.Translator(
            str(converted), compute_type="int8", inter_threads=os.cpu_count(), intra_threads=1
        )

    def translate(self, texts: list[str]) -> list[str]:
        """Return the translations, in order of length limits."""
        sources = [[*pieces, "</s>"] for pieces in self._processor.encode(texts, out_type=str)]
        translations: list[str] = []
        for limit, group in groupby(sorted(sources, key=_limit), key=_limit):
            results = self._translator.translate_batch(
                list(group), max_batch_size=BATCH_TOKENS, batch_type="tokens",
                beam_size=1, max_input_length=0, max_decoding_length=limit,
            )  # fmt: skip
            translations += [self._processor.decode(r.hypotheses[0]) for r in results]
        return translations


def _limit(source: list[str]) -> int:
    return length_limit(len(source), POSITIONS)


def overhead(folder: Path, model: Path, records: int) -> None:
    """(a) Print the time of a build over that of the bare engine, which runs before and after."""
    source = write_records(folder / "records.jsonl", records)
    segments = distinct_segments(make_records(records))
    translator = Marian(model=str(model), cache=str(folder / "cache"))
    translator.translate(segments[:8], "es")  # converts the model, once and for all
    translator.close()
    (converted,) = (path.parent for path in (folder / "cache").rglob("model.bin"))
    engine = BareEngine(converted, model / "source.spm")
    engine.translate(segments[:8])
    started = time.process_time()
    before = timed(lambda: engine.translate(segments))
    bare_cpu = time.process_time() - started
    build = run_build(
        *("--input", str(source), "--languages", "es", "--translator", "marian"),
        *("--model", str(model), "--cache", str(folder / "cache")),
        *("--output", str(folder / "corpus"), "--memory", str(folder / "memory")),
        *("--max-rejected-share", "1"),  # what random weights say is no translation
    )
    after = timed(lambda: engine.translate(segments))
    bare = (before + after) / 2
    print(f"(a) {records:,} records, {len(segments):,} distinct segments")
    print(f"    bare engine    {bare:7.1f} s  ({before:.1f} before, {after:.1f} after the build)")
    print(
        f"    whole build    {build.seconds:7.1f} s  ratio {build.seconds / bare:.2f} (aim: 1.10)"
    )
    ratio = build.cpu_seconds / bare_cpu
    print(f"    CPU seconds    {bare_cpu:7.1f} and {build.cpu_seconds:.1f}, ratio {ratio:.2f}")


def engines(model: Path, count: int) -> None:
    """(b) Print the time of transformers over that of our default, for equal work.

    Only segments with one length limit are taken, so that both make as many tokens of each.
    """
    import torch
    from transformers import MarianMTModel, MarianTokenizer

    tokenizer = MarianTokenizer.from_pretrained(model)
    limit = length_limit(32, POSITIONS)
    segments = distinct_segments(make_records(4 * count))
    texts = [text for text in segments if _limit(tokenizer(text)["input_ids"]) == limit][:count]
    translator = Marian(model=str(model))
    translator.translate(texts[:8], "es")
    ours = timed(lambda: translator.translate(texts, "es"))
    translator.close()
    reference = MarianMTModel.from_pretrained(model).eval()

    def generate() -> None:
        for start in range(0, len(texts), 32):
            batch = tokenizer(texts[start : start + 32], return_tensors="pt", padding=True)
            with torch.inference_mode():
                reference.generate(**batch, num_beams=1, max_new_tokens=limit)

    theirs = timed(generate)
    tokens = limit * len(texts)
    print(f"(b) {len(texts):,} segments of 17 to 32 tokens, {limit} target tokens for each")
    print(f"    transformers, batches of 32 {theirs:7.1f} s {tokens / theirs:7,.0f} tokens/s")
    print(f"    CTranslate2 int8 (default)  {ours:7.1f} s {tokens / ours:7,.0f} tokens/s")
    print(f"    {theirs / ours:.1f} times as fast (aim: 5)")


def growth(folder: Path, sizes: Sequence[int]) -> None:
    """(c) Print time, peak memory and shuffled bytes of builds of several sizes."""
    print("(c) Apertium into es, ca, pt; memory is that of all processes together")
    print("    records build         cores  seconds   CPU s  memory MB  shuffled MB")
    all_cores = os.cpu_count() or 1
    for size in sizes:
        source = write_records(folder / f"records-{size}.jsonl", size)
        place = folder / f"growth-{size}"
        for build, cores in (("first", all_cores), ("second", all_cores), ("second", 1)):
            cost = run_build(
                *("--input", str(source), "--languages", "es,ca,pt", "--overwrite"),
                *("--output", str(place / "corpus"), "--memory", str(place / "memory")),
                *("--", f"--direct_num_workers={cores}"),
            )
            manifest = json.loads((place / "corpus" / "manifest.json").read_text())
            shuffled = manifest["shuffled_bytes"] / 1e6
            print(
                f"    {size:7,} {build:12} {cores:6} {cost.seconds:8.1f} {cost.cpu_seconds:7.1f} "
                f"{cost.megabytes:10,.0f} {shuffled:12.1f}"
            )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["a", "b", "c"], help="a, b and c")
    parser.add_argument("--records", type=int, default=600, help="records of part a (default: 600)")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[1_000, 10_000],
        help="records of the builds of part c (default: 1000 10000)",
    )
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
            growth(folder, options.sizes)


if __name__ == "__main__":
    main()
