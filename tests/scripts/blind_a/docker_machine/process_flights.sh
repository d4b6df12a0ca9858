#!/bin/bash
set -e
export AWS_DEFAULT_REGION=eu-west-1
for flight in `ls /data/drone_flights`; do
  M=odm-$flight
  docker-machine create --driver amazonec2 \
      --amazonec2-instance-type p3.2xlarge \
      --amazonec2-ami ami-05f7491af5eef733a \
      --amazonec2-root-size 200 $M
  docker-machine scp -r /data/drone_flights/$flight $M:/home/ubuntu/images
  eval $(docker-machine env $M)
  docker run --gpus all -v /home/ubuntu:/datasets opendronemap/odm:gpu --project-path /datasets images
  docker-machine scp -r $M:/home/ubuntu/images/odm_orthophoto /data/ortho/$flight
  docker-machine rm -y $M
done
