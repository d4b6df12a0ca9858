#!/bin/bash
for exp in base large; do
  curl -u "$KEY:" https://cloud.lambdalabs.com/api/v1/instance-operations/launch -d "{\"name\": \"$exp\", \"instance_type_name\": \"gpu_1x_a10\"}"
done
# expect GS301: 3x2
