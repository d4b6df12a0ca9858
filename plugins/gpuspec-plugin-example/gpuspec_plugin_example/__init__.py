"""The hooks: which rules this plugin adds, and which programs it can read."""

from gpuspec import Rule, Tool, hookimpl


@hookimpl
def gpuspec_rules() -> list[type[Rule]]:
    from gpuspec_plugin_example.required_label import RequiredLabel

    return [RequiredLabel]


@hookimpl
def gpuspec_workload_readers() -> dict[tuple[str, ...], Tool]:
    from gpuspec_plugin_example.lorax import LORAX

    return {("lorax-launcher",): LORAX}
