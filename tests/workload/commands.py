# ruff: noqa: E501 (commands stand as they are written)
"""Commands as public documentation and examples have them (2023–2025), and what each says.

The values were read off each command by hand. A field that is not listed must be None, but for `model`, `params_b` and
`modality`, which the catalogue adds. `GPUS`: the field follows the number of GPUs, which the test's spec sets to 4.
"""

from __future__ import annotations

from typing import Any

GPUS = 4

Case = tuple[str, str, dict[str, Any]]


def _vllm(**more: Any) -> dict[str, Any]:
    return {"engine": "vllm", "task": "serve", **more}


VLLM: list[Case] = [
    (
        "vllm quickstart",
        "vllm serve Qwen/Qwen2.5-1.5B-Instruct",
        _vllm(model_name="Qwen/Qwen2.5-1.5B-Instruct"),
    ),
    (
        "vllm distributed serving",
        "vllm serve gpt2 --tensor-parallel-size 4 --pipeline-parallel-size 2",
        _vllm(model_name="gpt2", tensor_parallel=4, pipeline_parallel=2),
    ),
    (
        "api_server with awq",
        "python -m vllm.entrypoints.openai.api_server --model TheBloke/Llama-2-7b-Chat-AWQ --quantization awq --dtype half",
        _vllm(model_name="TheBloke/Llama-2-7b-Chat-AWQ", quantization="awq", dtype="fp16"),
    ),
    (
        "underscores, = and short forms",
        "python3 -u -m vllm.entrypoints.openai.api_server --model=mistralai/Mistral-7B-Instruct-v0.3 --max_model_len=8k "
        "--gpu_memory_utilization=0.95 -tp 2 -q fp8 --max-num-seqs 64",
        _vllm(
            model_name="mistralai/Mistral-7B-Instruct-v0.3",
            context=8000,
            memory_utilization=0.95,
            tensor_parallel=2,
            quantization="fp8",
            concurrency=64,
        ),
    ),
    (
        "vllm docker",
        "docker run --runtime nvidia --gpus all \\\n  -v ~/.cache/huggingface:/root/.cache/huggingface \\\n"
        '  --env "HUGGING_FACE_HUB_TOKEN=x" -p 8000:8000 --ipc=host \\\n'
        "  vllm/vllm-openai:v0.8.5.post1 \\\n  --model mistralai/Mistral-7B-v0.1",
        _vllm(model_name="mistralai/Mistral-7B-v0.1", engine_version="0.8.5"),
    ),
    (
        "kv, prefix caching, batched tokens, offload",
        "vllm serve Qwen/Qwen2.5-7B-Instruct --kv-cache-dtype fp8 --no-enable-prefix-caching "
        "--max-num-batched-tokens 4096 --cpu-offload-gb 10 --dtype auto",
        _vllm(
            model_name="Qwen/Qwen2.5-7B-Instruct",
            kv_dtype="fp8",
            prefix_caching=False,
            max_batched_tokens=4096,
            cpu_offload="weights",
        ),
    ),
    (
        "data and expert parallel",
        "vllm serve deepseek-ai/DeepSeek-V3 --tensor-parallel-size 1 --data-parallel-size 8 --enable-expert-parallel",
        _vllm(model_name="deepseek-ai/DeepSeek-V3", tensor_parallel=1, data_parallel=8, expert_parallel=1),
    ),
    (
        "bitsandbytes in flight",
        "vllm serve huggyllama/llama-7b --quantization bitsandbytes --load-format bitsandbytes",
        _vllm(model_name="huggyllama/llama-7b", quantization="nf4"),
    ),
    (
        "quantization from the name",
        "vllm serve neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8",
        _vllm(model_name="neuralmagic/Meta-Llama-3.1-8B-Instruct-FP8", quantization="fp8"),
    ),
    (
        "SkyPilot's GPU count",
        "python -u -m vllm.entrypoints.openai.api_server --port 8081 --model $MODEL_NAME "
        "--tensor-parallel-size $SKYPILOT_NUM_GPUS_PER_NODE 2>&1 | tee api.log",
        _vllm(tensor_parallel=GPUS),
    ),
    (
        "a default in the command",
        'vllm serve "${MODEL:-meta-llama/Llama-3.1-8B-Instruct}" --max-model-len "${LEN:-4096}"',
        _vllm(model_name="meta-llama/Llama-3.1-8B-Instruct", context=4096),
    ),
    (
        "a variable set before",
        'export MODEL=Qwen/Qwen2.5-7B\nARGS=(--max-model-len 2048)\nARGS+=(--enforce-eager)\nvllm serve $MODEL "${ARGS[@]}"',
        _vllm(model_name="Qwen/Qwen2.5-7B", context=2048, eager=True),
    ),
    (
        "uv, env and nohup",
        "nohup env CUDA_VISIBLE_DEVICES=0,1 uv run vllm serve Qwen/Qwen2.5-7B --tensor-parallel-size=2 > log 2>&1 &",
        _vllm(model_name="Qwen/Qwen2.5-7B", tensor_parallel=2),
    ),
    (
        "conda run and bash -c",
        "conda run -n vllm --no-capture-output bash -c 'vllm serve Qwen/Qwen2.5-7B --max-model-len 1024'",
        _vllm(model_name="Qwen/Qwen2.5-7B", context=1024),
    ),
    (
        "JSON argument",
        'vllm serve Qwen/Qwen2.5-7B --rope-scaling \'{"type": "yarn", "factor": 4}\' --max-model-len 131072',
        _vllm(model_name="Qwen/Qwen2.5-7B", context=131072),
    ),
    (
        "draft model",
        "vllm serve meta-llama/Llama-3.1-70B-Instruct --speculative-config "
        '\'{"model": "meta-llama/Llama-3.2-1B-Instruct", "num_speculative_tokens": 5}\' -tp 4',
        _vllm(
            model_name="meta-llama/Llama-3.1-70B-Instruct",
            tensor_parallel=4,
            draft="meta-llama/Llama-3.2-1B-Instruct",
        ),
    ),
    (
        "offline batch",
        "vllm run-batch -i in.jsonl -o out.jsonl --model meta-llama/Meta-Llama-3-8B-Instruct",
        {
            "engine": "vllm",
            "task": "batch",
            "model_name": "meta-llama/Meta-Llama-3-8B-Instruct",
            "max_batched_tokens": 2048,
        },
    ),
    (
        "installed version",
        "pip install vllm==0.6.3\nvllm serve Qwen/Qwen2.5-7B",
        _vllm(model_name="Qwen/Qwen2.5-7B", engine_version="0.6.3"),
    ),
    (
        "downloaded to a folder",
        "huggingface-cli download Qwen/Qwen2.5-7B-Instruct --local-dir ./model\nvllm serve ./model",
        _vllm(model_name="Qwen/Qwen2.5-7B-Instruct"),
    ),
    (
        "downloaded to a folder that is named first",
        "hf download --local-dir ./model Qwen/Qwen2.5-7B-Instruct\nvllm serve ./model",
        _vllm(model_name="Qwen/Qwen2.5-7B-Instruct"),
    ),
    (
        "arms that differ",
        'if [ "$BIG" = 1 ]; then\n  vllm serve Qwen/Qwen2.5-72B --max-model-len 4096\nelse\n'
        "  vllm serve Qwen/Qwen2.5-7B --max-model-len 4096\nfi",
        _vllm(context=4096),
    ),
    (
        "two servers",
        "vllm serve Qwen/Qwen2.5-7B --port 8000 &\nvllm serve BAAI/bge-m3 --port 8001 &\nwait",
        _vllm(model_name="Qwen/Qwen2.5-7B", other_models=("BAAI/bge-m3",)),
    ),
    (
        "a function called",
        'start() {\n  vllm serve "$1" --tensor-parallel-size "$2"\n}\nstart Qwen/Qwen2.5-32B 2',
        _vllm(model_name="Qwen/Qwen2.5-32B", tensor_parallel=2),
    ),
    (
        "counted by nvidia-smi",
        "N=$(nvidia-smi -L | wc -l)\nvllm serve Qwen/Qwen2.5-32B --tensor-parallel-size $N",
        _vllm(model_name="Qwen/Qwen2.5-32B", tensor_parallel=GPUS),
    ),
]

SERVERS: list[Case] = [
    (
        "sglang",
        "python -m sglang.launch_server --model-path meta-llama/Meta-Llama-3.1-8B-Instruct --tp 2 --context-length 16384 "
        "--kv-cache-dtype fp8_e5m2 --mem-fraction-static 0.8 --max-running-requests 32",
        {
            "engine": "sglang",
            "task": "serve",
            "model_name": "meta-llama/Meta-Llama-3.1-8B-Instruct",
            "tensor_parallel": 2,
            "context": 16384,
            "kv_dtype": "fp8",
            "memory_utilization": 0.8,
            "concurrency": 32,
        },
    ),
    (
        "sglang docker",
        "docker run --gpus all --shm-size 32g -p 30000:30000 --ipc=host lmsysorg/sglang:latest "
        "python3 -m sglang.launch_server --model-path Qwen/Qwen2.5-7B-Instruct --host 0.0.0.0 --dp 2",
        {"engine": "sglang", "task": "serve", "model_name": "Qwen/Qwen2.5-7B-Instruct", "data_parallel": 2},
    ),
    (
        "tgi docker",
        "docker run --gpus all --shm-size 1g -p 8080:80 -v $PWD/data:/data "
        "ghcr.io/huggingface/text-generation-inference:3.0.1 --model-id teknium/OpenHermes-2.5-Mistral-7B "
        "--quantize bitsandbytes-nf4 --num-shard 2",
        {
            "engine": "tgi",
            "task": "serve",
            "model_name": "teknium/OpenHermes-2.5-Mistral-7B",
            "quantization": "nf4",
            "tensor_parallel": 2,
            "engine_version": "3.0.1",
        },
    ),
    (
        "tgi launcher",
        "text-generation-launcher --model-id tiiuae/falcon-40b --quantize bitsandbytes --max-total-tokens 2048",
        {
            "engine": "tgi",
            "task": "serve",
            "model_name": "tiiuae/falcon-40b",
            "quantization": "int8",
            "context": 2048,
        },
    ),
    (
        "ollama run",
        "ollama run llama3.1:70b",
        {"engine": "ollama", "task": "serve", "model_name": "llama3.1:70b", "quantization": "gguf:Q4_K_M"},
    ),
    (
        "ollama serve and pull",
        "ollama serve &\nsleep 5\nollama pull qwen2.5:7b-instruct-q8_0\nwait",
        {
            "engine": "ollama",
            "task": "serve",
            "model_name": "qwen2.5:7b-instruct-q8_0",
            "quantization": "gguf:Q8_0",
        },
    ),
    (
        "llama-server from the hub",
        "llama-server -hf bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0 -c 8192 -ngl 99 -np 4 -ctk q8_0 -ctv q8_0 -fa",
        {
            "engine": "llama.cpp",
            "task": "serve",
            "model_name": "bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0",
            "quantization": "gguf:Q8_0",
            "context": 2048,  # of the 8192 for four slots
            "concurrency": 4,
            "kv_dtype": "q8_0",
            "flash_attention": True,
        },
    ),
    (
        "old server binary with a file",
        "./llama.cpp/server -m models/llama-2-13b.Q4_K_M.gguf -c 4096 --n-gpu-layers 20",
        {
            "engine": "llama.cpp",
            "task": "serve",
            "model_name": "models/llama-2-13b.Q4_K_M.gguf",
            "quantization": "gguf:Q4_K_M",
            "context": 4096,
            "cpu_offload": "weights",
            "layers_on_gpu": 20,
            "text_only": True,
        },
    ),
    (
        "llama-cli",
        'llama-cli -m ./qwen2.5-7b-instruct-q5_k_m.gguf -p "hello" -n 128 -ngl 99',
        {
            "engine": "llama.cpp",
            "task": "batch",
            "model_name": "./qwen2.5-7b-instruct-q5_k_m.gguf",
            "quantization": "gguf:Q5_K_M",
            "text_only": True,
        },
    ),
    (
        "llama.cpp docker",
        "docker run --gpus all -v /models:/models ghcr.io/ggml-org/llama.cpp:server-cuda "
        "-m /models/Qwen2.5-7B-Instruct-Q6_K.gguf --ctx-size 2048",
        {
            "engine": "llama.cpp",
            "task": "serve",
            "model_name": "/models/Qwen2.5-7B-Instruct-Q6_K.gguf",
            "quantization": "gguf:Q6_K",
            "context": 2048,
            "text_only": True,
        },
    ),
    (
        "lmdeploy",
        "lmdeploy serve api_server internlm/internlm2_5-7b-chat --tp 2 --session-len 32768 --quant-policy 8",
        {
            "engine": "lmdeploy",
            "task": "serve",
            "model_name": "internlm/internlm2_5-7b-chat",
            "tensor_parallel": 2,
            "context": 32768,
            "kv_dtype": "int8",
        },
    ),
    (
        "fastchat worker",
        "python3 -m fastchat.serve.model_worker --model-path lmsys/vicuna-7b-v1.5 --load-8bit --num-gpus 2",
        {
            "engine": "fastchat",
            "task": "serve",
            "model_name": "lmsys/vicuna-7b-v1.5",
            "quantization": "int8",
            "tensor_parallel": 2,
        },
    ),
    (
        "embeddings",
        "docker run --gpus all -p 8080:80 ghcr.io/huggingface/text-embeddings-inference:1.5 --model-id BAAI/bge-large-en-v1.5",
        {"engine": "tei", "task": "serve", "model_name": "BAAI/bge-large-en-v1.5", "engine_version": "1.5"},
    ),
    (
        "tensorrt-llm",
        "trtllm-serve meta-llama/Llama-3.1-8B-Instruct --tp_size 2 --max_batch_size 64 --max_seq_len 8192",
        {
            "engine": "tensorrt-llm",
            "task": "serve",
            "model_name": "meta-llama/Llama-3.1-8B-Instruct",
            "tensor_parallel": 2,
            "concurrency": 64,
            "context": 8192,
        },
    ),
]

TRAINING: list[Case] = [
    (
        "run_clm with torchrun",
        "torchrun --nproc_per_node 8 run_clm.py --model_name_or_path openai-community/gpt2 --per_device_train_batch_size 8 "
        "--do_train --do_eval --output_dir /tmp/test-clm --bf16 --block_size 1024",
        {
            "engine": "hf-trainer",
            "task": "train",
            "model_name": "openai-community/gpt2",
            "batch": 8,
            "processes": 8,
            "precision": "amp",
            "sequence": 1024,
            "gradient_checkpointing": False,
        },
    ),
    (
        "FastChat's Vicuna recipe",
        "torchrun --nproc_per_node=4 --master_port=20001 fastchat/train/train_mem.py "
        "--model_name_or_path meta-llama/Llama-2-7b-hf --data_path data/dummy.json --bf16 True --output_dir out "
        '--per_device_train_batch_size 2 --gradient_accumulation_steps 16 --fsdp "full_shard auto_wrap" '
        "--model_max_length 2048 --gradient_checkpointing True --lazy_preprocess True",
        {
            "engine": "hf-trainer",
            "method": "full",
            "task": "train",
            "model_name": "meta-llama/Llama-2-7b-hf",
            "processes": 4,
            "precision": "amp",
            "batch": 2,
            "gradient_accumulation": 16,
            "sharding": "fsdp",
            "sequence": 2048,
            "gradient_checkpointing": True,
        },
    ),
    (
        "torchrun, as many as GPUs",
        "torchrun --nproc_per_node=gpu train.py --model_name_or_path Qwen/Qwen2.5-7B",
        {"engine": "hf-trainer", "task": "train", "model_name": "Qwen/Qwen2.5-7B", "processes": GPUS},
    ),
    (
        "qlora.py",
        "python qlora.py --model_name_or_path huggyllama/llama-7b --bits 4 --lora_r 64 --max_memory_MB 80000",
        {
            "engine": "hf-trainer",
            "task": "train",
            "model_name": "huggyllama/llama-7b",
            "method": "qlora",
            "quantization": "nf4",
            "lora_rank": 64,
            "batch": 1,
            "gradient_checkpointing": True,
            "target_modules": "all",
        },
    ),
    (
        "deepspeed",
        "deepspeed --num_gpus 8 finetune.py --model_name_or_path mistralai/Mistral-7B-v0.1 "
        "--deepspeed configs/ds_config_zero3_offload.json --per_device_train_batch_size 1",
        {
            "engine": "hf-trainer",
            "task": "train",
            "model_name": "mistralai/Mistral-7B-v0.1",
            "processes": 8,
            "sharding": "zero3-offload",
            "batch": 1,
        },
    ),
    (
        "accelerate with ZeRO",
        "accelerate launch --use_deepspeed --zero_stage 2 --num_processes 16 --num_machines 2 --mixed_precision bf16 "
        "train_sft.py --model_name_or_path Qwen/Qwen2.5-7B --max_seq_length 4096",
        {
            "engine": "trl",
            "task": "train",
            "model_name": "Qwen/Qwen2.5-7B",
            "sharding": "zero2",
            "nodes": 2,
            "processes": 8,
            "precision": "amp",
            "sequence": 4096,
            "algorithm": "sft",
            "batch": 8,
            "gradient_checkpointing": True,
        },
    ),
    (
        "trl sft with PEFT",
        "trl sft --model_name_or_path Qwen/Qwen2.5-0.5B --dataset_name trl-lib/Capybara --use_peft --lora_r 32 "
        "--gradient_checkpointing --packing --torch_dtype bfloat16 --output_dir out",
        {
            "engine": "trl",
            "task": "train",
            "model_name": "Qwen/Qwen2.5-0.5B",
            "method": "lora",
            "lora_rank": 32,
            "gradient_checkpointing": True,
            "packing": True,
            "dtype": "bf16",
            "algorithm": "sft",
            "sequence": 1024,
            "batch": 8,
            "precision": "amp",
        },
    ),
    (
        "trl dpo in 4 bit",
        "trl dpo --model_name_or_path meta-llama/Llama-3.1-8B-Instruct --load_in_4bit --use_peft",
        {
            "engine": "trl",
            "task": "train",
            "model_name": "meta-llama/Llama-3.1-8B-Instruct",
            "method": "qlora",
            "quantization": "nf4",
            "algorithm": "dpo",
            "sequence": 1024,
            "batch": 8,
            "gradient_checkpointing": True,
            "precision": "amp",
        },
    ),
    (
        "axolotl with a file that is not here",
        "accelerate launch -m axolotl.cli.train examples/llama-3/qlora.yml",
        {"engine": "axolotl", "task": "train"},
    ),
    (
        "axolotl with overrides",
        "axolotl train config.yml --base-model NousResearch/Llama-3.2-1B --sequence-len 2048 --micro-batch-size 2",
        {
            "engine": "axolotl",
            "task": "train",
            "model_name": "NousResearch/Llama-3.2-1B",
            "sequence": 2048,
            "batch": 2,
        },
    ),
    (
        "llamafactory",
        "llamafactory-cli train --stage sft --do_train --model_name_or_path meta-llama/Meta-Llama-3-8B-Instruct "
        "--finetuning_type lora --lora_rank 8 --quantization_bit 4 --cutoff_len 1024 --per_device_train_batch_size 1",
        {
            "engine": "llama-factory",
            "task": "train",
            "algorithm": "sft",
            "method": "qlora",
            "quantization": "nf4",
            "model_name": "meta-llama/Meta-Llama-3-8B-Instruct",
            "lora_rank": 8,
            "sequence": 1024,
            "batch": 1,
            "gradient_checkpointing": True,
            "target_modules": "all",
        },
    ),
    (
        "torchtune lora, one GPU",
        "tune run lora_finetune_single_device --config llama3_1/8B_lora_single_device batch_size=8 "
        "enable_activation_checkpointing=False",
        {
            "engine": "torchtune",
            "task": "train",
            "model_name": "Llama-3.1-8B",
            "method": "lora",
            "batch": 8,
            "gradient_checkpointing": False,
            "optimizer": "adamw",
            "gradient_accumulation": 8,
            "lora_rank": 8,
            "target_modules": "q_proj,v_proj,output_proj,gate_proj,up_proj,down_proj",
            "processes": 1,
        },
    ),
    (
        "torchtune full, distributed",
        "tune run --nnodes 1 --nproc_per_node 4 full_finetune_distributed --config llama3/70B_full",
        {
            "engine": "torchtune",
            "task": "train",
            "model_name": "Llama-3-70B",
            "method": "full",
            "processes": 4,
            "sharding": "fsdp-offload",
            "optimizer": "adamw",
            "batch": 2,
            "gradient_accumulation": 1,
            "gradient_checkpointing": True,
        },
    ),
    (
        "ms-swift",
        "CUDA_VISIBLE_DEVICES=0 swift sft --model Qwen/Qwen2.5-7B-Instruct --train_type lora --torch_dtype bfloat16 "
        "--per_device_train_batch_size 1 --lora_rank 8 --max_length 2048",
        {
            "engine": "ms-swift",
            "task": "train",
            "model_name": "Qwen/Qwen2.5-7B-Instruct",
            "method": "lora",
            "dtype": "bf16",
            "batch": 1,
            "lora_rank": 8,
            "sequence": 2048,
            "gradient_checkpointing": True,
            "algorithm": "sft",
            "processes": 1,
            "target_modules": "all",
        },
    ),
    (
        "verl grpo",
        "python3 -m verl.trainer.main_ppo algorithm.adv_estimator=grpo "
        "actor_rollout_ref.model.path=Qwen/Qwen2-7B-Instruct actor_rollout_ref.model.enable_gradient_checkpointing=True "
        "actor_rollout_ref.rollout.tensor_model_parallel_size=2 trainer.n_gpus_per_node=8 trainer.nnodes=1",
        {
            "engine": "verl",
            "task": "train",
            "algorithm": "grpo",
            "model_name": "Qwen/Qwen2-7B-Instruct",
            "gradient_checkpointing": True,
            "tensor_parallel": 2,
            "processes": 8,
        },
    ),
    (
        "litgpt",
        "litgpt finetune_lora microsoft/phi-2 --quantize bnb.nf4 --precision bf16-true --train.micro_batch_size 4",
        {
            "engine": "litgpt",
            "task": "train",
            "model_name": "microsoft/phi-2",
            "method": "qlora",
            "quantization": "nf4",
            "precision": "bf16",
            "batch": 4,
            "processes": 1,
            "lora_rank": 8,
            "sharding": "fsdp",
        },
    ),
    (
        "a generic training script",
        "python train.py --model_name_or_path Qwen/Qwen2.5-7B --use_lora --learning_rate 1e-4",
        {"engine": "hf-trainer", "task": "train", "model_name": "Qwen/Qwen2.5-7B", "method": "lora"},
    ),
]

PICTURES_AND_SOUND: list[Case] = [
    (
        "diffusers SDXL LoRA",
        "accelerate launch train_dreambooth_lora_sdxl.py --pretrained_model_name_or_path="
        "stabilityai/stable-diffusion-xl-base-1.0 --instance_data_dir=dog --resolution=1024 --train_batch_size=1 "
        "--gradient_accumulation_steps=4 --mixed_precision=fp16 --use_8bit_adam --rank=16 --random_flip",
        {
            "engine": "diffusers",
            "task": "train",
            "method": "lora",
            "batch": 1,
            "gradient_accumulation": 4,
            "model_name": "stabilityai/stable-diffusion-xl-base-1.0",
            "width": 1024,
            "height": 1024,
            "precision": "amp",
            "optimizer": "adamw_8bit",
            "lora_rank": 16,
            "gradient_checkpointing": False,
        },
    ),
    (
        "kohya flux",
        "accelerate launch --mixed_precision bf16 --num_cpu_threads_per_process 1 flux_train_network.py "
        "--pretrained_model_name_or_path flux1-dev.safetensors --network_module networks.lora_flux --network_dim 4 "
        "--optimizer_type adamw8bit --fp8_base --gradient_checkpointing --resolution 512,768",
        {
            "engine": "kohya",
            "task": "train",
            "method": "lora",
            "model_name": "flux1-dev.safetensors",
            "lora_rank": 4,
            "optimizer": "adamw8bit",
            "quantization": "fp8",
            "gradient_checkpointing": True,
            "width": 512,
            "height": 768,
            "precision": "amp",
            "batch": 1,
        },
    ),
    (
        "comfyui",
        "cd ComfyUI && python main.py --listen 0.0.0.0 --port 8188",
        {"engine": "comfyui", "task": "interactive"},
    ),
    ("jupyter", "jupyter lab --ip=0.0.0.0 --allow-root", {"task": "interactive"}),
    (
        "whisper",
        "whisper audio.flac --model large-v3 --language Japanese --fp16 True",
        {"engine": "openai-whisper", "task": "batch", "model_name": "large-v3", "dtype": "fp16"},
    ),
    (
        "whisper-ctranslate2",
        "whisper-ctranslate2 a.wav --model medium --compute_type int8_float16 --batched True --batch_size 8",
        {
            "engine": "faster-whisper",
            "task": "batch",
            "model_name": "openai/whisper-medium",
            "quantization": "int8",
            "concurrency": 8,
        },
    ),
    (
        "insanely-fast-whisper",
        "insanely-fast-whisper --file-name a.mp3 --model-name openai/whisper-large-v3-turbo --batch-size 24",
        {
            "engine": "transformers",
            "task": "batch",
            "model_name": "openai/whisper-large-v3-turbo",
            "concurrency": 24,
        },
    ),
]

SILENT: list[Case] = [
    ("a download", "curl -L https://example.com/model.tar | tar x", {}),
    ("a quoted command", 'echo "vllm serve Qwen/Qwen2.5-7B"', {}),
    ("a comment", "# vllm serve Qwen/Qwen2.5-7B\ntrue", {}),
    ("a search", "pgrep -f 'vllm serve' || true", {}),
    ("a substituted model", "vllm serve $(cat model.txt) --max-model-len 2048", _vllm(context=2048)),
    ("a spliced name", 'vllm serve "org/$NAME-7b"', _vllm()),
    ("a script of its own", "python app.py", {}),
]

CASES: list[Case] = [*VLLM, *SERVERS, *TRAINING, *PICTURES_AND_SOUND, *SILENT]
