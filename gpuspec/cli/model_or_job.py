"""What commands that are asked about a MODEL or a JOB make of that word, and of the names beside it."""

from __future__ import annotations

import os
from typing import Any

from gpuspec.catalog import Catalog
from gpuspec.catalog.hub_id import what_makes_known
from gpuspec.catalog.name_parts import beside_a_model
from gpuspec.cli.open_case import CaseOptions, case_without_file, open_case
from gpuspec.cli.output import say
from gpuspec.errors import UserError
from gpuspec.planning.case import Case
from gpuspec.words import Task
from gpuspec.workload import Origin, Workload


def is_job(what: str) -> bool:
    """Whether a job file is meant, and not a model."""
    named = what == "-" or what.endswith((".json", ".jsonc", ".json5"))
    return named or (os.path.isfile(what) and not what.endswith((".gguf", ".safetensors")))


def opened(
    what: str, given: CaseOptions, params_b: float | None, task: Task | None = None
) -> tuple[Case, Workload]:
    """The job of a file, or an empty one of a model that does `task` (None: what the settings say, else serve); and
    what it does. What of a file is left out is said."""
    settings = given.settings_for(what if is_job(what) else ".")
    if not is_job(what):
        case = case_without_file(what, settings)
        workload = of_model(what, task or case.settings.default_task or "serve", params_b, case.catalog)
        return case, workload._replace(users=given.job.users)
    from gpuspec.report.left_out import notes

    case = open_case(what, settings, given.which)
    for note in notes(case):
        say(f"{what}: {note}", err=True)
    return case, case.workload


def of_model(what: str, task: Task, params_b: float | None, catalog: Catalog) -> Workload:
    """A task of a model: its name, or the path of its files."""
    from gpuspec.catalog.local import adapted, is_local, read_local

    what = adapted(what) or what  # an adapter is loaded beside its base, and is small
    if is_local(what):
        model = read_local(what)
        return Workload(task, model.modality, model=model, model_name=what, params_b=params_b)
    match = catalog.resolve_model(what)
    size = params_b or match.params_b
    if match.model is None and size is None:
        near = f"did you mean {match.suggestions[0]}? Otherwise " if match.suggestions else ""
        known = what_makes_known(what)
        learn = f"{known}. Or " if known else ""
        hint = (
            f"{near}{learn}give --params-b (billions), or model.params_b in a job, or the path of its folder"
        )
        base = beside_a_model(what)
        why = f"the {base:g} B in its name are those of its base" if base else "not even a size in its name"
        wrong = f"nothing is known of the model {what!r}, {why}"
        raise UserError("unknown-model", wrong, hint)
    modality = match.model.modality if match.model else "text"
    return Workload(
        task,
        modality,
        model=match.model,
        model_name=what,
        params_b=params_b or (None if match.model else size),
        active_b=None if match.model or params_b else match.active_params_b,
        quantization=match.quantization,
    )


def with_engine(workload: Workload) -> Workload:
    """The usual server where a text model serves and nobody named an engine"""
    from gpuspec.engines import USUAL_SERVER
    from gpuspec.quantization import find_scheme

    kept = workload.model.native_dtype if workload.model else None
    gguf = find_scheme(workload.quantization or kept).family == "GGUF"
    if workload.engine or workload.task == "train" or workload.modality not in (None, "text") or gguf:
        return workload
    return workload._replace(engine=USUAL_SERVER, origins={**workload.origins, "engine": Origin("default")})


def in_scheme(written: str) -> dict[str, Any]:
    """The catalogue's spelling of a scheme; 16 and 32 bit are a dtype."""
    from gpuspec.quantization import DTYPE_BITS, GGUF_BITS, SCHEMES, bits_of, spelled
    from gpuspec.workload.values import dtype

    if dtype(written):
        return {"dtype": dtype(written), "quantization": None}
    name = written.strip().lower().replace("_", "-")
    scheme = spelled(written) or (name if bits_of(name) else f"gguf:{written.strip().upper()}")
    if bits_of(scheme) is None:
        plain = [*DTYPE_BITS, *(row.name for row in SCHEMES)]
        known = ", ".join([*plain, *(f"gguf:{kind}" for kind in ("Q4_K_M", "Q5_K_M", "Q8_0"))])
        hint = f"known: {known} and {len(GGUF_BITS) - 3} more GGUF types"
        raise UserError("unknown-quantization", f"no quantization is called {written!r}", hint)
    return {"quantization": scheme}


def gpu_names(written: str | None, catalog: Catalog) -> tuple[str, ...]:
    """Canonical names of the GPUs meant: several where they share a name."""
    if written is None:
        return ()
    match = catalog.resolve_gpu(written)
    if match.gpu:
        return (match.gpu.name,)
    if match.ambiguous:
        return tuple(gpu.name for gpu in match.ambiguous)
    if match.note:
        raise UserError("unknown-gpu", f"{written!r} is {match.note}", "`gpuspec gpus` lists whole GPUs")
    near = f"did you mean {match.suggestions[0]}?" if match.suggestions else "`gpuspec gpus` lists them"
    raise UserError("unknown-gpu", f"no GPU is called {written!r}", near)
