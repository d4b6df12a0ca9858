import glob
import time

import boto3
from fabric import Connection

ec2 = boto3.client("ec2", region_name="eu-central-1")


def start():
    r = ec2.run_instances(
        ImageId="ami-0123456789abcdef0",
        InstanceType="g5.4xlarge",
        MinCount=1,
        MaxCount=1,
        KeyName="render",
        InstanceMarketOptions={"MarketType": "spot"},
    )
    return r["Instances"][0]["InstanceId"]


def ip_of(iid):
    for _ in range(60):
        inst = ec2.describe_instances(InstanceIds=[iid])["Reservations"][0]["Instances"][0]
        if inst.get("PublicIpAddress") and inst["State"]["Name"] == "running":
            return inst["PublicIpAddress"]
        time.sleep(5)
    raise TimeoutError(iid)


iid = start()
try:
    c = Connection(ip_of(iid), user="ubuntu", connect_kwargs={"key_filename": "render.pem"})
    for blend in glob.glob("scenes/*.blend"):
        c.put(blend, "/tmp/scene.blend")
        c.run("blender -b /tmp/scene.blend -E CYCLES -o /tmp/out/#### -a -- --cycles-device OPTIX")
        c.run(f"aws s3 sync /tmp/out s3://renders/{blend}/ && rm -rf /tmp/out")
finally:
    ec2.terminate_instances(InstanceIds=[iid])
