from schemas.wording import counted


def test_one_is_singular_and_everything_else_plural():
    assert [counted(n, "shard") for n in (0, 1, 2, 1_000)] == [
        "0 shards",
        "1 shard",
        "2 shards",
        "1,000 shards",
    ]
    assert counted(2, "copy", "copies") == "2 copies"
