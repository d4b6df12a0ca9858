#!/bin/bash
for c in $(sky status --refresh | awk '{print $1}'); do
  sky down -y "$c"
done
for id in $(vastai show instances -q); do vastai destroy instance $id; done
runpodctl get pod | awk '{print $1}' | xargs -n1 runpodctl remove pod
