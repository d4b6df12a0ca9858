import csv


def load_batches(path, n):
    buf = []
    with open(path) as f:
        for row in csv.DictReader(f):
            buf.append(row["comment"])
            if len(buf) == n:
                yield buf
                buf = []
    if buf:
        yield buf
