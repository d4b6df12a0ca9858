# ruff: noqa: E501 (commands stand as they are written)
"""One-line commands as model cards and READMEs have them, and what each says; read off by hand, as in commands.py."""

from __future__ import annotations

from typing import Any

GPUS = 4

Row = tuple[str, dict[str, Any]]

VLLM = {"engine": "vllm", "task": "serve"}
SGLANG = {"engine": "sglang", "task": "serve"}
TRAIN = {"engine": "hf-trainer", "task": "train"}

SERVE: list[Row] = [
    ("vllm serve Qwen/Qwen3-8B --enable-reasoning --reasoning-parser deepseek_r1", {**VLLM, "model_name": "Qwen/Qwen3-8B"}),
    ("vllm serve Qwen/Qwen3-235B-A22B-Instruct-2507 --tensor-parallel-size 8 --max-model-len 262144", {**VLLM, "model_name": "Qwen/Qwen3-235B-A22B-Instruct-2507", "tensor_parallel": 8, "context": 262144}),
    ("VLLM_USE_V1=0 vllm serve Qwen/Qwen2.5-VL-7B-Instruct --port 8000 --host 0.0.0.0 --dtype bfloat16 --limit-mm-per-prompt image=5,video=5", {**VLLM, "model_name": "Qwen/Qwen2.5-VL-7B-Instruct", "dtype": "bf16"}),
    ("vllm serve mistralai/Mistral-Small-3.1-24B-Instruct-2503 --tokenizer_mode mistral --config_format mistral --load_format mistral --tool-call-parser mistral --enable-auto-tool-choice --limit_mm_per_prompt 'image=10' --tensor-parallel-size 2", {**VLLM, "model_name": "mistralai/Mistral-Small-3.1-24B-Instruct-2503", "tensor_parallel": 2}),
    ("vllm serve meta-llama/Llama-4-Scout-17B-16E-Instruct --tensor-parallel-size 8 --max-model-len 1000000 --override-generation-config='{\"attn_temperature_tuning\": true}'", {**VLLM, "model_name": "meta-llama/Llama-4-Scout-17B-16E-Instruct", "tensor_parallel": 8, "context": 1000000}),
    ("vllm serve deepseek-ai/DeepSeek-R1-Distill-Qwen-32B --tensor-parallel-size 2 --max-model-len 32768 --enforce-eager", {**VLLM, "model_name": "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "tensor_parallel": 2, "context": 32768, "eager": True}),
    ("vllm serve google/gemma-3-12b-it --max-model-len=8K --gpu-memory-utilization=.9", {**VLLM, "model_name": "google/gemma-3-12b-it", "context": 8192, "memory_utilization": 0.9}),
    ("vllm serve microsoft/Phi-4-multimodal-instruct --dtype auto --trust-remote-code --max-model-len 131072 --enable-lora --max-lora-rank 320 --max-loras 2", {**VLLM, "model_name": "microsoft/Phi-4-multimodal-instruct", "context": 131072, "serves_adapters": True, "adapters": 2, "lora_rank": 320}),
    ("vllm serve openai/gpt-oss-120b --tensor-parallel-size 2 --async-scheduling", {**VLLM, "model_name": "openai/gpt-oss-120b", "tensor_parallel": 2}),
    ("vllm serve nvidia/Llama-3.1-Nemotron-70B-Instruct-HF -tp 4 -q fp8 --kv-cache-dtype fp8_e4m3", {**VLLM, "model_name": "nvidia/Llama-3.1-Nemotron-70B-Instruct-HF", "tensor_parallel": 4, "quantization": "fp8", "kv_dtype": "fp8"}),
    ("vllm serve unsloth/Llama-3.3-70B-Instruct-bnb-4bit --quantization bitsandbytes --load-format bitsandbytes", {**VLLM, "model_name": "unsloth/Llama-3.3-70B-Instruct-bnb-4bit", "quantization": "nf4"}),
    ("vllm serve Qwen/Qwen2.5-14B-Instruct-GPTQ-Int4 --quantization gptq_marlin", {**VLLM, "model_name": "Qwen/Qwen2.5-14B-Instruct-GPTQ-Int4", "quantization": "gptq-int4"}),
    ("vllm serve RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8 --max-num-seqs=256", {**VLLM, "model_name": "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "concurrency": 256, "quantization": "int8"}),
    ("vllm serve zai-org/GLM-4.5-Air --tensor-parallel-size 8 --tool-call-parser glm45 --reasoning-parser glm45 --enable-auto-tool-choice --served-model-name glm-4.5-air", {**VLLM, "model_name": "zai-org/GLM-4.5-Air", "tensor_parallel": 8}),
    ("vllm serve moonshotai/Kimi-K2-Instruct --port 8000 --served-model-name kimi-k2 --trust-remote-code --tensor-parallel-size 16 --enable-auto-tool-choice --tool-call-parser kimi_k2", {**VLLM, "model_name": "moonshotai/Kimi-K2-Instruct", "tensor_parallel": 16}),
    ("vllm serve $MODEL_PATH --port 8000 --trust-remote-code --data-parallel-size 16 --data-parallel-size-local 8 --data-parallel-address $MASTER_IP --data-parallel-rpc-port $PORT --enable-expert-parallel --max-num-batched-tokens 8192 --max-num-seqs 256", {**VLLM, "data_parallel": 16, "max_batched_tokens": 8192, "concurrency": 256}),
    ("python3 -m vllm.entrypoints.openai.api_server --model internlm/internlm3-8b-instruct --trust-remote-code --tensor-parallel-size 1 --disable-log-requests", {**VLLM, "model_name": "internlm/internlm3-8b-instruct", "tensor_parallel": 1}),
    ("python -m vllm.entrypoints.api_server --model=mosaicml/mpt-7b-instruct --swap-space=16 --dtype=half", {**VLLM, "model_name": "mosaicml/mpt-7b-instruct", "dtype": "fp16"}),
    ("docker run --gpus all -v ~/.cache/huggingface:/root/.cache/huggingface vllm/vllm-openai:v0.20.2 MiniMaxAI/MiniMax-M2.5 --tensor-parallel-size 4", {**VLLM, "model_name": "MiniMaxAI/MiniMax-M2.5", "tensor_parallel": 4, "engine_version": "0.20.2"}),
    ("docker run --gpus all --entrypoint /usr/bin/nvidia-smi vllm/vllm-openai:v0.20.2", {}),
    ("python -m llava.serve.model_worker --controller http://localhost:10000 --model-path liuhaotian/llava-v1.6-vicuna-13b", {"engine": "fastchat", "task": "serve", "model_name": "liuhaotian/llava-v1.6-vicuna-13b"}),
    ("lm_eval --model hf --model_args pretrained=Qwen/Qwen2.5-7B-Instruct,dtype=float16 --tasks gsm8k --batch_size 8", {"task": "batch", "engine": "transformers", "dtype": "fp16", "model_name": "Qwen/Qwen2.5-7B-Instruct"}),
    ("lm_eval --model local-completions --model_args model=mine,base_url=http://localhost:8000 --tasks gsm8k", {"task": "batch"}),
    ("python -m ours.answer --model Qwen/Qwen2.5-7B-Instruct", {"model_name": "Qwen/Qwen2.5-7B-Instruct"}),
    ("python -m http.server 8000", {}),
    ("docker run --gpus all -p 8000:8000 --ipc=host vllm/vllm-openai:latest --model=meta-llama/Llama-3.2-3B-Instruct --max-model-len=4096", {**VLLM, "model_name": "meta-llama/Llama-3.2-3B-Instruct", "context": 4096}),
    ("HF_HUB_OFFLINE=1 CUDA_VISIBLE_DEVICES=0 nohup vllm serve /models/Qwen2.5-7B-Instruct --served-model-name qwen --gpu-memory-utilization 0.5 > q.log 2>&1 &", {**VLLM, "model_name": "/models/Qwen2.5-7B-Instruct", "memory_utilization": 0.5}),
    ("uvx --with setuptools vllm serve Qwen/Qwen2.5-Coder-32B-Instruct --quantization awq_marlin --max-model-len 32768", {**VLLM, "model_name": "Qwen/Qwen2.5-Coder-32B-Instruct", "quantization": "awq", "context": 32768}),
    ("vllm serve BAAI/bge-multilingual-gemma2 --task embed --max-model-len 8192", {**VLLM, "model_name": "BAAI/bge-multilingual-gemma2", "context": 8192}),
    ("vllm serve openai/whisper-large-v3", {**VLLM, "model_name": "openai/whisper-large-v3"}),
    ("vllm bench latency --model meta-llama/Llama-3.1-8B", {"engine": "vllm", "task": "batch", "model_name": "meta-llama/Llama-3.1-8B"}),
    ("python -m sglang.launch_server --model-path Qwen/Qwen3-30B-A3B --reasoning-parser qwen3", {**SGLANG, "model_name": "Qwen/Qwen3-30B-A3B"}),
    ("python3 -m sglang.launch_server --model deepseek-ai/DeepSeek-V3-0324 --tp 8 --dp 8 --enable-dp-attention --trust-remote-code", {**SGLANG, "model_name": "deepseek-ai/DeepSeek-V3-0324", "tensor_parallel": 8, "attention_copies": 8}),
    ("python3 -m sglang.launch_server --model-path deepseek-ai/DeepSeek-R1 --tp 16 --dist-init-addr 10.0.0.1:5000 --nnodes 2 --node-rank 0 --trust-remote-code", {**SGLANG, "model_name": "deepseek-ai/DeepSeek-R1", "tensor_parallel": 16, "nodes": 2}),
    ("python -m sglang.launch_server --model-path lmms-lab/llava-onevision-qwen2-7b-ov --port 30000 --chat-template chatml-llava --mem-fraction-static 0.7", {**SGLANG, "model_name": "lmms-lab/llava-onevision-qwen2-7b-ov", "memory_utilization": 0.7}),
    ("python3 -m sglang.launch_server --model-path meta-llama/Meta-Llama-3.1-8B-Instruct --torchao-config int4wo-128", {**SGLANG, "model_name": "meta-llama/Meta-Llama-3.1-8B-Instruct", "quantization": "int4"}),
    ("docker run --gpus all -p 8080:80 -v $volume:/data ghcr.io/huggingface/text-generation-inference:2.4.0 --model-id HuggingFaceH4/zephyr-7b-beta --max-total-tokens 4096 --quantize eetq", {"engine": "tgi", "task": "serve", "model_name": "HuggingFaceH4/zephyr-7b-beta", "context": 4096, "quantization": "int8", "engine_version": "2.4.0"}),
    ("text-generation-launcher --model-id mistralai/Mixtral-8x7B-Instruct-v0.1 --sharded true --num-shard 4 --max-batch-prefill-tokens 8192", {"engine": "tgi", "task": "serve", "model_name": "mistralai/Mixtral-8x7B-Instruct-v0.1", "tensor_parallel": 4, "max_batched_tokens": 8192}),
    ("MODEL_ID=tiiuae/falcon-7b-instruct QUANTIZE=awq text-generation-launcher --port 80", {"engine": "tgi", "task": "serve", "model_name": "tiiuae/falcon-7b-instruct", "quantization": "awq"}),
    ("ollama run deepseek-r1:32b", {"engine": "ollama", "task": "serve", "model_name": "deepseek-r1:32b", "quantization": "gguf:Q4_K_M"}),
    ("ollama run hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0", {"engine": "ollama", "task": "serve", "model_name": "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0", "quantization": "gguf:Q8_0"}),
    ("llama-server -hf ggml-org/gemma-3-4b-it-GGUF -c 0 --jinja", {"engine": "llama.cpp", "task": "serve", "model_name": "ggml-org/gemma-3-4b-it-GGUF", "quantization": "gguf:Q4_K_M"}),
    ("./llama-cli -m models/mixtral-8x7b-instruct-v0.1.Q4_K_M.gguf -p 'hi' -n 128 -ngl 99 -c 4096", {"engine": "llama.cpp", "task": "batch", "model_name": "models/mixtral-8x7b-instruct-v0.1.Q4_K_M.gguf", "quantization": "gguf:Q4_K_M", "context": 4096, "text_only": True}),
    ("lmdeploy serve api_server OpenGVLab/InternVL2-8B --backend turbomind --server-port 23333 --tp 2 --quant-policy 8", {"engine": "lmdeploy", "task": "serve", "model_name": "OpenGVLab/InternVL2-8B", "tensor_parallel": 2, "kv_dtype": "int8"}),
    ("python3 -m fastchat.serve.cli --model-path lmsys/vicuna-13b-v1.5 --num-gpus 2 --load-8bit", {"engine": "fastchat", "task": "interactive", "model_name": "lmsys/vicuna-13b-v1.5", "tensor_parallel": 2, "quantization": "int8"}),
    ("vllm serve acme/wikitext-103-gsm8k-100k --max-model-len 2048", {**VLLM, "model_name": "acme/wikitext-103-gsm8k-100k", "context": 2048}),
]  # fmt: skip

TRAINING: list[Row] = [
    ("torchrun --nproc_per_node=8 --master_port=20001 fastchat/train/train_mem.py --model_name_or_path lmsys/vicuna-7b-v1.5 --bf16 True --per_device_train_batch_size 2 --gradient_accumulation_steps 16 --fsdp 'full_shard auto_wrap' --model_max_length 2048 --gradient_checkpointing True", {**TRAIN, "model_name": "lmsys/vicuna-7b-v1.5", "processes": 8, "precision": "amp", "batch": 2, "gradient_accumulation": 16, "sharding": "fsdp", "sequence": 2048, "gradient_checkpointing": True, "method": "full"}),
    ("deepspeed fastchat/train/train_lora.py --model_name_or_path meta-llama/Llama-2-7b-hf --lora_r 8 --lora_alpha 16 --bf16 True --per_device_train_batch_size 2 --q_lora True --deepspeed playground/deepspeed_config_s2.json", {**TRAIN, "model_name": "meta-llama/Llama-2-7b-hf", "lora_rank": 8, "method": "qlora", "quantization": "nf4", "precision": "amp", "batch": 2}),
    ("python finetune_lora.py --base_model huggyllama/llama-13b --micro_batch_size 4 --cutoff_len 512", {**TRAIN, "model_name": "huggyllama/llama-13b", "method": "lora", "batch": 4, "sequence": 512}),
    ("python train.py --model_name_or_path mistralai/Mistral-7B-v0.1 --per_device_train_batch_size 1", {**TRAIN, "model_name": "mistralai/Mistral-7B-v0.1", "batch": 1}),
    ("accelerate launch finetuning.py --model_name_or_path=meta-llama/Llama-2-13b-hf --torch_dtype=bfloat16 --bf16=True --use_lora=True --lora_dimension=8 --per_device_train_batch_size=16", {**TRAIN, "model_name": "meta-llama/Llama-2-13b-hf", "dtype": "bf16", "precision": "amp", "method": "lora", "lora_rank": 8, "batch": 16}),
    ("CUDA_VISIBLE_DEVICES=0 deepspeed --master_port 5545 train.py --model_name_or_path Qwen/Qwen-1_8B-Chat --per_device_train_batch_size 2 --max_len 2048 --lora_dim 16 --gradient_checkpointing --ds_file ds_zero2_no_offload.json", {**TRAIN, "model_name": "Qwen/Qwen-1_8B-Chat", "batch": 2, "sequence": 2048, "lora_rank": 16, "method": "lora", "gradient_checkpointing": True, "sharding": "zero2", "processes": 1}),
    ("torchrun --nproc_per_node=4 --master_port=3192 train.py --model_name_or_path facebook/opt-6.7b --bf16 True --per_device_train_batch_size 4 --gradient_accumulation_steps 8 --fsdp 'full_shard auto_wrap'", {**TRAIN, "model_name": "facebook/opt-6.7b", "processes": 4, "precision": "amp", "batch": 4, "gradient_accumulation": 8, "sharding": "fsdp"}),
    ("python qlora.py --model_name_or_path huggyllama/llama-65b --bits 4 --per_device_train_batch_size 1 --gradient_accumulation_steps 16", {**TRAIN, "model_name": "huggyllama/llama-65b", "method": "qlora", "quantization": "nf4", "batch": 1, "gradient_accumulation": 16, "gradient_checkpointing": True, "lora_rank": 64, "target_modules": "all"}),
    ("accelerate launch -m axolotl.cli.train examples/openllama-3b/lora.yml", {"engine": "axolotl", "task": "train"}),
    ("axolotl train config.yml --base-model meta-llama/Llama-3.1-8B --micro-batch-size 2 --num-processes 4", {"engine": "axolotl", "task": "train", "model_name": "meta-llama/Llama-3.1-8B", "batch": 2, "processes": 4}),
    ("llamafactory-cli train examples/train_lora/llama3_lora_sft.yaml", {"engine": "llama-factory", "task": "train"}),
    ("llamafactory-cli train --stage dpo --model_name_or_path Qwen/Qwen2.5-14B-Instruct --finetuning_type lora --quantization_bit 4 --lora_rank 8 --cutoff_len 4096 --per_device_train_batch_size 1", {"engine": "llama-factory", "task": "train", "algorithm": "dpo", "model_name": "Qwen/Qwen2.5-14B-Instruct", "method": "qlora", "quantization": "nf4", "lora_rank": 8, "sequence": 4096, "batch": 1, "gradient_checkpointing": True, "target_modules": "all"}),
    ("llamafactory-cli chat --model_name_or_path Qwen/Qwen2.5-7B-Instruct", {"engine": "llama-factory", "task": "interactive", "model_name": "Qwen/Qwen2.5-7B-Instruct"}),
    ("tune run lora_finetune_single_device --config llama3_1/8B_lora_single_device", {"engine": "torchtune", "task": "train", "model_name": "Llama-3.1-8B", "method": "lora", "batch": 2, "gradient_checkpointing": True, "optimizer": "adamw", "gradient_accumulation": 8, "lora_rank": 8, "target_modules": "q_proj,v_proj,output_proj,gate_proj,up_proj,down_proj", "processes": 1}),
    ("tune run --nproc_per_node 8 full_finetune_distributed --config llama3_1/70B_full", {"engine": "torchtune", "task": "train", "model_name": "Llama-3.1-70B", "method": "full", "processes": 8, "sharding": "fsdp-offload", "optimizer": "adamw", "batch": 2, "gradient_accumulation": 1, "gradient_checkpointing": True}),
    ("tune run qlora_finetune_single_device --config llama2/7B_qlora_single_device batch_size=4", {"engine": "torchtune", "task": "train", "model_name": "Llama-2-7B", "method": "qlora", "batch": 4, "quantization": "nf4", "gradient_checkpointing": True, "optimizer": "adamw", "gradient_accumulation": 8, "lora_rank": 8, "target_modules": "q_proj,v_proj,output_proj,gate_proj,up_proj,down_proj", "processes": 1}),
    ("trl sft --model_name_or_path Qwen/Qwen2.5-0.5B --dataset_name trl-lib/Capybara", {**TRAIN, "algorithm": "sft", "model_name": "Qwen/Qwen2.5-0.5B", "engine": "trl", "sequence": 1024, "batch": 8, "gradient_checkpointing": True, "precision": "amp"}),
    ("trl dpo --model_name_or_path Qwen/Qwen2-7B-Instruct --use_peft --load_in_4bit --lora_r 32 --max_length 2048", {**TRAIN, "algorithm": "dpo", "model_name": "Qwen/Qwen2-7B-Instruct", "method": "qlora", "quantization": "nf4", "lora_rank": 32, "sequence": 2048, "engine": "trl", "batch": 8, "gradient_checkpointing": True, "precision": "amp"}),
    ("accelerate launch --num_processes 8 --config_file deepspeed_zero3.yaml train_grpo.py --model_name_or_path Qwen/Qwen2.5-7B", {**TRAIN, "model_name": "Qwen/Qwen2.5-7B", "processes": 8, "sharding": "zero3", "algorithm": "grpo", "engine": "trl", "sequence": 1024, "batch": 8, "gradient_checkpointing": True, "precision": "amp"}),
    ("torchrun --nnodes 4 --nproc_per_node 8 --rdzv_backend c10d --rdzv_endpoint host:29400 run_clm.py --model_name_or_path gpt2", {**TRAIN, "model_name": "gpt2", "processes": 8, "nodes": 4, "gradient_checkpointing": False}),
    ("torchrun --nnodes=1:4 --nproc_per_node=$NUM_TRAINERS train.py", {**TRAIN}),
    ("CUDA_VISIBLE_DEVICES=0 swift sft --model Qwen/Qwen2.5-7B-Instruct --train_type full --torch_dtype bfloat16 --max_length 2048 --per_device_train_batch_size 1 --deepspeed zero3", {"engine": "ms-swift", "task": "train", "algorithm": "sft", "model_name": "Qwen/Qwen2.5-7B-Instruct", "method": "full", "dtype": "bf16", "sequence": 2048, "batch": 1, "sharding": "zero3", "gradient_checkpointing": True, "processes": 1}),
    ("litgpt finetune_lora microsoft/phi-2 --quantize bnb.nf4 --precision bf16-true --lora_r 16 --train.micro_batch_size 2", {"engine": "litgpt", "task": "train", "model_name": "microsoft/phi-2", "method": "qlora", "quantization": "nf4", "precision": "bf16", "lora_rank": 16, "batch": 2, "processes": 1, "sharding": "fsdp"}),
    ("python -m verl.trainer.main_ppo algorithm.adv_estimator=grpo actor_rollout_ref.model.path=Qwen/Qwen3-8B trainer.n_gpus_per_node=8 trainer.nnodes=2", {"engine": "verl", "task": "train", "algorithm": "grpo", "model_name": "Qwen/Qwen3-8B", "processes": 8, "nodes": 2}),
    ("deepspeed --module openrlhf.cli.train_sft --pretrain meta-llama/Meta-Llama-3-8B --max_len 2048 --micro_train_batch_size 2 --zero_stage 2 --bf16 --gradient_checkpointing", {"engine": "openrlhf", "task": "train", "algorithm": "sft", "model_name": "meta-llama/Meta-Llama-3-8B", "sequence": 2048, "batch": 2, "sharding": "zero2", "precision": "amp", "gradient_checkpointing": True}),
    ("accelerate launch train_dreambooth_lora_sdxl.py --pretrained_model_name_or_path=stabilityai/stable-diffusion-xl-base-1.0 --resolution=1024 --train_batch_size=1 --gradient_accumulation_steps=4 --mixed_precision=fp16 --rank=8", {"engine": "diffusers", "task": "train", "method": "lora", "model_name": "stabilityai/stable-diffusion-xl-base-1.0", "width": 1024, "height": 1024, "batch": 1, "gradient_accumulation": 4, "precision": "amp", "lora_rank": 8, "gradient_checkpointing": False}),
    ("python unsloth-cli.py --model_name unsloth/llama-3-8b --load_in_4bit --max_seq_length 8192 --r 64 --per_device_train_batch_size 4", {"engine": "unsloth", "task": "train", "model_name": "unsloth/llama-3-8b", "method": "qlora", "quantization": "nf4", "sequence": 8192, "lora_rank": 64, "batch": 4, "gradient_checkpointing": True}),
    ("python run_glue.py --model_name_or_path google-bert/bert-base-cased --task_name mrpc --do_train --max_seq_length 128 --per_device_train_batch_size 32", {**TRAIN, "model_name": "google-bert/bert-base-cased", "sequence": 128, "batch": 32, "gradient_checkpointing": False}),
    ("autotrain llm --train --model meta-llama/Llama-3.2-1B --peft --quantization int4 --batch-size 2", {**TRAIN, "model_name": "meta-llama/Llama-3.2-1B", "method": "qlora", "quantization": "nf4", "batch": 2}),
    ("llama-server -hf unsloth/Qwen3-235B-A22B-GGUF:Q4_K_M --n-cpu-moe 80 -ngl 99 -c 8192", {"engine": "llama.cpp", "task": "serve", "model_name": "unsloth/Qwen3-235B-A22B-GGUF:Q4_K_M", "quantization": "gguf:Q4_K_M", "context": 8192, "cpu_offload": "weights", "experts_on_host": 80}),
    ("llama-server.exe -m Qwen3-30B-A3B-Q4_K_M.gguf -ctk q8_0 -ctv q4_0 -fa off -ot exps=CPU", {"engine": "llama.cpp", "task": "serve", "model_name": "Qwen3-30B-A3B-Q4_K_M.gguf", "quantization": "gguf:Q4_K_M", "kv_dtype": "q8_0/q4_0", "flash_attention": False, "cpu_offload": "weights", "experts_on_host": 10000, "text_only": True}),
    ("llama-bench -m Qwen3-8B-Q4_K_M.gguf -d 8192 -ctk q8_0", {"engine": "llama.cpp", "task": "batch", "model_name": "Qwen3-8B-Q4_K_M.gguf", "quantization": "gguf:Q4_K_M", "context": 8832, "kv_dtype": "q8_0/fp16", "text_only": True}),
    ("OLLAMA_CONTEXT_LENGTH=65536 OLLAMA_NUM_PARALLEL=2 OLLAMA_KV_CACHE_TYPE=q8_0 OLLAMA_FLASH_ATTENTION=1 ollama run qwen3:8b", {"engine": "ollama", "task": "serve", "model_name": "qwen3:8b", "quantization": "gguf:Q4_K_M", "context": 65536, "concurrency": 2, "kv_dtype": "q8_0", "flash_attention": True}),
    ("llama-server -m gpt-oss-120b.gguf --cpu-moe -ngl 99", {"engine": "llama.cpp", "task": "serve", "model_name": "gpt-oss-120b.gguf", "quantization": "gguf", "cpu_offload": "weights", "experts_on_host": 10000, "text_only": True}),
    ("yolo detect train model=yolo11m.pt data=coco.yaml imgsz=640 batch=16", {"engine": "ultralytics", "task": "train", "processes": 1}),
    ("yolo segment train model=yolo11m-seg.pt data=coco.yaml device=0,1,2,3", {"engine": "ultralytics", "task": "train", "processes": 4}),
    ("deepspeed --include localhost:4,5,6,7 train.py", {**TRAIN, "processes": 4}),
    ("deepspeed --include worker-0@worker-1:0,2 train.py", {**TRAIN}),
    ("deepspeed --exclude localhost:0 train.py", {**TRAIN}),
    ("python prepare_data.py --dataset wikitext-103 --tokenizer gpt2 --output 100k.bin", {}),
]  # fmt: skip

ROWS: list[Row] = [*SERVE, *TRAINING]
