"""Start a cluster on this machine, build the demo corpus on it, check it, and stop the cluster.

python -m tests.cluster.demo --cluster flink     (make flink-demo)
"""

import argparse
import subprocess
import sys

from tests.cluster.clusters import add_cluster_options, start_cluster
from tests.cluster.scenario import read_work
from tests.cluster.services import ROOT

_CORPUS = "build/cluster-demo/corpus"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_cluster_options(parser)
    options = parser.parse_args()
    tandemqa = [sys.executable, "-m", "tandemqa"]
    demo = ["--config", "examples/demo.yaml", "--packet-size", "100", "--overwrite"]
    demo += ["--translator", "apertium", "--languages", "es,ca,gl,eo,pt,fr"]
    places = ["--output", _CORPUS, "--memory", "build/cluster-demo/memory"]
    try:
        with start_cluster(options) as cluster:
            build = [*tandemqa, "build", *demo, *places, "--", *cluster.options]
            sys.stdout.write(f"$ {' '.join(build[2:])}\n")
            sys.stdout.flush()
            subprocess.run(build, cwd=ROOT, check=True)
            packets = read_work(cluster.folder).packets_by_worker
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    shares = ", ".join(f"{worker}: {count}" for worker, count in sorted(packets.items()))
    sys.stdout.write(f"packets by worker: {shares or 'none, all was in the memory'}\n")
    return subprocess.run([*tandemqa, "verify", _CORPUS], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
