"""The hooks: which rules this plugin adds, which programs it can read, and the engine they run."""

from gpuspec import Engine, Rule, Tool, hookimpl


@hookimpl
def gpuspec_rules() -> list[type[Rule]]:
    from gpuspec_plugin_example.required_label import RequiredLabel

    return [RequiredLabel]


@hookimpl
def gpuspec_workload_readers() -> dict[tuple[str, ...], Tool]:
    from gpuspec_plugin_example.lightllm import SERVE

    return {("-m", "lightllm.server.api_server"): SERVE}


@hookimpl
def gpuspec_engines() -> list[Engine]:
    from gpuspec_plugin_example.lightllm import LIGHTLLM

    return [LIGHTLLM]
