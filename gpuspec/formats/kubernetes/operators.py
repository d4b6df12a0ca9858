"""The kinds of operators that serve models: one module a family, loaded where an object of its kinds is met."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from gpuspec.formats.kubernetes.draft import JobDraft, Reader
from gpuspec.formats.kubernetes.manifest import Resource


def _in(module: str) -> Callable[[str], Reader]:
    """Readers of a module, by the names of their functions."""

    def reader(function: str) -> Reader:
        def read(resource: Resource) -> Iterable[JobDraft]:
            found: Reader = getattr(import_module(module), function)
            return found(resource)

        return read

    return reader


_kserve = _in("gpuspec.formats.kubernetes.kserve")
_llm = _in("gpuspec.formats.kubernetes.llm_inference")
_kaito = _in("gpuspec.formats.kubernetes.kaito")
_kubeai = _in("gpuspec.formats.kubernetes.kubeai")
_nvidia = _in("gpuspec.formats.kubernetes.nvidia")
_models = _in("gpuspec.formats.kubernetes.model_serving")
_hyperpod = _in("gpuspec.formats.kubernetes.hyperpod_inference")

KINDS: Mapping[str, Reader] = {
    "InferenceService": _kserve("inference_service"),
    "LLMInferenceService": _llm("llm_inference_service"),
    "llm-d.ai/ModelService": _llm("model_service"),
    "VLLMRuntime": _llm("vllm_runtime"),
    "kaito.sh/Workspace": _kaito("workspace"),
    "InferenceSet": _kaito("inference_set"),
    "MultiRoleInference": _kaito("multi_role"),
    "RAGEngine": _kaito("rag_engine"),
    "kubeai.org/Model": _kubeai("model"),
    "ollama.ayaka.io/Model": _kubeai("ollama_model"),
    "NIMService": _nvidia("nim_service"),
    "NIMPipeline": _nvidia("nim_pipeline"),
    "DynamoGraphDeployment": _nvidia("dynamo_graph"),
    "DynamoComponentDeployment": _nvidia("dynamo_component"),
    "ome.io/InferenceService": _models("ome_service"),
    "SeldonDeployment": _models("seldon_deployment"),
    "BentoDeployment": _models("bento_deployment"),
    "StormService": _models("storm_service"),
    "InferenceEndpointConfig": _hyperpod("hyperpod_endpoint"),
    "JumpStartModel": _hyperpod("jumpstart_model"),
}
"""Kind, or "group/Kind" → what finds its jobs."""
