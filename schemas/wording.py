"""Numbers in sentences."""


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: `1 record`, `2,000 records`.

    Args:
        number: How many.
        singular: The noun for one.
        plural: The noun for any other number; by default the singular with an `s`.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
