import sagemaker
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.processing import ProcessingInput, ProcessingOutput

from tables import TABLES

role = "arn:aws:iam::111122223333:role/sm-processing"

for table in TABLES:
    processor = SKLearnProcessor(
        framework_version="1.2-1",
        role=role,
        instance_type="ml.m5.4xlarge",
        instance_count=1,
        base_job_name=f"clean-{table}",
    )
    processor.run(
        code="clean.py",
        inputs=[ProcessingInput(f"s3://lake/raw/{table}", "/opt/ml/processing/input")],
        outputs=[ProcessingOutput("/opt/ml/processing/output", f"s3://lake/clean/{table}")],
        arguments=["--table", table],
        wait=False,
    )
