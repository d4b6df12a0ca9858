"""GS0: names that are not known or mean several things."""

from __future__ import annotations

import pytest

from gpuspec.rules.spec.ambiguous_gpu import AmbiguousGpu
from gpuspec.rules.spec.deprecated_name import DeprecatedName
from gpuspec.rules.spec.unknown_gpu import UnknownGpu
from gpuspec.rules.spec.unknown_model import UnknownModel
from gpuspec.testing import RuleTester

RUN = '"run": "python a.py"'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("openai/wisper-large-v3", "openai/whisper-large-v3"),
        ("mistralai/Mistrall-7B-Instruct-v0.3", "mistralai/Mistral-7B-Instruct-v0.3"),
        ("mistralai/Mistrall-7B-v0.3", "mistralai/Mistral-7B-v0.3"),
        ("deepseek-ai/DeepSeak-V3", "deepseek-ai/DeepSeek-V3"),
    ],
)
def test_the_fix_of_a_model_id_is_a_repository(written: str, meant: str) -> None:
    """An id is downloaded: what is written for it must be a repository, of the same kind (instruct or not)."""
    spec = f'{{"model": "{written}", {RUN}}}'
    RuleTester(UnknownModel).invalid(spec, at="/model", fixed=spec.replace(written, meant))


@pytest.mark.parametrize("written", ["meta-llama/Llama-3.9-8B-Instruct", "acme/support-bot"])
def test_a_new_version_and_a_private_model_are_no_slips_but_not_known(written: str) -> None:
    found = RuleTester(UnknownModel).invalid(f'{{"model": "{written}", {RUN}}}', at="/model")
    finding = found[0].finding
    assert finding.suggestion == f"`gpuspec models add {written}` makes it known; or say its `params_b`"
    assert finding.fix is None


@pytest.mark.parametrize("written", ["Qwen/Qwen2.5-7B", "/srv/acme/ours", "my-model", "outputs/run-7"])
def test_a_known_model_and_what_is_no_repository(written: str) -> None:
    RuleTester(UnknownModel).valid(f'{{"model": "{written}", {RUN}}}')


def test_the_gpu_nearest_by_its_letters_comes_first() -> None:
    spec = f'{{"gpu_types": ["RTX 4900"], {RUN}}}'
    fixed = spec.replace("4900", "4090")
    (found,) = RuleTester(UnknownGpu).invalid(spec, at="/gpu_types/0", findings=1, fixed=fixed)
    assert found.finding.suggestion
    assert found.finding.suggestion.startswith("did you mean RTX 4090")


def test_a_shared_name_says_what_each_meaning_costs() -> None:
    spec = f'{{"gpu_types": ["A100"], {RUN}}}'
    says = ["A100 40GB (40 GB, from $1.29/h)", "A100 80GB (80 GB, from $1.79/h)"]  # the 2025 table
    tester = RuleTester(AmbiguousGpu, prices="seed-2025")
    tester.invalid(spec, says=says, fixed=spec.replace("A100", "A100 40GB"))


def test_an_old_name_beside_the_new_one_is_removed_not_renamed() -> None:
    RuleTester(DeprecatedName).invalid(
        f'{{"cooldown_minutes": 5, "keep_alive_minutes": 3, {RUN}}}',
        at="/cooldown_minutes",
        fixed=f'{{"keep_alive_minutes": 3, {RUN}}}',
    )
