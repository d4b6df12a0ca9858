import argparse

from azure.ai.ml import MLClient, command, Input, Output
from azure.ai.ml.entities import AmlCompute
from azure.identity import AzureCliCredential


def get_client(cfg):
    return MLClient.from_config(AzureCliCredential(), path=cfg)


def ensure_compute(ml, name="cpu-d16"):
    ml.compute.begin_create_or_update(
        AmlCompute(name=name, size="Standard_D16s_v3", min_instances=0, max_instances=20)
    ).result()
    return name


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--config", default="config.json")
    ap.add_argument("months", nargs="+")
    a = ap.parse_args()
    ml = get_client(a.config)
    cpu = ensure_compute(ml)
    for month in a.months:
        job = command(
            code="src",
            command="python featurize.py --month ${{inputs.month}} --src ${{inputs.src}} --out ${{outputs.out}}",
            inputs={"month": month, "src": Input(type="uri_folder", path=f"azureml://datastores/lake/paths/{month}")},
            outputs={"out": Output(type="uri_folder")},
            environment="azureml:sklearn-1.5:12",
            compute=cpu,
        )
        ml.jobs.create_or_update(job)


if __name__ == "__main__":
    main()
