"""One segment crashes the native library whenever it is translated."""

import sys

from tests.cluster.poisoned import main

if __name__ == "__main__":
    sys.exit(main("POISON_CRASH", "translator_crashed"))
