#!/bin/bash
INSTANCE_TYPES="p4d.24xlarge p3.16xlarge g5.48xlarge"
for T in $INSTANCE_TYPES; do
  ID=$(aws ec2 run-instances --instance-type $T --image-id $AMI --query 'Instances[0].InstanceId' --output text) && break
done
