"""From samples to figures, and from two sets of figures to what changed. Nothing here runs or
prints anything.
"""


OFF = ", fastpath=off"  # behind the name of what was measured without fast paths


def figures(counts, operations=1):
    """
    min, median, p99 and max of samples given as {value: how often}, each divided by `operations`.
    Quantiles are the nearest rank: the smallest sample that at least that share of all samples does
    not exceed.
    """
    total = sum(counts.values())
    if total == 0:
        raise ValueError("no samples")
    values = sorted(counts)

    def quantile(percent):
        rank, seen = -(-percent * total // 100), 0
        for value in values:
            seen += counts[value]
            if seen >= rank:
                return value
        raise AssertionError("ranks end at the total")

    return {key: tidy(value / operations) for key, value in (
        ("min", values[0]), ("median", quantile(50)), ("p99", quantile(99)), ("max", values[-1]))}


def tidy(number):
    """One decimal, or none where it would be 0."""
    number = round(number, 1)
    return int(number) if number == int(number) else number


def key_of(entry):
    return entry["name"], entry["cpus"]


def compare(base, now):
    """
    What differs between two lists of entries: (changed, gone, new). `changed` has (entry before,
    entry now) where any of min, median, p99 or max differs; `gone` and `new` are entries that only
    one list has.
    """
    before = {key_of(entry): entry for entry in base}
    after = {key_of(entry): entry for entry in now}
    changed = [(before[key], entry) for key, entry in after.items()
               if key in before and any(before[key][field] != entry[field]
                                        for field in ("min", "median", "p99", "max"))]
    gone = [entry for key, entry in before.items() if key not in after]
    new = [entry for key, entry in after.items() if key not in before]
    return changed, gone, new
