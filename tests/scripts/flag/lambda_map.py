import boto3
sm = boto3.client("sagemaker")
def launch(name, hp): sm.create_training_job(TrainingJobName=name, HyperParameters=hp)
list(map(lambda kv: launch(*kv), GRID.items()))
# expect GS301: 3
