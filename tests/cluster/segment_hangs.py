"""The translator never comes back from one segment."""

import sys

from tests.cluster.poisoned import main

if __name__ == "__main__":
    sys.exit(main("POISON_HANG", "translator_timeout", "--timeout", "5"))
