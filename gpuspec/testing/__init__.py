"""Testing plugins: yours and ours. Nothing here touches the network, a cloud or the clock.

from gpuspec.testing import RuleTester

tester = RuleTester(AllowedClouds, options={"clouds": ["runpod"]})
tester.valid('{"run": "x", "clouds": ["runpod"]}')
tester.invalid('{"run": "x", "clouds": ["aws"]}', at="/clouds/0", says="aws", fixed='{"run": "x"}')
"""

from gpuspec.testing.fake_catalog import fake_catalog
from gpuspec.testing.golden import check_golden, golden_cases
from gpuspec.testing.launcher import FakeLauncher, fake_launcher
from gpuspec.testing.plugin import plugged
from gpuspec.testing.rule_tester import RuleTester, check_page, lint_text, prices_in, workload_of

__all__ = [
    "FakeLauncher",
    "RuleTester",
    "check_golden",
    "check_page",
    "fake_catalog",
    "fake_launcher",
    "golden_cases",
    "lint_text",
    "plugged",
    "prices_in",
    "workload_of",
]
