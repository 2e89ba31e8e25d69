"""Builds with a language model behind an endpoint that misbehaves: nothing is lost or told."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from schemas.manifest import Manifest
from tandemqa import run
from translators import llm_endpoint

ROOT = Path(__file__).parents[2]
SCIENCE = str(ROOT / "examples" / "science.jsonl")
KEY = "sk-test-0123456789abcdef"
FAULTS = ["429", "", "500", "", "cut", "", "", "503", "page", "", "gone", "", "", "", ""]
PRICES = ("--price-per-million-input", "1000", "--price-per-million-output", "4000")


@pytest.fixture
def server(llm_server, monkeypatch):
    monkeypatch.setattr(llm_endpoint, "_FIRST_DELAY", 0.001)
    monkeypatch.setenv("MY_KEY", KEY)
    llm_server.control()
    return llm_server


def options(server, source=SCIENCE):
    return [
        *("--input", source, "--translator", "llm", "--endpoint", server.endpoint),
        *("--model", "apertium", "--key-variable", "MY_KEY", "--concurrency", "4"),
    ]


def manifest(folder):
    return Manifest.model_validate_json((folder / "corpus" / "manifest.json").read_text())


def test_a_build_through_a_misbehaving_endpoint_loses_nothing(server, build, tmp_path, capsys):
    question = "In how many days does the Moon orbit the Earth?"
    server.control(faults=FAULTS * 10, habits={question: "answer", "*": "preamble"}, stubborn=False)
    assert build(*options(server), *PRICES) == 0
    found = manifest(tmp_path)
    assert found.conservation_faults() == []
    assert found.source.groups == found.counts["es"].kept + found.counts["es"].rejected
    segments, stats = found.segments["es"], server.stats()
    assert segments.failed == 0
    assert (segments.input_tokens, segments.output_tokens) == (
        stats["input_tokens"],
        stats["output_tokens"],
    )
    assert segments.cost == pytest.approx(
        (stats["input_tokens"] * 1000 + stats["output_tokens"] * 4000) / 1e6
    )
    told = capsys.readouterr().out
    assert f"{stats['input_tokens']:,} sent, {stats['output_tokens']:,} answered, cost" in told
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        assert KEY.encode() not in path.read_bytes(), path


def test_a_segment_that_is_refused_twice_costs_its_own_record(server, build, tmp_path, questions):
    def record(name):
        sentences = [f"The {name} house is old.", "My mother lives in the house."]
        return {
            "id": name,
            "question": f"Who lives in the {name} house?",
            "passage": " ".join(sentences),
        }

    source = questions(*map(record, ("red", "white", "green", "black")))
    server.control(habits={"The red house is old.": "refusal"}, stubborn=True)
    assert build(*options(server, source), "--max-rejected-share", "0.5", "--quiet") == 0
    counts = manifest(tmp_path).counts["es"]
    assert (counts.kept + counts.rejected, counts.failed) == (3, 1)
    rows = ds.dataset(tmp_path / "corpus/quarantine/lang=es", format="parquet").to_table()
    reasons = {row["record_id"]: row["reason"] for row in rows.to_pylist()}
    assert reasons["red"] == "llm_refused"


def command(folder, server):
    return [
        *(sys.executable, "-m", "tandemqa", "build", *options(server), "--languages", "es"),
        *("--output", str(folder / "corpus"), "--memory", str(folder / "memory")),
        *("--packet-size", "20", "--quiet"),
    ]


def packets(folder):
    return {path.name for path in (folder / "memory").rglob("*.parquet")}


def shards(folder):
    return {path.name: path.read_bytes() for path in (folder / "corpus/data").rglob("*.parquet")}


def test_a_killed_build_asks_again_only_for_unfinished_packets(server, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(whole, server), cwd=ROOT, check=True)
    wanted = server.stats()["asked"]
    server.control()
    process = subprocess.Popen(command(killed, server), cwd=ROOT)
    while len(packets(killed)) < 3 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    saved = {
        source
        for path in (killed / "memory").rglob("*.parquet")
        for source in pq.read_table(path)["source"].to_pylist()
    }
    while server.stats()["running"]:  # what the dead one has asked for
        time.sleep(0.005)
    server.control()
    subprocess.run(command(killed, server), cwd=ROOT, check=True)
    assert server.stats()["asked"].keys() == wanted.keys() - saved
    assert shards(killed) == shards(whole)


def shortest(pairs, lang):
    """Score candidates: a scorer as users write it."""
    return [-len(translation) for _, translation in pairs]


WITH_CONTEXT = ("--context", "1")
BEST_OF_TWO = ("--candidates", "2", "--scorer", f"{__name__}:shortest")


@pytest.mark.parametrize("asked", [(), WITH_CONTEXT, BEST_OF_TWO])
def test_plan_tells_tokens_and_cost_near_to_what_the_build_then_takes(
    server, build, tmp_path, capsys, asked
):
    shared = [*options(server), *PRICES, *asked]
    folder = ["--output", str(tmp_path / "corpus"), "--memory", str(tmp_path / "memory")]
    assert run(["plan", *shared, *folder, "--languages", "es", "--quiet"]) == 0
    last = capsys.readouterr().out.split("all", 1)[1]
    sent, answered = (
        int(number.replace(",", "")) for number in re.findall(r"([\d,]+) (?:in|out)\b", last)
    )
    cost = float(re.search(r"([\d,.]+)\n", last)[1].replace(",", ""))
    server.control()
    assert build(*shared, "--quiet") == 0
    stats = server.stats()
    assert sent == pytest.approx(stats["input_tokens"], rel=0.1)
    assert answered == pytest.approx(stats["output_tokens"], rel=0.1)
    assert cost == pytest.approx(manifest(tmp_path).segments["es"].cost, rel=0.1)


def test_an_endpoint_that_refuses_the_key_ends_the_build_with_a_sentence(server, build, capsys):
    server.control(fatal=[401, {"message": f"Incorrect API key provided: {KEY}"}])
    assert build(*options(server), "--quiet") == 1
    told = capsys.readouterr().err
    assert "the key was refused; set the environment variable MY_KEY" in told
    assert KEY not in told
    assert "Traceback" not in told


def test_what_the_memory_holds_is_built_without_the_endpoint(server, build, tmp_path):
    assert build(*options(server), "--quiet") == 0
    server.control(fatal=[500, {"message": "closed"}])
    assert build(*options(server), "--quiet", output="again") == 0
    assert server.stats()["requests"] == 0


def test_a_context_is_part_of_the_memory_and_changes_no_row_of_a_server_that_ignores_it(
    server, build, tmp_path
):
    def texts(output):
        table = ds.dataset(tmp_path / output / "data", format="parquet")
        rows = table.to_table().to_pylist()
        return sorted((row["lang"], row["question"], row["passage"]) for row in rows)

    assert build(*options(server), "--quiet") == 0
    server.control()
    assert build(*options(server), *WITH_CONTEXT, "--quiet", output="shown") == 0
    stats = server.stats()
    assert texts("shown") == texts("corpus")
    prompts = [body["messages"][-1]["content"] for body in stats["bodies"]]
    question = next(p for p in prompts if "English: In how many days does the Moon orbit" in p)
    assert "27.3 days" in question, "a question is shown the sentence with its answer"
    assert "384,400 km" not in question
    server.control()
    assert build(*options(server), *WITH_CONTEXT, "--quiet", output="again") == 0
    assert server.stats()["requests"] == 0


def test_a_context_that_only_one_of_two_translators_is_shown_is_refused(server, build, capsys):
    mixed = [*options(server), "--translator", "ca=apertium,es=llm", *WITH_CONTEXT]
    with pytest.raises(SystemExit, match="2"):
        build(*mixed, "--languages", "es,ca")
    assert "--context: apertium cannot be shown any" in capsys.readouterr().err
