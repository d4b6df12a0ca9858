import sagemaker
from sagemaker.pytorch import PyTorch

session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket = session.default_bucket()

N_FOLDS = 5

for fold in range(N_FOLDS):
    estimator = PyTorch(
        entry_point="train.py",
        source_dir="src",
        role=role,
        framework_version="2.1",
        py_version="py310",
        instance_count=1,
        instance_type="ml.g5.2xlarge",
        hyperparameters={"fold": fold, "epochs": 40, "backbone": "tf_efficientnet_b4"},
        base_job_name=f"derm-fold{fold}",
    )
    estimator.fit({"train": f"s3://{bucket}/derm/png512/"}, wait=False)
