"""How long requests wait that come at a rate.

The model of the queue is a birth–death process (Kleinrock, Queueing Systems, volume 1, chapter 3): requests come at
random (Poisson), with `k` of them inside `k ÷ (seconds a request takes among k)` are done a second, at most as many
as there is room for are inside, and the others wait in the order in which they came.
"""

from collections.abc import Callable


def birth_death(arrivals: float, places: int, rate: Callable[[int], float]) -> tuple[float, float | None]:
    """(mean number inside, mean seconds in the queue) where `rate(k)` requests a second are done with `k` inside. The
    second is None, and all places are taken, where more come than can be done."""
    if arrivals >= rate(places):
        return float(places), None
    weights = [1.0]
    for number in range(1, places + 1):
        weights.append(weights[-1] * arrivals / rate(number))
        if weights[-1] > 1e200:  # only their ratios count
            weights = [weight / 1e200 for weight in weights]
    load = arrivals / rate(places)
    beyond = weights[-1] * load / (1 - load)  # of places + 1, + 2, …: a geometric series
    total = sum(weights) + beyond
    inside = sum(k * weight for k, weight in enumerate(weights)) + places * beyond
    queued = weights[-1] * load / (1 - load) ** 2
    return inside / total, queued / total / arrivals if arrivals else 0.0
