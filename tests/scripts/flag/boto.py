import boto3

ec2 = boto3.client("ec2")
for key in keys:
    ec2.run_instances(
        ImageId="ami-1",
        InstanceType="g4dn.xlarge",
        MinCount=1,
        MaxCount=1,
        UserData=f"python work.py {key}",
    )
# expect GS301: 5
