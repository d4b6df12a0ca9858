"""Fields of a training Workload that only several arguments together give."""

from __future__ import annotations

from gpuspec.workload.training_values import titan_model
from gpuspec.workload.value import Values, known_of


def training(values: Values) -> None:
    """Put together what trainers say in pieces. What is no field of a Workload goes."""
    _spread(values)
    _offload(values)
    _of_the_class(values)
    _trained(values)
    _torchtune(values)
    _length(values)
    _titan(values)
    _own_shape(values)


def _spread(values: Values) -> None:
    """How training is spread where no argument says it by itself.

    accelerate's DeepSpeed is stage 2 unless told otherwise (DeepSpeedPlugin.zero_stage). Megatron's distributed
    optimizer divides over the copies what ZeRO-1 does. Layers are laid out over GPUs by one process only."""
    for field, way in (("by_deepspeed", "zero2"), ("distributed_optimizer", "zero1"), ("shards", "fsdp")):
        said = values.pop(field, None)
        if said and said.known:
            values.setdefault("sharding", said._replace(known=way))
    layers = values.pop("spread_layers", None)
    if layers and layers.known and "processes" not in values:
        values.setdefault("sharding", layers._replace(known="layers"))


def _of_the_class(values: Values) -> None:
    """Dreambooth with prior preservation: beside each picture of the batch goes one of its class (diffusers,
    train_dreambooth.py, collate_fn)."""
    both, batch = values.pop("prior_preservation", None), values.get("batch")
    if both and both.known and batch and isinstance(batch.known, int):
        values["batch"] = batch._replace(known=2 * batch.known)


def _trained(values: Values) -> None:
    """LLaMA-Factory's `freeze` trains two layers unless told otherwise (finetuning_args.py); another method heeds
    no number of layers, and full training no rank."""
    if known_of(values, "method") == "full":
        values.pop("lora_rank", None)
        values.pop("target_modules", None)
    freezes = values.pop("freezes", None)
    if freezes is None:
        return
    if freezes.known:
        values.setdefault("trained_layers", freezes._replace(known=2))
    else:
        values.pop("trained_layers", None)


def _offload(values: Values) -> None:
    """Where DeepSpeed and FSDP keep their state."""
    state, params, fsdp = (values.pop(field, None) for field in ("offload", "offload_params", "fsdp_offload"))
    sharding = values.get("sharding")
    away = [value for value in (state, params, fsdp) if value and value.known in ("cpu", "nvme", True)]
    if sharding and sharding.known == "ddp":
        return
    if sharding and sharding.known and away and not str(sharding.known).endswith("-offload"):
        values["sharding"] = sharding._replace(known=f"{sharding.known}-offload")
    elif away and not sharding:
        values.setdefault("cpu_offload", away[0]._replace(known="optimizer"))
    elif state and state.known is None and not (sharding and str(sharding.known).endswith("-offload")):
        values.setdefault("cpu_offload", state)  # in a file that is not here
    if params and params in away:
        values.setdefault("cpu_offload", params._replace(known="params"))


def _torchtune(values: Values) -> None:
    """Its optimizer may step inside the backward pass; adapters go to the MLP where a switch of its own says so."""
    inside, optimizer = values.pop("in_backward", None), values.get("optimizer")
    if inside and inside.known:
        name = optimizer.known if optimizer and optimizer.known else "adamw"
        values["optimizer"] = (optimizer or inside)._replace(known=f"{name}_in_backward")
    mlp, targets = values.pop("mlp_adapters", None), values.get("target_modules")
    if mlp and mlp.known and targets and targets.known and targets.known != "all":
        values["target_modules"] = targets._replace(known=f"{targets.known},gate_proj,up_proj,down_proj")


def _length(values: Values) -> None:
    """torchtune counts the steps of each epoch, of one unless told otherwise."""
    each = values.pop("steps_an_epoch", None)
    epochs = known_of(values, "epochs") if "epochs" in values else 1
    if each and each.known and epochs:
        values.setdefault("steps", each._replace(known=int(each.known * epochs)))


def _titan(values: Values) -> None:
    """torchtitan names a family ("llama3") and a flavor ("8B") of its own."""
    family, flavor = values.pop("titan_model", None), values.pop("titan_flavor", None)
    if family and "model_name" not in values:
        named = f"{family.known or ''}_{flavor.known or ''}" if flavor else family.known
        values["model_name"] = family._replace(known=titan_model(named or ""))


def _own_shape(values: Values) -> None:
    """Parameters of the decoder whose layers stand among Megatron's arguments.

    Attention (2 + 2 · groups ÷ heads) h², MLP 2 h · ffn (3 with a gate), embeddings V · h (twice if untied);
    Narayanan et al. 2021 have 12 L h² + V h for ffn = 4 h. V is 50,304 where a tokenizer's file would tell."""
    given = {field: values.pop(field) for field in tuple(values) if field.startswith("own_")}
    of = {field.removeprefix("own_"): value.known for field, value in given.items()}
    layers, hidden, heads = (of.get(field) for field in ("layers", "hidden", "heads"))
    if not layers or not hidden or of.get("experts") or "model_name" in values:
        return
    share = (of.get("groups") or heads or 1) / (heads or 1)
    ffn = of.get("ffn") or 4 * hidden
    per_layer = (2 + 2 * share) * hidden**2 + (3 if of.get("gate") else 2) * hidden * ffn
    words = (of.get("vocabulary") or 50_304) * hidden * (2 if of.get("head") else 1)
    billions = round((layers * per_layer + words) / 1e9, 3)
    values.setdefault("params_b", given["own_hidden"]._replace(known=billions))
