import base64
import glob
import logging
import os
from string import Template

import boto3

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger("spin_up")

AMI = "ami-0a1b2c3d4e5f67890"
USER_DATA = Template(
    """#!/bin/bash
cd /home/ubuntu/deforum
aws s3 cp s3://deforum-cfg/$cfg settings.txt
sudo -u ubuntu python run.py --settings settings.txt
aws s3 sync outputs s3://deforum-out/$name
shutdown -h now
"""
)


class Launcher:
    def __init__(self, region="us-east-1", instance_type="g5.xlarge"):
        self.ec2 = boto3.resource("ec2", region_name=region)
        self.instance_type = instance_type

    def start(self, cfg):
        name = os.path.splitext(cfg)[0]
        (inst,) = self.ec2.create_instances(
            ImageId=AMI,
            InstanceType=self.instance_type,
            MinCount=1,
            MaxCount=1,
            InstanceInitiatedShutdownBehavior="terminate",
            UserData=USER_DATA.substitute(cfg=cfg, name=name),
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
        )
        return inst.id

    def start_all(self, configs):
        ids = []
        for c in configs:
            ids.append(self.start(os.path.basename(c)))
            logger.info("%s -> %s", c, ids[-1])
        return ids


if __name__ == "__main__":
    Launcher().start_all(sorted(glob.glob("settings/*.txt")))
