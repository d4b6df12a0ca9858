from azure.ai.ml import Input, MLClient, command
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())

for lr in [1e-5, 3e-5, 1e-4]:
    for seed in (0, 1, 2, 3):
        job = command(
            code="./src",
            command="python train.py --lr ${{inputs.lr}} --seed ${{inputs.seed}} --data ${{inputs.data}}",
            inputs={
                "lr": lr,
                "seed": seed,
                "data": Input(type="uri_folder", path="azureml:chest-xray:4"),
            },
            environment="azureml:torch-cu121:7",
            compute="gpu-v100",
            display_name=f"xray-lr{lr}-s{seed}",
            experiment_name="xray-sweep",
        )
        returned = ml_client.jobs.create_or_update(job)
        print(returned.studio_url)
