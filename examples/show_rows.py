"""Show one question of a corpus in all its languages; also how to read a corpus with pyarrow."""

import sys
import textwrap

import pyarrow.compute as pc
import pyarrow.dataset as ds


def main(corpus: str) -> None:
    """Print the group with the most languages and a short passage, row by row."""
    columns = ["group_id", "lang", "question", "passage", "answers", "languages"]
    rows = ds.dataset(f"{corpus}/data").to_table(columns=columns)
    width = pc.max(pc.list_value_length(rows["languages"])).as_py()
    complete = rows.filter(pc.equal(pc.list_value_length(rows["languages"]), width)).to_pylist()
    english = [row for row in complete if row["lang"] == "en" and row["answers"]]
    chosen = min(english, key=lambda row: (abs(len(row["passage"]) - 250), row["group_id"]))
    for row in complete:
        if row["group_id"] == chosen["group_id"]:
            answers = ", ".join(
                f"{answer['text']} ({answer['method']})" for answer in row["answers"]
            )
            text = f"{row['question']}\n{row['passage']}\n-> {answers}"
            print(f"\n{row['lang']}")
            for line in text.splitlines():
                print(textwrap.fill(line, 96, initial_indent="    ", subsequent_indent="    "))


if __name__ == "__main__":
    main(sys.argv[1])
