"""Numbers and times in sentences."""


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: `1 record`, `2,000 records`.

    Args:
        number: How many.
        singular: The noun for one.
        plural: The noun for any other number; by default the singular with an `s`.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """Return a time as a person says it, such as `2 h 05 min`, `1 min 20 s` or `12 s`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60:02} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def per_time(rate: float) -> str:
    """Return how many a second, such as `157/s`, or a minute where these are few: `6.5/min`."""
    return f"{rate:,.0f}/s" if rate >= 1 else f"{60 * rate:.1f}/min"
