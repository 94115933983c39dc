"""Tables in Markdown."""

from purenn.bench import aligned


def table(rows):
    """Lines with the rows in columns, the first row as the heading; numbers to the right.

    >>> print("\\n".join(table([["", "us"], ["loops", "12.3"]])))
    |       |   us |
    |:------|-----:|
    | loops | 12.3 |
    """
    lines = ["| %s |" % " | ".join(cells) for cells in aligned(rows)]
    first, *others = ["-" * (len(cell) + 1) for cell in aligned(rows)[0]]
    lines.insert(1, "|%s|" % "|".join([":" + first] + [rule + ":" for rule in others]))
    return lines
