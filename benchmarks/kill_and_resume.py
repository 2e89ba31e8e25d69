"""Kill a build at random moments, again and again, then let it finish: is anything lost or redone?

Takes the arguments of `tandemqa build` (or `--config`), but for --output and --memory:

    .venv/bin/python benchmarks/kill_and_resume.py --folder /tmp/killed --kills 3 -- \
        --input squad.json --languages es,ca

An undisturbed build is made first, into a memory of its own; `--against` takes one that is there.
Prints at which moments the build was killed, how many packets were translated twice, and whether
the shards are the same bytes; exits with 1 when they are not, or when more packets were translated
twice than were in flight.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent


def build_command(folder: Path, arguments: list[str]) -> list[str]:
    """Return the command of a build into `folder` that tells each packet it starts on."""
    return [
        *(sys.executable, "-m", "tandemqa", "build", "--verbose", "--quiet", *arguments),
        *("--output", str(folder / "corpus"), "--memory", str(folder / "memory")),
    ]


def started_packets(log: Path) -> Counter[str]:
    """Return how often each packet was started on, by `NAME: N segments into LANG`."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return Counter(line.partition(":packet ")[2] for line in lines if ":packet " in line)


def saved_packets(folder: Path) -> int:
    """Return how many packets are finished and in the memory."""
    return sum(1 for _ in (folder / "memory").rglob("*.parquet"))


def shards(corpus: Path) -> dict[str, bytes]:
    """Return the content of all Parquet files of a corpus by their place in it."""
    return {str(path.relative_to(corpus)): path.read_bytes() for path in corpus.rglob("*.parquet")}


def kill_at(command: list[str], log: Path, moment: float) -> bool:
    """Run a build and `kill -9` it after `moment` seconds; return False if it ended before."""
    with log.open("ab") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stderr=errors)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    if process.returncode:
        sys.exit(f"the build failed by itself; see {log}")
    return False


def finish(command: list[str], log: Path) -> float:
    """Run a build to its end and return the seconds it took."""
    started = time.perf_counter()
    with log.open("ab") as errors:
        subprocess.run(command, cwd=ROOT, stderr=errors, check=True)
    return time.perf_counter() - started


def undisturbed_build(folder: Path, arguments: list[str]) -> Path:
    """Build once without disturbance and return the corpus."""
    folder.mkdir(parents=True)
    seconds = finish(build_command(folder, arguments), folder / "log")
    print(f"undisturbed build: {seconds:.0f} s, {saved_packets(folder)} packets", flush=True)
    return folder / "corpus"


def disturb(folder: Path, arguments: list[str], kills: int, seconds: float, seed: int) -> None:
    """Kill the build so many times, each at a random moment of its first so many seconds.

    A build that ends before its moment was not killed, and leaves nothing to translate: all is
    begun anew.
    """
    generator = random.Random(seed)
    done = 0
    while done < kills:
        moment = generator.uniform(0, seconds)
        if kill_at([*build_command(folder, arguments), "--overwrite"], folder / "log", moment):
            done += 1
            saved = saved_packets(folder)
            print(f"kill -9 number {done} after {moment:.1f} s: {saved} packets saved", flush=True)
        else:
            done = 0
            shutil.rmtree(folder)
            folder.mkdir()


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where to work; it is emptied")
    parser.add_argument("--against", type=Path, metavar="DIR", help="an undisturbed corpus")
    parser.add_argument("--kills", type=int, default=3, metavar="N", help="how often (default: 3)")
    parser.add_argument(
        "--within",
        type=float,
        metavar="SECONDS",
        help="kill each run within its first so many seconds (default: those of a whole build)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    parser.add_argument("arguments", nargs="+", help="arguments of the build, behind --")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    expected = options.against or undisturbed_build(
        options.folder / "undisturbed", options.arguments
    )
    manifest = json.loads((expected / "manifest.json").read_text(encoding="utf-8"))
    killed = options.folder / "killed"
    killed.mkdir(parents=True)
    within = options.within or manifest["seconds"]
    disturb(killed, options.arguments, options.kills, within, options.seed)
    before = saved_packets(killed)
    command = [*build_command(killed, options.arguments), "--overwrite"]
    last = finish(command, killed / "log")
    print(f"last run: {last:.0f} s, from {before} to {saved_packets(killed)} packets saved")
    again = sum(count - 1 for count in started_packets(killed / "log").values())
    same = shards(killed / "corpus") == shards(expected)
    print(f"packets translated twice: {again} ({options.kills} kills, 1 packet in flight at each)")
    print(f"shards byte-identical to the undisturbed build: {same}")
    return 0 if same and again <= options.kills else 1


if __name__ == "__main__":
    sys.exit(main())
