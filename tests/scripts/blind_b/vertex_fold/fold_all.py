import csv
import time

import click
from google.cloud import aiplatform

PROJECT = "struct-bio"
REGION = "us-central1"


def worker_pool(seq_id, fasta_uri):
    return [{
        "machine_spec": {
            "machine_type": "a2-highgpu-1g",
            "accelerator_type": "NVIDIA_TESLA_A100",
            "accelerator_count": 1,
        },
        "replica_count": 1,
        "container_spec": {
            "image_uri": f"us-docker.pkg.dev/{PROJECT}/fold/colabfold:1.5.5",
            "args": [fasta_uri, f"/gcs/struct-bio-out/{seq_id}"],
        },
    }]


@click.command()
@click.argument("table", type=click.Path(exists=True))
@click.option("--max-len", default=1200)
def main(table, max_len):
    aiplatform.init(project=PROJECT, location=REGION, staging_bucket="gs://struct-bio-staging")
    with open(table, newline="") as fh:
        for row in csv.DictReader(fh, delimiter="\t"):
            if int(row["length"]) > max_len:
                click.echo(f"skip {row['id']}")
                continue
            job = aiplatform.CustomJob(
                display_name=f"fold-{row['id']}",
                worker_pool_specs=worker_pool(row["id"], row["fasta"]),
            )
            job.submit()
            time.sleep(1)


if __name__ == "__main__":
    main()
