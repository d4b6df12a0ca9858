from beaker import Beaker, ExperimentSpec, TaskResources, TaskSpec, ImageSource, ResultSpec, TaskContext, Priority

from tasks import TASKS

beaker = Beaker.from_env(default_workspace="ai2/oe-evals")
MODEL = "allenai/OLMo-7B"

for name, shots in TASKS.items():
    spec = ExperimentSpec(
        description=f"{MODEL} {name}",
        tasks=[
            TaskSpec(
                name="eval",
                image=ImageSource(beaker="shanea/eval-harness"),
                command=["python", "-m", "lm_eval"],
                arguments=["--tasks", name, "--num_fewshot", str(shots), "--model_args", f"pretrained={MODEL}"],
                result=ResultSpec(path="/results"),
                context=TaskContext(priority=Priority.normal),
                resources=TaskResources(gpu_count=1),
            )
        ],
    )
    exp = beaker.experiment.create(f"olmo-{name}", spec)
    print(beaker.experiment.url(exp))
