"""Split XQuAD-R's articles in two: those on which a recipe is chosen, and those that are reported.

    .venv/bin/python benchmarks/split_articles.py data/xquad-r build/xquad-r

writes build/xquad-r/choice with every third article of each language, and build/xquad-r/report with
the others. Articles are parallel, so both halves are whole in all languages.
"""

import argparse
import json
from pathlib import Path


def split_file(path: Path, output: Path) -> None:
    """Write both parts of a language's file under `output`."""
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    articles = data["data"]
    parts = {
        "choice": articles[::3],
        "report": [article for number, article in enumerate(articles) if number % 3],
    }
    for name, part in parts.items():
        target = output / name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(data | {"data": part}, ensure_ascii=False), encoding="utf-8")
        print(f"{target}: {len(part)} articles")


def main() -> None:
    """Split all files of a folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with XQuAD-R's LANG.json files")
    parser.add_argument("output", type=Path, help="where the two folders are written")
    options = parser.parse_args()
    for path in sorted(options.data.glob("*.json")):
        split_file(path, options.output)


if __name__ == "__main__":
    main()
