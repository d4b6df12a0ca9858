#!/bin/bash
sky jobs pool apply -p workers pool.yaml
for f in $(cat list); do
  sky jobs launch -y --pool workers job.yaml --env FILE=$f
done
