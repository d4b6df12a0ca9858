"""The rows: commands and SDK calls that start a machine (pod, cluster, VM or job)."""

import re
from typing import Any

from gpuspec.named_tuple import NamedTuple


class LaunchCommand(NamedTuple):
    """`name` is how it is shown. `identity` are the options (or keywords) that name the machine: with the same
    name it is the same machine; `""` means the first plain argument does. `reuses` are options that put the job on
    machines that stay. `general`: launches anything, so a sign of a GPU is needed. `idempotent`: launching the
    same thing twice changes nothing. `sign`: a word that the script must hold, as the name alone says little.
    `asks`: the option that asks for the GPU, without which it is no launch. `other`: options whose value makes it
    other work, not the next item of the same. `package`: where the object comes from whose method it is. `manifest`:
    what it launches stands in a file. `queue`: machines that are there already, which a job waits for, with what puts
    many into one job. `kind`: what it makes, where that is no machine. `hours`: an option by which the author gave it
    hours."""

    name: str
    words: tuple[str, ...]
    identity: tuple[str, ...] = ()
    reuses: tuple[str, ...] = ()
    general: bool = False
    idempotent: bool = False
    sign: str = ""
    asks: str = ""
    other: tuple[str, ...] = ()
    package: str = ""
    manifest: bool = False
    queue: str = ""
    kind: str = ""
    hours: bool = False


def _command(text: str, *identity: str, **rest: Any) -> LaunchCommand:
    return LaunchCommand(text, tuple(text.split()), identity, **rest)


_SLURM = "one `sbatch --array=0-199%8` with $SLURM_ARRAY_TASK_ID as the item, eight at a time"
_BATCH = "one `aws batch submit-job --array-properties size=200` with $AWS_BATCH_JOB_ARRAY_INDEX as the item"

_SUBMITIT = "one array: submit inside `with executor.batch():`, or `executor.map_array(function, items)`"
_ARRAY = "one job array over a list of the items, with a limit of how many run at once"
_RAY = "one job that goes over all items: `ray.data`, or actors with `num_gpus=1` that load the model once"

_POOL: tuple[str, ...] = ("--pool", "-p")
_NEW = "--name"

COMMANDS: tuple[LaunchCommand, ...] = (
    _command("gpu run"),
    _command("gpuspec run", reuses=("--on=local",)),
    _command("sky launch", "-c", "--cluster"),
    _command("sky jobs launch", reuses=_POOL),
    _command("sky job launch", reuses=_POOL),
    _command("sky spot launch"),
    _command("sky serve up", "-n", "--service-name"),
    _command("runpodctl create pod"),
    _command("runpodctl create pods"),
    _command("runpodctl pod create"),
    _command("vastai create instance"),
    _command("vastai create instances"),
    _command("vastai launch instance"),
    _command("vastai launch instances"),
    _command("modal run"),
    _command("dstack apply", "-n", _NEW),
    _command("dstack run", "-n", _NEW),
    _command("lambda-cloud launch", _NEW),
    _command("lambda-cloud run", _NEW),
    _command("prime pods create", _NEW),
    _command("brev create", ""),
    _command("brev start", ""),
    _command("hf jobs run"),
    _command("hf jobs uv run"),
    _command("mcli run"),
    _command("ngc batch run"),
    _command("gradient jobs create"),
    _command("gradient jobs run"),
    _command("ray up", "", "-n", "--cluster-name"),
    _command("gcloud ai custom-jobs create"),
    _command("aws sagemaker create-training-job"),
    _command("aws sagemaker create-processing-job"),
    _command("aws sagemaker create-transform-job"),
    _command("gcloud compute instances create", "", general=True),
    _command("gcloud compute instances create-with-container", "", general=True),
    _command("gcloud compute tpus tpu-vm create", ""),
    _command("aws ec2 run-instances", general=True),
    _command("aws ec2 request-spot-instances", general=True),
    _command("az vm create", "-n", _NEW, general=True),
    _command("az container create", "-n", _NEW, general=True),
    _command("oci compute instance launch", "--display-name", general=True),
    _command("doctl compute droplet create", "", general=True),
    _command("nebius compute instance create", _NEW, general=True),
    _command("fly machine run", general=True),
    _command("gcloud batch jobs submit", "", general=True, manifest=True),
    _command("az ml job create", _NEW, general=True, manifest=True),
    _command("aws batch submit-job", general=True, queue=_BATCH),
    _command("sbatch", "-J", "--job-name", general=True, manifest=True, queue=_SLURM),
    _command("qsub", "-N", general=True, manifest=True, queue=_ARRAY),
    _command("bsub", "-J", general=True, manifest=True, queue=_ARRAY),
    _command("condor_submit", general=True, manifest=True, queue=_ARRAY),
    _command("oarsub", "-n", _NEW, general=True, manifest=True, queue=_ARRAY),
    _command("ray job submit", "--submission-id", "--job-id", general=True, queue=_RAY),
    _command("docker-machine create", general=True),
    _command("gantry run", _NEW, "-n"),
    _command("beaker experiment create", _NEW, "-n", manifest=True),
    _command("mason.py"),
    _command("argo submit", general=True, manifest=True),
    _command("runai submit", ""),
    _command("runai training submit", ""),
    _command("vessl run create"),
    _command("tnr create"),
    _command("kubectl apply", "-f", "--filename", general=True, idempotent=True, manifest=True),
    _command("kubectl create", "-f", "--filename", general=True, idempotent=True, manifest=True),
    _command("oc apply", "-f", "--filename", general=True, idempotent=True, manifest=True),
    _command("oc create", "-f", "--filename", general=True, idempotent=True, manifest=True),
    _command("kubectl run", "", general=True, idempotent=True),
    _command("helm install", "", general=True, idempotent=True),
    _command("helm upgrade", "", general=True, idempotent=True),
    _command("terraform apply", general=True, idempotent=True),
    _command("tofu apply", general=True, idempotent=True),
)

CALLS: tuple[LaunchCommand, ...] = (
    _command("sky.launch()", "cluster_name="),
    _command("sky.jobs.launch()", reuses=("pool=",)),
    _command("sky.spot_launch()"),
    _command("sky.spot.launch()"),
    _command("sky.serve.up()", "service_name="),
    _command("runpod.create_pod()"),
    _command("create_pod()", sign="runpod"),
    _command("create_instance()", sign="vast"),
    _command("launch_instance()", sign="vast"),
    _command("run_instances()", general=True),
    _command("create_instances()", general=True),
    _command("request_spot_instances()", general=True),
    _command("create_training_job()"),
    _command("create_processing_job()", general=True),
    _command("create_transform_job()", general=True),
    _command("estimator.fit()", sign="sagemaker"),
    _command("CustomJob.run()", sign="aiplatform"),
    _command("CustomJob.submit()", sign="aiplatform"),
    _command("Job.run()", sign="lightning_sdk"),
    _command("run_job()", sign="huggingface_hub"),
    _command("run_uv_job()", sign="huggingface_hub"),
    _command("create_run_from_pipeline_package()", general=True),
    _command("create_namespaced_job()", general=True),
    _command("create_namespaced_pod()", general=True),
    _command("instances.insert()", general=True),
    _command("begin_create_or_update()", general=True),
    _command("instance_client.insert()", general=True),
    _command("fit()", package="sagemaker"),
    _command("run()", package="sagemaker"),
    _command("transform()", package="sagemaker"),
    _command("run()", package="google.cloud.aiplatform"),
    _command("submit()", package="google.cloud.aiplatform"),
    _command("InstancesClient.insert()", general=True),
    _command("experiment.create()", sign="beaker"),
    _command("jobs.create_or_update()", sign="azure.ai.ml", general=True),
    _command("submit_job()", sign="aiplatform", general=True),
    _command("submit_job()", sign="jobqueue", reuses=("arrayProperties=",), general=True, queue=_BATCH),
    _command("create_custom_job()", sign="aiplatform", general=True),
    _command("create_job()", sign="batch_v1", general=True),
    _command("submit()", package="submitit", general=True, queue=_SUBMITIT),
    _command("Sandbox.create()", sign="modal", asks="gpu=", kind="sandbox"),
    _command("runs.submit()", sign="dstack"),
    _command("runs.apply_configuration()", sign="dstack"),
)

REST = re.compile(
    r"instance-operations/launch|podFindAndDeployOnDemand|podRentInterruptable|rest\.runpod\.io/v1/pods(?![/\w])|vast\.ai/api/v0/asks/"
)
_MENTIONS = (
    "gpuspec", "runpod", "submitit", "batch_v1", "jobqueue",
    "beaker", "gantry", "mason", "runai", "vessl", "tnr", "azure.ai",
    r"batch(?=[\"',\s]{1,4}(?:jobs|submit))",
    r"oc(?<=\boc)\b", r"argo(?<=\bargo)\b", r"ml\s+job", "vast", "modal", "dstack", "lambda-cloud",
    "instance-operations/launch", "mcli",
    "gradient", "kfp", r"az(?<=\baz)\b",
    "custom-jobs", "sagemaker", r"create_(?=training|processing|transform)",
    "instances", "tpu-vm", "droplet", "sbatch", "qsub",
    "bsub", "condor_submit", "oarsub", "docker-machine", "kubectl", "helm",
    "terraform", "tofu", "create_namespaced", "begin_create", "podfind", "podrent", "huggingface_hub",
    "lightning_sdk", "aiplatform",
    r"gpu(?<=\bgpu)\s+run\b", r"sky(?<=\bsky)", r"prime\s+pods", r"brev(?<=\bbrev)\b", r"hf(?<=\bhf)\b",
    r"ngc(?<=\bngc)\b", r"ray(?<=\bray)\b", r"vm(?<=\bvm)\b", r"container\s+create", r"instance(?<=\binstance)\b",
    r"fly(?<=\bfly)\b", r"gpu(?<=[\"']gpu)[\"']",
)  # fmt: skip
"""Each begins with plain letters, which `re` finds 50 times as fast as any of several."""


def mentions_launches(text: str) -> bool:
    """Whether a script has anything of this: one without launches nothing itself."""
    low = text.lower()
    return any(re.search(mention, low) for mention in _MENTIONS)
