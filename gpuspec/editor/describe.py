"""GPUs, models and clouds in a few lines: for hover, and shorter beside a completion."""

from __future__ import annotations

from gpuspec.catalog import Catalog, Gpu, Model
from gpuspec.catalog.clouds import Cloud
from gpuspec.planning.alternatives import COUNTS
from gpuspec.planning.price_lists import Price, PriceList
from gpuspec.printable import markdown, one_line
from gpuspec.sizing import Need, Unsized, need
from gpuspec.words import dollars, gib, span_of_gib
from gpuspec.workload import Workload

NO_PRICE = "no price"


def gpu_short(gpu: Gpu, listed: PriceList) -> str:
    """`24 GB · $0.25/h`."""
    price = _price(gpu, listed)
    money = NO_PRICE if price is None else f"{dollars(price[1].per_hour / price[0])}/h"
    return f"{gpu.vram_gb:g} GB · {money}"


def gpu_text(written: str, listed: PriceList) -> str | None:
    """What is known of the GPU of a name; every one of them where several share the name."""
    match = listed.catalog.resolve_gpu(written)
    gpus = (match.gpu,) if match.gpu else match.ambiguous
    if match.note:
        return f"`{_plain(written)}` is {markdown(match.note)}."
    if not gpus:
        suggested = markdown(", ".join(match.suggestions))
        return f"No GPU is called `{_plain(written)}`." + (f" Did you mean {suggested}?" if suggested else "")
    head = f"`{_plain(written)}` may be any of these:\n\n" if len(gpus) > 1 else ""
    instance = listed.catalog.instances.get(written.strip().lower())
    if instance is not None:
        refusal = instance.refusal()
        head = f"`{_plain(written)}` ({instance.cloud}{', ' + refusal if refusal else ''}): {instance.machine}\n\n"
    return head + "\n\n".join(_gpu(gpu, listed) for gpu in gpus)


def _gpu(gpu: Gpu, listed: PriceList) -> str:
    visible = f" ({gib(gpu.vram_gib)} visible)" if gpu.vram_gib != gpu.vram_gb else ""
    speeds = [
        f"{gpu.bandwidth_gbs:,.0f} GB/s" if gpu.bandwidth_gbs else "",
        f"{gpu.fp16_tflops:g} FP16 TFLOPS" if gpu.fp16_tflops else "",
    ]
    formats = [name for name, has in (("bf16", gpu.bf16), ("fp8", gpu.fp8), ("fp4", gpu.fp4)) if has]
    lines = [
        f"**{markdown(gpu.name)}** · {markdown(f'{gpu.vendor} {gpu.architecture}')}",
        f"- {gpu.vram_gb:g} GB{visible}",
        f"- {', '.join(filter(None, speeds)) or 'speed unknown'}",
        f"- {', '.join(formats) or 'none of bf16, fp8, fp4'}",
    ]
    price = _price(gpu, listed)
    if price is None:
        return "\n".join([*lines, "- nobody here offers it"])
    number, best = price
    machine = f" for {number} of them" if number > 1 else ""
    dates = {source.name: source.dated for source in listed.catalog.price_sources}
    where = f"{best.offer.cloud}, prices: {dates.get(best.offer.source, 'undated')}"
    return "\n".join([*lines, f"- from {dollars(best.per_hour)}/h{machine} ({markdown(where)})"])


def _price(gpu: Gpu, listed: PriceList) -> tuple[int, Price] | None:
    """(GPUs of the smallest machine offered, its cheapest price)."""
    for number in COUNTS:
        prices = listed.prices(gpu.name, number)
        if prices:
            return number, prices[0]
    return None


def hub_ids(model: Model) -> list[str]:
    """The names a model is fetched by; its own where the hub has none."""
    return [name for name in (model.id, *model.aliases) if "/" in name] or [model.id]


def model_short(model: Model) -> str:
    """`70.6 B · 134.5 GiB`: what it takes to serve one request in the format it comes in."""
    size = f"{model.params_b:.4g} B" if model.params_b else "size unknown"
    answer = _served(model, None)
    return size if isinstance(answer, Unsized) else f"{size} · {gib(answer.expected)}"


def model_text(written: str, catalog: Catalog) -> str | None:
    """What is known of the model of a name, and the memory it takes to serve one request at a time."""
    match = catalog.resolve_model(written)
    model = match.model
    if model is None:
        size = f" Its name says {match.params_b:g} B parameters." if match.params_b else ""
        suggested = f" Did you mean {markdown(match.suggestions[0])}?" if match.suggestions else ""
        return f"The catalogue does not know `{_plain(written)}`.{size}{suggested}"
    active = f", {model.active_params_b:.4g} B active" if model.active_params_b else ""
    facts = [
        f"{model.params_b:.4g} B parameters{active}" if model.params_b else "size unknown",
        f"context {model.max_context:,} tokens" if model.max_context else "",
        "the hub wants a token" if model.gated else "",
        f"quantized: {match.quantization}" if match.quantization else "",
    ]
    lines = [f"**{markdown(model.id)}** · {markdown(model.task or model.modality)}"]
    lines += [f"- {fact}" for fact in facts if fact]
    schemes: list[tuple[str, str | None]] = [("16 bit", None), ("8 bit", "fp8"), ("4 bit", "awq")]
    if model.modality != "text" or match.quantization:
        schemes = [(match.quantization or "as it comes", match.quantization)]
    answers = [(name, _served(model, scheme)) for name, scheme in schemes]
    sizes = [f"{gib(answer.expected)} in {name}" for name, answer in answers if isinstance(answer, Need)]
    if sizes:
        lines.append(f"- one request at a time takes {', '.join(sizes)}".replace(" in as it comes", ""))
    return "\n".join(lines)


def _served(model: Model, scheme: str | None) -> Need | Unsized:
    return need(Workload(task="serve", modality=model.modality, model=model, quantization=scheme))


def need_text(answer: Need | Unsized) -> str:
    """The memory of the job at hand."""
    if isinstance(answer, Unsized):
        return f"This job: memory unknown, {markdown(answer.reason)}."
    parts = ", ".join(f"{part.name} {part.expected:.1f}" for part in answer.parts)
    each = f" on each of {answer.gpus} GPUs" if answer.gpus > 1 else ""
    peak = f", most in the phase “{markdown(answer.deciding.name)}”" if len(answer.phases) > 1 else ""
    return f"This job takes {span_of_gib(answer.low, answer.high)}{each}{peak}: {parts}."


def cloud_text(cloud: Cloud) -> str:
    """What SkyPilot can do on a cloud."""
    down = "takes idle machines down" if cloud.autodown else "cannot take an idle machine down"
    spot = "has spot machines" if cloud.spot else "has no spot machines"
    return f"**{cloud.skypilot}** · {down}, {spot}"


def _plain(text: str) -> str:
    """What a document says, as code of one line: nothing in it becomes markup."""
    return one_line(" ".join(text.replace("`", "'").split()))[:200]
