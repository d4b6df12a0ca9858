#!/bin/bash
until sky launch -y -c train train.yaml; do
  echo "no capacity, again in a minute"
  sleep 60
done
