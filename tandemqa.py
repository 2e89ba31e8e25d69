"""The `tandemqa` command: make sure that our packages are ours, then run.

`schemas`, `translators`, `pipelines` and `trainer` are also names of unrelated packages on PyPI,
and pip lets one overwrite the other without a word.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions

_PACKAGES = ("schemas", "translators", "pipelines", "trainer")
_DISTRIBUTION = "tandemqa"


def find_clashes(providers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one sentence for each of our packages that another distribution provides too.

    Args:
        providers: Distributions by top-level package, as `packages_distributions` gives them.
    """
    return [
        f"package {package!r} is also installed by {', '.join(sorted(others))}"
        for package in _PACKAGES
        if (others := set(providers.get(package, ())) - {_DISTRIBUTION})
    ]


def main() -> int:
    """Run the command line; the exit code is 0 done, 1 failed or faults found, 2 usage."""
    clashes = find_clashes(packages_distributions())
    if clashes:
        sys.stderr.write(
            "tandemqa: error: "
            + "; ".join(clashes)
            + ". Install tandemqa in an environment of its own: make setup\n"
        )
        return 2
    from pipelines.cli import run  # only now is it known whose package this is

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
