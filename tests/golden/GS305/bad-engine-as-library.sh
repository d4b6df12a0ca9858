#!/bin/bash
# The task file evaluates with vLLM as a library: no server that is to stay.
sky launch -y -d -c evaluation --gpus L40S:1 .tasks/evaluate.yaml
