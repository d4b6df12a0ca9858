"""Traffic that grows by a share each month, compounded: how much it is then, and when so much is reached."""

from gpuspec.job.job import Traffic

LATEST = 120
"""Months, ten years, beyond which no month is named: nobody's growth lasts that long."""


def growth_factor(per_month: float, months: int) -> float:
    """How many times today's load is after so many months: 20 % a month for six are 1.2⁶ = 2.99."""
    return (1.0 + per_month) ** months


def months_until(times: float, per_month: float) -> int | None:
    """The first whole month from now in which the load is at least so many times today's; 0 where it is now, None
    where it never is, or not within ten years."""
    reached = (month for month in range(LATEST + 1) if growth_factor(per_month, month) >= times * (1 - 1e-9))
    return next(reached, None)


def grown(traffic: Traffic, months: int) -> Traffic:
    """The traffic after so many months of its own growth."""
    if traffic.requests_per_day is None or not traffic.growth_per_month:
        return traffic
    factor = growth_factor(traffic.growth_per_month, months)
    return traffic._replace(requests_per_day=traffic.requests_per_day * factor)
