"""The built-in rules: a table, from which each is loaded when it is first asked."""

from typing import TYPE_CHECKING, Any

from gpuspec.lint.deferred import BuiltIn

if TYPE_CHECKING:
    from gpuspec.lint.registry import Registry


def rule(code: str, name: str, target: str, **more: Any) -> BuiltIn:
    """A row of the table: `target` is "family.module:Class"."""
    return BuiltIn(code, name, f"{__name__}.{target}", **more)


SIZED = ("workload.model", "workload.params_b")
SERVER = ("workload.engine",)

RULES = (
    # GS0 the spec itself
    rule("GS001", "syntax-error", "spec.syntax_error:SyntaxProblemRule", needs="tree", when=("problems",)),
    rule("GS002", "duplicate-key", "spec.duplicate_key:DuplicateKey", needs="tree", when=("duplicates",)),
    rule("GS003", "schema", "spec.schema:Schema", needs="tree"),
    rule("GS004", "unknown-gpu", "spec.unknown_gpu:UnknownGpu", when=("gpu_types", "serverless")),
    rule("GS005", "ambiguous-gpu", "spec.ambiguous_gpu:AmbiguousGpu", when=("gpu_types", "serverless")),
    rule("GS006", "deprecated-name", "spec.deprecated_name:DeprecatedName"),
    rule(
        "GS007", "json5-extension", "spec.json5_extension:Json5Extension", needs="tree", when=("extensions",)
    ),
    rule(
        "GS008",
        "unused-suppression",
        "spec.suppressions:UnusedSuppression",
        needs="suppressions",
        when=("suppressions",),
        scripts=True,
    ),
    rule(
        "GS009",
        "suppression-without-reason",
        "spec.suppressions:SuppressionWithoutReason",
        needs="suppressions",
        when=("suppressions",),
        scripts=True,
    ),
    rule("GS010", "unknown-model", "spec.unknown_model:UnknownModel", when=("model",)),
    # GS1 the right GPU
    rule("GS101", "over-provisioned-gpu", "sizing.over_provisioned:OverProvisionedGpu", when=SIZED),
    rule("GS102", "under-provisioned-gpu", "sizing.under_provisioned:UnderProvisionedGpu", when=SIZED),
    rule("GS103", "too-many-gpus", "sizing.too_many:TooManyGpus", when=SIZED),
    rule("GS104", "min-vram-off", "sizing.min_vram:MinVramOff", asks_for=("min_vram",)),
    rule("GS105", "gpus-unused", "sizing.unused:GpusUnused"),
    rule("GS106", "fallback-order", "sizing.fallback_order:FallbackOrder"),
    rule("GS107", "gpu-feature-missing", "sizing.feature_missing:GpuFeatureMissing"),
    rule("GS108", "host-ram-small", "sizing.host_ram:HostRamSmall", preview=True, when=SIZED),
    rule("GS109", "disk-small", "sizing.disk_small:DiskSmall", when=("disk_gb",)),
    rule("GS110", "gpu-not-needed", "sizing.not_needed:GpuNotNeeded", preview=True),
    # GS2 quantization
    rule(
        "GS201", "missing-quantization", "quantization.missing:MissingQuantization", when=("workload.model",)
    ),
    rule(
        "GS202",
        "quantization-mismatch",
        "quantization.mismatch:QuantizationMismatch",
        when=("workload.model_name", "workload.quantization", "model"),
    ),
    rule(
        "GS203",
        "quantization-unsupported",
        "quantization.unsupported:QuantizationUnsupported",
        when=("workload.model_name", "workload.quantization", "model"),
    ),
    rule(
        "GS204", "qlora-would-do", "quantization.qlora:QloraWouldDo", preview=True, when=("workload.model",)
    ),
    rule(
        "GS205",
        "kv-cache-dtype",
        "quantization.kv_dtype:KvCacheDtype",
        preview=True,
        when=("workload.model",),
    ),
    # GS3 one machine, many items
    rule("GS301", "per-item-launch", "launching.per_item:PerItemLaunch", needs="script", scripts=True),
    rule("GS302", "spec-per-item", "launching.spec_per_item:SpecPerItem"),
    rule("GS303", "reload-per-item", "launching.reload:ReloadPerItem"),
    rule(
        "GS304",
        "batch-size-one",
        "launching.batch_one:BatchSizeOne",
        when=("workload.model_name", "workload.engine", "model"),
    ),
    # GS4 the life of the machine
    rule("GS401", "keep-alive", "lifetime.keep_alive:KeepAlive", asks_for=("keep_alive_minutes",)),
    rule("GS402", "no-time-limit", "lifetime.no_time_limit:NoTimeLimit", asks_for=("budget.max_hours",)),
    rule(
        "GS403",
        "missing-pre-download",
        "lifetime.missing_download:MissingPreDownload",
        asks_for=("downloads",),
    ),
    rule(
        "GS404", "unpinned-download", "lifetime.unpinned_download:UnpinnedDownload", asks_for=("downloads",)
    ),
    rule("GS405", "download-timeout", "lifetime.download_timeout:DownloadTimeout", when=("downloads",)),
    rule("GS406", "gated-without-token", "lifetime.gated:GatedWithoutToken", asks_for=("secrets",)),
    rule("GS407", "setup-every-time", "lifetime.setup_every_time:SetupEveryTime", preview=True),
    rule("GS408", "results-lost", "lifetime.results_lost:ResultsLost", asks_for=("outputs",)),
    rule("GS409", "never-scales-to-zero", "lifetime.scale_to_zero:NeverScalesToZero", when=("scaling",)),
    rule(
        "GS410",
        "readiness-missing",
        "lifetime.readiness_missing:ReadinessMissing",
        when=("ports",),
        asks_for=("readiness",),
    ),
    # GS5 price
    rule("GS501", "spot-would-do", "price.spot_would_do:SpotWouldDo", asks_for=("spot",)),
    rule(
        "GS502",
        "spot-without-checkpoint",
        "price.spot_without_checkpoint:SpotWithoutCheckpoint",
        when=("spot",),
    ),
    rule("GS503", "spot-for-sla", "price.spot_for_sla:SpotForSla", when=("spot",)),
    rule("GS504", "no-price-cap", "price.no_price_cap:NoPriceCap", asks_for=("max_price",)),
    rule("GS505", "over-budget", "price.over_budget:OverBudget", when=("budget",)),
    rule(
        "GS506",
        "single-choice",
        "price.single_choice:SingleChoice",
        asks_for=("gpu_types.1", "clouds", "regions"),
    ),
    rule("GS507", "stale-prices", "price.stale_prices:StalePrices", preview=True),
    rule("GS508", "api-cheaper", "price.api_cheaper:ApiCheaper", preview=True, when=("traffic",)),
    rule(
        "GS509",
        "smaller-model-or-cascade",
        "price.cascade:SmallerModelOrCascade",
        preview=True,
        when=("traffic",),
    ),
    # GS6 serving flags
    rule("GS601", "memory-utilization-low", "serving.memory_utilization:MemoryUtilizationLow", when=SERVER),
    rule("GS602", "context-unset", "serving.context_unset:ContextUnset", when=SERVER),
    rule("GS603", "prefix-caching-off", "serving.prefix_caching:PrefixCachingOff", when=SERVER),
    rule("GS604", "batch-limit", "serving.batch_limit:BatchLimit", when=SERVER),
    # GS7 safety
    rule("GS701", "inline-secret", "safety.inline_secret:InlineSecret"),
    rule("GS702", "insecure-download", "safety.insecure_download:InsecureDownload"),
    rule("GS703", "remote-code", "safety.remote_code:RemoteCode"),
    rule("GS704", "open-port", "safety.open_port:OpenPort", when=("ports",)),
)
"""Every built-in rule, in order of their codes. tests/rules/test_table.py holds each row against its class."""


def collect() -> "Registry":
    """Every rule there is: the built-in ones, and those of installed plugins."""
    from gpuspec.lint.registry import registry_of

    return registry_of(RULES)
