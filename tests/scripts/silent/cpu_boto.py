import boto3

ec2 = boto3.resource("ec2")
for name in ("web", "db"):
    ec2.create_instances(ImageId="ami-1", InstanceType="t3.small", MinCount=1, MaxCount=1)
