"""The built-in rules: a table, from which each is loaded when it is first asked."""

from typing import TYPE_CHECKING, Any

from gpuspec.lint.deferred import BuiltIn

if TYPE_CHECKING:
    from gpuspec.lint.registry import Registry


def rule(code: str, name: str, module: str, **more: Any) -> BuiltIn:
    """A row of the table: `module` is "family.file"."""
    return BuiltIn(code, name, f"{__name__}.{module}", **more)


SIZED = ("workload.model", "workload.params_b")
SERVER = ("workload.engine",)
MODEL = ("workload.model",)
LOADING = ("model", "workload.model_name")
NAMED = ("workload.model_name", "workload.quantization", "model")
LOADED = ("workload.model_name", "workload.engine", "model")
BEYOND = (
    "workload.beyond",
    "workload.tensor_parallel",
    "workload.pipeline_parallel",
    "workload.data_parallel",
)
DEPLOYED = ("deployment",)
SUPPRESSIONS: dict[str, Any] = {"needs": "suppressions", "scripts": True, "when": ("suppressions",)}

RULES = (
    # GS0 the spec itself
    rule("GS001", "syntax-error", "spec.syntax_error", needs="tree", when=("problems",)),
    rule("GS002", "duplicate-key", "spec.duplicate_key", needs="tree", when=("duplicates",)),
    rule("GS003", "schema", "spec.schema", needs="tree"),
    rule("GS004", "unknown-gpu", "spec.unknown_gpu", when=("gpu_types", "serverless")),
    rule(
        "GS005",
        "ambiguous-gpu",
        "spec.ambiguous_gpu",
        when=("gpu_types", "serverless"),
        asks_for=("gpu_types.form",),
    ),
    rule("GS006", "deprecated-name", "spec.deprecated_name"),
    rule("GS007", "json5-extension", "spec.json5_extension", needs="tree", when=("extensions",)),
    rule("GS008", "unused-suppression", "spec.suppressions", **SUPPRESSIONS),
    rule("GS009", "suppression-without-reason", "spec.suppressions", **SUPPRESSIONS),
    rule("GS010", "unknown-model", "spec.unknown_model", when=("model", "workload.model_name")),
    rule("GS011", "impossible-value", "spec.impossible_value", when=BEYOND),
    rule("GS012", "read-in-part", "spec.read_in_part", scripts=True, when=("unread",)),
    rule("GS013", "unknown-place", "spec.unknown_place", when=("clouds", "regions")),
    # GS1 the right GPU
    rule("GS101", "over-provisioned-gpu", "sizing.over_provisioned", saves=True, when=(*SIZED, "measured")),
    rule("GS102", "under-provisioned-gpu", "sizing.under_provisioned", when=SIZED),
    rule("GS103", "too-many-gpus", "sizing.too_many", saves=True, when=SIZED),
    rule("GS104", "min-vram-off", "sizing.min_vram", saves=True, asks_for=("min_vram",)),
    rule(
        "GS105",
        "gpus-unused",
        "sizing.unused",
        saves=True,
        when=("several-gpus", "workload.processes", "workload.engine"),
    ),
    rule("GS106", "fallback-order", "sizing.fallback_order", saves=True),
    rule("GS107", "gpu-feature-missing", "sizing.feature_missing"),
    rule("GS108", "host-ram-small", "sizing.host_ram", preview=True, when=SIZED),
    rule("GS109", "disk-small", "sizing.disk_small", when=("disk_gb",)),
    rule("GS110", "gpu-not-needed", "sizing.not_needed", saves=True, when=("gpu-without-model",)),
    rule("GS111", "slice-too-small", "sizing.slice_small", when=DEPLOYED),
    # GS2 quantization
    rule(
        "GS201",
        "missing-quantization",
        "quantization.missing",
        saves=True,
        when=MODEL,
        asks_for=("model.quantization",),
    ),
    rule("GS202", "quantization-mismatch", "quantization.mismatch", when=NAMED),
    rule("GS203", "quantization-unsupported", "quantization.unsupported", when=NAMED),
    rule(
        "GS204",
        "qlora-would-do",
        "quantization.qlora",
        saves=True,
        preview=True,
        when=MODEL,
        asks_for=("model.method",),
    ),
    rule(
        "GS205",
        "kv-cache-dtype",
        "quantization.kv_dtype",
        saves=True,
        preview=True,
        when=MODEL,
        asks_for=("model.kv_dtype",),
    ),
    # GS3 one machine, many items
    rule("GS301", "per-item-launch", "launching.per_item", scripts=True, when=("loops",)),
    rule("GS302", "spec-per-item", "launching.spec_per_item"),
    rule("GS303", "reload-per-item", "launching.reload", scripts=True, when=("loops",)),
    rule("GS304", "batch-size-one", "launching.batch_one", saves=True, scripts=True, when=LOADED),
    rule("GS305", "launch-without-timer", "launching.untimed", needs="script", scripts=True),
    rule("GS306", "item-unquoted", "launching.item_unquoted", when=("item-split",)),
    rule("GS307", "items-overwrite", "launching.items_overwrite", when=("items", "loops")),
    rule("GS308", "item-in-comment", "launching.item_unquoted", when=("item-comment",)),
    # GS4 the life of the machine
    rule("GS401", "keep-alive", "lifetime.keep_alive", asks_for=("keep_alive_minutes",)),
    rule("GS402", "no-time-limit", "lifetime.no_time_limit", asks_for=("budget.max_hours",)),
    rule("GS403", "missing-pre-download", "lifetime.missing_download", when=LOADING, asks_for=("downloads",)),
    rule(
        "GS404",
        "unpinned-download",
        "lifetime.unpinned_download",
        when=("downloads",),
        asks_for=("downloads",),
    ),
    rule("GS405", "download-timeout", "lifetime.download_timeout", when=("downloads",)),
    rule(
        "GS406",
        "gated-without-token",
        "lifetime.gated",
        when=("downloads", *LOADING),
        asks_for=("secrets",),
    ),
    rule("GS407", "setup-every-time", "lifetime.setup_every_time", preview=True),
    rule("GS408", "results-lost", "lifetime.results_lost", asks_for=("outputs", "deployment.mounts")),
    rule(
        "GS409",
        "never-scales-to-zero",
        "lifetime.scale_to_zero",
        saves=True,
        when=("scaling", *DEPLOYED),
        asks_for=("scaling.min",),
    ),
    rule(
        "GS410",
        "readiness-missing",
        "lifetime.readiness_missing",
        when=("ports", *DEPLOYED),
        asks_for=("readiness",),
    ),
    rule("GS411", "background-server", "lifetime.background_server", when=("background",)),
    rule("GS412", "never-idle", "lifetime.never_idle", when=("waiting",)),
    rule(
        "GS413",
        "readiness-too-short",
        "lifetime.readiness_short",
        when=("readiness",),
        asks_for=("readiness",),
    ),
    rule("GS414", "files-not-sent", "lifetime.files_not_sent", when=("absent-files",)),
    rule("GS415", "checkpoints-lost", "lifetime.checkpoints_lost", when=DEPLOYED),
    rule("GS416", "no-drain", "lifetime.no_drain", when=DEPLOYED),
    # GS5 price
    rule("GS501", "spot-would-do", "price.spot_would_do", saves=True, asks_for=("spot",)),
    rule(
        "GS502",
        "spot-without-checkpoint",
        "price.spot_without_checkpoint",
        when=("spot",),
        asks_for=("checkpoint", "spot"),
    ),
    rule("GS503", "spot-for-sla", "price.spot_for_sla", when=("spot",)),
    rule("GS504", "no-price-cap", "price.no_price_cap", asks_for=("max_price",)),
    rule("GS505", "over-budget", "price.over_budget", when=("budget",)),
    rule(
        "GS506",
        "single-choice",
        "price.single_choice",
        when=("clouds", "provider"),
        asks_for=("gpu_types.1", "clouds", "regions"),
    ),
    rule("GS507", "stale-prices", "price.stale_prices", when=("gpu_types",)),
    rule("GS508", "api-cheaper", "price.api_cheaper", saves=True, preview=True, when=("traffic",)),
    rule("GS509", "smaller-model-or-cascade", "price.cascade", saves=True, preview=True, when=("traffic",)),
    rule("GS513", "low-utilization", "price.low_utilization", when=("traffic",), asks_for=("scaling.min",)),
    # GS6 serving flags
    rule("GS601", "memory-utilization-low", "serving.memory_utilization", when=SERVER),
    rule("GS602", "context-unset", "serving.context_unset", when=SERVER, asks_for=("model.context",)),
    rule("GS603", "prefix-caching-off", "serving.prefix_caching", when=SERVER),
    rule("GS604", "batch-limit", "serving.batch_limit", when=SERVER),
    rule("GS605", "uneven-split", "serving.uneven_split", when=("workload.tensor_parallel",)),
    rule("GS606", "context-too-long", "serving.context_too_long", when=("workload.context",)),
    rule("GS607", "traffic-beyond-capacity", "serving.traffic_beyond", when=("traffic", "users")),
    rule("GS608", "slo-not-met", "serving.slo_not_met", when=("slo",)),
    rule("GS609", "eager-decoding", "serving.eager", when=("workload.eager",)),
    rule("GS610", "port-differs", "serving.port_differs", when=("ports", "readiness")),
    rule("GS611", "loopback-only", "serving.loopback_only", when=("ports", "readiness")),
    rule("GS612", "model-not-loadable", "serving.not_loadable", when=("workload.not_loadable",)),
    # GS7 safety
    rule("GS701", "inline-secret", "safety.inline_secret"),
    rule("GS702", "insecure-download", "safety.insecure_download"),
    rule("GS703", "remote-code", "safety.remote_code"),
    rule("GS704", "open-port", "safety.open_port", when=("ports", *DEPLOYED)),
    # GS8 how it is deployed
    rule(
        "GS801",
        "shared-memory-small",
        "deployment.shared_memory",
        when=DEPLOYED,
        asks_for=("deployment.shm_gb",),
    ),
    rule("GS802", "floating-image-tag", "deployment.image_tag", when=DEPLOYED, asks_for=("image",)),
    rule("GS803", "killed-while-loading", "deployment.killed_loading", when=DEPLOYED),
    rule("GS804", "gpu-requests-differ", "deployment.gpu_requests", when=DEPLOYED),
    rule("GS805", "literal-variable", "deployment.literal_variable", when=DEPLOYED),
    rule("GS806", "scaled-by-cpu", "deployment.scaled_by_cpu", when=DEPLOYED),
    rule("GS807", "overbooked-gpu", "deployment.overbooked", when=(*DEPLOYED, "background")),
    rule("GS808", "model-refetched", "deployment.refetched", when=DEPLOYED, asks_for=("deployment.mounts",)),
    rule("GS809", "asked-model-differs", "deployment.asked_model", when=DEPLOYED),
    rule("GS810", "no-such-offer", "deployment.no_offer", when=("clouds", *DEPLOYED)),
    rule("GS811", "idle-command", "deployment.idle_command", when=DEPLOYED),
    rule("GS812", "installs-at-start", "deployment.installs_at_start", when=DEPLOYED),
    rule("GS813", "fewer-gpus-would-do", "deployment.fewer_gpus", when=DEPLOYED),
    rule("GS814", "gpu-for-a-small-model", "deployment.tiny_model", saves=True, when=DEPLOYED),
)
"""Every built-in rule, in order of their codes. tests/rules/test_table.py holds each row against its class."""


def collect() -> "Registry":
    """Every rule there is: the built-in ones, and those of installed plugins."""
    from gpuspec.lint.registry import registry_of

    return registry_of(RULES)
