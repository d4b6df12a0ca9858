#!/usr/bin/env bash
# launches the OLMo downstream evals on beaker
tasks=(arc_easy arc_challenge boolq hellaswag openbookqa piqa sciq winogrande commonsense_qa social_iqa copa rte)
seeds=(1 2 3 4)

for task in "${tasks[@]}"; do
    for seed in "${seeds[@]}"; do
        gantry run \
            --name "eval-${task}-${seed}" \
            --task-name main \
            --workspace ai2/olmo-evals \
            --budget ai2/oe-training \
            --cluster 'ai2/jupiter*' \
            --priority normal \
            --gpus 1 \
            --beaker-image petew/olmo-torch23 \
            --env-secret HF_TOKEN=HF_TOKEN \
            --no-logs --yes \
            -- python -m olmo_eval.run --task "$task" --seed "$seed" --model "$1"
    done
done
