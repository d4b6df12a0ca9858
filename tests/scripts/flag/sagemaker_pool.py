import boto3
from concurrent import futures
client = boto3.client("sagemaker")
def go(cfg):
    client.create_training_job(TrainingJobName=cfg["n"], ResourceConfig={"InstanceType":"ml.g5.xlarge"})
with futures.ProcessPoolExecutor() as pool:
    for r in pool.map(go, CONFIGS): print(r)
# expect GS301: 5
