# ruff: noqa: E501 (commands stand as they are written)
"""Commands as people type them, and what somebody who knows the engines reads from each. Written down before any was
run (November 2026). A field that is not listed is not asked for; `None` says that it cannot be known, or is not given.

Files that lie beside the spec stand under `files`; its environment under `env`, its image under `image`."""

from __future__ import annotations

from typing import Any

Row = tuple[str, dict[str, Any]]

CONTAINERS: list[Row] = [
    ("docker run --rm --gpus all -v ~/.cache/huggingface:/root/.cache/huggingface -p 8000:8000 --ipc=host vllm/vllm-openai:v0.9.2 --model Qwen/Qwen2.5-14B-Instruct-AWQ --quantization awq_marlin --max-model-len 16384",
     {"engine": "vllm", "engine_version": "0.9.2", "model_name": "Qwen/Qwen2.5-14B-Instruct-AWQ", "quantization": "awq", "context": 16384, "task": "serve"}),
    ("docker run -d --gpus '\"device=0,1\"' -p 8000:8000 vllm/vllm-openai:latest --model mistralai/Mistral-Small-24B-Instruct-2501 -tp 2",
     {"engine": "vllm", "model_name": "mistralai/Mistral-Small-24B-Instruct-2501", "tensor_parallel": 2, "task": "serve"}),
    ("docker run -d --gpus all --entrypoint /bin/bash vllm/vllm-openai:v0.10.0 -c \"pip install -U transformers && vllm serve Qwen/Qwen3-8B --max-model-len 32768\"",
     {"engine": "vllm", "engine_version": "0.10.0", "model_name": "Qwen/Qwen3-8B", "context": 32768, "task": "serve"}),
    ("docker run --gpus all --shm-size 32g -p 30000:30000 --ipc=host lmsysorg/sglang:latest bash -c \"python3 -m sglang.launch_server --model-path Qwen/Qwen3-32B --tp 4 --host 0.0.0.0 --port 30000\"",
     {"engine": "sglang", "model_name": "Qwen/Qwen3-32B", "tensor_parallel": 4, "task": "serve"}),
    ("docker run --gpus all nvcr.io/nvidia/pytorch:24.07-py3 bash -lc 'cd /workspace && pip install -r requirements.txt && torchrun --nproc_per_node=4 train.py --model_name_or_path meta-llama/Llama-3.1-8B --per_device_train_batch_size 2'",
     {"model_name": "meta-llama/Llama-3.1-8B", "processes": 4, "batch": 2, "task": "train"}),
    ("docker exec -it ollama ollama run llama3.1:70b", {"engine": "ollama", "model_name": "llama3.1:70b", "quantization": "gguf:Q4_K_M"}),
    ("docker run -d --gpus=all -v ollama:/root/.ollama -p 11434:11434 -e OLLAMA_NUM_PARALLEL=8 -e OLLAMA_CONTEXT_LENGTH=16384 --name ollama ollama/ollama\ndocker exec ollama ollama pull qwen2.5:32b",
     {"engine": "ollama", "model_name": "qwen2.5:32b", "concurrency": 8, "context": 16384, "task": "serve"}),
    ("podman run --device nvidia.com/gpu=all --security-opt=label=disable -p 8080:8080 ghcr.io/ggml-org/llama.cpp:server-cuda -hf unsloth/gpt-oss-20b-GGUF:F16 -c 32768 -ngl 99 --host 0.0.0.0",
     {"engine": "llama.cpp", "model_name": "unsloth/gpt-oss-20b-GGUF:F16", "context": 32768, "task": "serve"}),
    ("nerdctl run --gpus all -p 8080:80 ghcr.io/huggingface/text-generation-inference:3.0.1 --model-id mistralai/Mistral-7B-Instruct-v0.3 --num-shard 2 --max-input-tokens 4000 --max-total-tokens 8192",
     {"engine": "tgi", "engine_version": "3.0.1", "model_name": "mistralai/Mistral-7B-Instruct-v0.3", "tensor_parallel": 2, "context": 8192, "task": "serve"}),
    ("docker run --gpus all -e HF_TOKEN -e MODEL_ID=meta-llama/Llama-3.1-70B-Instruct -e NUM_SHARD=4 -e MAX_TOTAL_TOKENS=8192 ghcr.io/huggingface/text-generation-inference:2.4.0",
     {"engine": "tgi", "model_name": "meta-llama/Llama-3.1-70B-Instruct", "tensor_parallel": 4, "context": 8192, "task": "serve"}),
    ("docker run --gpus all --shm-size 1g -p 8080:80 -v $PWD/data:/data ghcr.io/predibase/lorax:main --model-id mistralai/Mistral-7B-Instruct-v0.1 --quantize bitsandbytes-nf4",
     {"engine": "lorax", "model_name": "mistralai/Mistral-7B-Instruct-v0.1", "quantization": "nf4", "task": "serve"}),
    ("docker run --gpus all -p 7997:7997 michaelf34/infinity:0.0.76 v2 --model-id BAAI/bge-m3 --port 7997 --batch-size 64",
     {"engine": "infinity", "model_name": "BAAI/bge-m3", "task": "serve"}),
    ("docker compose run --rm trainer accelerate launch --num_processes 2 train.py --model_name_or_path Qwen/Qwen2.5-3B --per_device_train_batch_size 4",
     {"model_name": "Qwen/Qwen2.5-3B", "processes": 2, "batch": 4, "task": "train"}),
    ("singularity run --nv docker://vllm/vllm-openai:v0.8.5 --model Qwen/Qwen2.5-7B-Instruct --max-model-len 8192",
     {"engine": "vllm", "engine_version": "0.8.5", "model_name": "Qwen/Qwen2.5-7B-Instruct", "context": 8192, "task": "serve"}),
    ("apptainer exec --nv --bind /scratch:/scratch /images/vllm.sif python3 -m vllm.entrypoints.openai.api_server --model /scratch/models/Qwen2.5-72B-Instruct --tensor-parallel-size 4",
     {"engine": "vllm", "model_name": "/scratch/models/Qwen2.5-72B-Instruct", "tensor_parallel": 4, "task": "serve"}),
    ("srun --ntasks=1 --gpus-per-node=4 --container-image=vllm/vllm-openai:v0.8.5 vllm serve Qwen/Qwen2.5-32B-Instruct --tensor-parallel-size 4",
     {"engine": "vllm", "model_name": "Qwen/Qwen2.5-32B-Instruct", "tensor_parallel": 4, "task": "serve"}),
    ("docker run --gpus all -e MODEL_NAME=NousResearch/Hermes-3-Llama-3.1-8B -e MAX_MODEL_LEN=8192 runpod/worker-v1-vllm:v2.7.0stable-cuda12.1.0",
     {"engine": "vllm", "model_name": "NousResearch/Hermes-3-Llama-3.1-8B", "context": 8192, "task": "serve"}),
    ("docker run --gpus all -it --rm nvcr.io/nvidia/tritonserver:24.10-trtllm-python-py3 mpirun -n 2 --allow-run-as-root trtllm-llmapi-launch trtllm-serve meta-llama/Llama-3.1-8B-Instruct --tp_size 2 --max_batch_size 64",
     {"engine": "tensorrt-llm", "model_name": "meta-llama/Llama-3.1-8B-Instruct", "tensor_parallel": 2, "concurrency": 64, "task": "serve"}),
]  # fmt: skip

SERVERS: list[Row] = [
    ("lorax-launcher --model-id meta-llama/Llama-2-13b-hf --num-shard 2 --max-total-tokens 4096 --port 8080",
     {"engine": "lorax", "model_name": "meta-llama/Llama-2-13b-hf", "tensor_parallel": 2, "context": 4096, "task": "serve"}),
    ("./llama-server.exe -m models/Qwen3-30B-A3B-Q4_K_M.gguf -c 16384 -ngl 99 --port 8080",
     {"engine": "llama.cpp", "model_name": "models/Qwen3-30B-A3B-Q4_K_M.gguf", "quantization": "gguf:Q4_K_M", "context": 16384, "task": "serve"}),
    ("./llama.cpp/build/bin/llama-server --model /workspace/models/DeepSeek-R1-Distill-Llama-70B-Q4_K_M.gguf --ctx-size 8192 --n-gpu-layers 81 --parallel 4",
     {"engine": "llama.cpp", "quantization": "gguf:Q4_K_M", "context": 2048, "concurrency": 4, "task": "serve"}),
    ("llama-server --hf-repo unsloth/Qwen3-32B-GGUF --hf-file Qwen3-32B-Q4_K_M.gguf --ctx-size 32768",
     {"engine": "llama.cpp", "quantization": "gguf:Q4_K_M", "context": 32768, "task": "serve"}),
    ("./main -m ./models/llama-2-13b-chat.Q4_0.gguf -n 256 -ngl 40 -c 4096", {"engine": "llama.cpp", "quantization": "gguf:Q4_0", "context": 4096, "task": "batch"}),
    ("python koboldcpp.py --model Mistral-Nemo-Instruct-2407-Q6_K.gguf --contextsize 16384 --gpulayers 99 --usecublas --port 5001",
     {"engine": "koboldcpp", "model_name": "Mistral-Nemo-Instruct-2407-Q6_K.gguf", "quantization": "gguf:Q6_K", "context": 16384, "task": "serve"}),
    ("python -m llama_cpp.server --model ./models/Meta-Llama-3.1-8B-Instruct-Q5_K_M.gguf --n_ctx 8192 --n_gpu_layers -1 --host 0.0.0.0",
     {"engine": "llama.cpp", "quantization": "gguf:Q5_K_M", "context": 8192, "task": "serve"}),
    ("python -m dynamo.sglang --model-path deepseek-ai/DeepSeek-R1-Distill-Llama-8B --served-model-name r1 --tp-size 2 --page-size 16",
     {"engine": "sglang", "model_name": "deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "tensor_parallel": 2, "task": "serve"}),
    ("python3 -m dynamo.sglang.worker --model-path Qwen/Qwen3-14B --tp 2 --trust-remote-code",
     {"engine": "sglang", "model_name": "Qwen/Qwen3-14B", "tensor_parallel": 2, "task": "serve"}),
    ("python3 -m dynamo.frontend --http-port 8000 &\npython3 -m dynamo.vllm --model Qwen/Qwen3-0.6B --max-model-len 4096 --is-prefill-worker",
     {"engine": "vllm", "model_name": "Qwen/Qwen3-0.6B", "context": 4096, "task": "serve"}),
    ("dynamo run in=http out=vllm Qwen/Qwen3-4B --tensor-parallel-size 2", {"engine": "vllm", "model_name": "Qwen/Qwen3-4B", "tensor_parallel": 2, "task": "serve"}),
    ("vllm serve meta-llama/Llama-3.1-8B-Instruct --tensor_parallel_size 2 --enable_lora --max_loras 4 --max_lora_rank 64 --lora-modules sql=/adapters/sql",
     {"engine": "vllm", "tensor_parallel": 2, "serves_adapters": True, "adapters": 4, "lora_rank": 64, "task": "serve"}),
    ("vllm serve Qwen/Qwen3-30B-A3B-Instruct-2507 --max-model-len=32K -tp=2 --kv-cache-dtype=fp8_e4m3 --quantization=fp8",
     {"model_name": "Qwen/Qwen3-30B-A3B-Instruct-2507", "context": 32768, "tensor_parallel": 2, "kv_dtype": "fp8", "quantization": "fp8"}),
    ("vllm serve Qwen/Qwen2.5-72B-Instruct --tensor-parallel-size 4 --max-model-len $((32 * 1024)) --rope-scaling '{\"rope_type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":32768}'",
     {"tensor_parallel": 4, "context": 32768}),
    ("PROMPT=3000; OUT=1096\nvllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len $((PROMPT+OUT))", {"context": 4096}),
    ("(( CTX = 8 * 1024 ))\nvllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len $CTX", {"context": 8192}),
    ("let CTX=4096*2\nvllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len \"$CTX\"", {"context": 8192}),
    ("CTX=$(expr 4096 + 512)\nvllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len $CTX", {"context": 4608}),
    ("if [ -f ready ]; then vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len $((2*4096)); fi", {"context": 8192}),
    ("for port in 8000; do vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len $((2*4096)) --port $port; done", {"context": 8192}),
    ("NPROC=$(nvidia-smi -L | wc -l)\nvllm serve Qwen/Qwen2.5-72B-Instruct --tensor-parallel-size $NPROC", {"tensor_parallel": 4}),
    ("python -m sglang.launch_server --model-path meta-llama/Llama-3.1-405B-Instruct-FP8 --tp $((2*8)) --nnodes 2 --node-rank 0 --dist-init-addr 10.0.0.1:5000",
     {"engine": "sglang", "tensor_parallel": 16, "nodes": 2, "task": "serve"}),
    ("python3 -m sglang.launch_server --model meta-llama/Llama-3.1-8B-Instruct --speculative-algorithm EAGLE3 --speculative-draft-model-path lmsys/sglang-EAGLE3-LLaMA3.1-Instruct-8B --speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4 --mem-fraction-static 0.8",
     {"engine": "sglang", "draft": "lmsys/sglang-EAGLE3-LLaMA3.1-Instruct-8B", "memory_utilization": 0.8, "task": "serve"}),
    ("python3 -m sglang.launch_server --model-path Qwen/Qwen3-32B --speculative-algo STANDALONE --speculative-draft-model Qwen/Qwen3-0.6B --tp-size 2",
     {"draft": "Qwen/Qwen3-0.6B", "tensor_parallel": 2}),
    ("python3 -m sglang.launch_server --model-path XiaomiMiMo/MiMo-7B-RL --speculative-algorithm NEXTN --trust-remote-code", {"draft": "XiaomiMiMo/MiMo-7B-RL"}),
    ("python3 -m sglang.launch_server --model-path Qwen/Qwen3-8B --speculative-algorithm NGRAM", {"draft": None, "drafts": None, "other_models": None}),
    ("python -m sglang.launch_server --model-path Qwen/Qwen3-235B-A22B --tp 8 --enable-dp-attention --dp 8 --ep 8 --max-running-requests 256 --context-length 32768 --kv-cache-dtype fp8_e5m2",
     {"tensor_parallel": 8, "expert_parallel": 8, "concurrency": 256, "context": 32768, "kv_dtype": "fp8"}),
    ("vllm serve meta-llama/Llama-3.1-8B-Instruct --speculative-config '{\"model\":\"yuhuili/EAGLE-LLaMA3.1-Instruct-8B\",\"num_speculative_tokens\":3,\"method\":\"eagle\"}'",
     {"draft": "yuhuili/EAGLE-LLaMA3.1-Instruct-8B"}),
    ("vllm serve zai-org/GLM-4.5-Air-FP8 --tensor-parallel-size 4 --speculative-config.method mtp --speculative-config.num_speculative_tokens 1", {"drafts": True, "tensor_parallel": 4}),
    ("vllm serve Qwen/Qwen2.5-7B-Instruct --speculative_config '{\"method\": \"ngram\", \"num_speculative_tokens\": 5, \"prompt_lookup_max\": 4}'", {"draft": None, "drafts": None, "other_models": None}),
    ("python -m vllm.entrypoints.openai.api_server --model facebook/opt-6.7b --speculative-model '[ngram]' --num-speculative-tokens 5 --ngram-prompt-lookup-max 4", {"draft": None, "other_models": None}),
    ("vllm serve meta-llama/Llama-3.3-70B-Instruct -tp 4 --speculative-config.model meta-llama/Llama-3.2-1B-Instruct --speculative-config.num_speculative_tokens 5", {"draft": "meta-llama/Llama-3.2-1B-Instruct"}),
    ("export OLLAMA_NUM_PARALLEL=4 OLLAMA_CONTEXT_LENGTH=32768 OLLAMA_KV_CACHE_TYPE=q8_0 OLLAMA_FLASH_ATTENTION=1\nnohup ollama serve > ollama.log 2>&1 &\nsleep 10\nollama pull qwen2.5:32b\nwait",
     {"engine": "ollama", "model_name": "qwen2.5:32b", "context": 32768, "concurrency": 4, "kv_dtype": "q8_0", "flash_attention": True, "task": "serve"}),
    ("ollama run hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0", {"engine": "ollama", "quantization": "gguf:Q8_0"}),
    ("text-generation-launcher --model-id TheBloke/Llama-2-70B-chat-GPTQ --quantize gptq --num-shard 2 --sharded true --max-batch-prefill-tokens 4096",
     {"engine": "tgi", "quantization": "gptq-int4", "tensor_parallel": 2, "max_batched_tokens": 4096}),
    ("text-generation-launcher --model-id mistralai/Mixtral-8x7B-Instruct-v0.1 --quantize bitsandbytes-nf4 --max-input-length 3072 --max-total-tokens 4096",
     {"quantization": "nf4", "context": 4096}),
    ("lmdeploy serve api_server internlm/internlm2_5-20b-chat --tp 2 --session-len 32768 --cache-max-entry-count 0.5 --quant-policy 8 --backend turbomind",
     {"engine": "lmdeploy", "tensor_parallel": 2, "context": 32768, "kv_dtype": "int8"}),
    ("lm_eval --model vllm --model_args pretrained=meta-llama/Llama-3.1-8B,tensor_parallel_size=2,gpu_memory_utilization=0.8,max_model_len=4096 --tasks gsm8k --batch_size auto",
     {"engine": "vllm", "model_name": "meta-llama/Llama-3.1-8B", "tensor_parallel": 2, "context": 4096, "memory_utilization": 0.8, "task": "batch"}),
    ("lm_eval --model hf --model_args pretrained=EleutherAI/pythia-6.9b,dtype=float16 --tasks hellaswag --batch_size 8",
     {"engine": "transformers", "model_name": "EleutherAI/pythia-6.9b", "dtype": "fp16", "task": "batch"}),
    ("python3 -m fastchat.serve.controller &\npython3 -m fastchat.serve.model_worker --model-path lmsys/vicuna-13b-v1.5 --num-gpus 2 --load-8bit",
     {"engine": "fastchat", "model_name": "lmsys/vicuna-13b-v1.5", "quantization": "int8", "tensor_parallel": 2}),
    ("./Meta-Llama-3.1-8B-Instruct.Q6_K.llamafile --server --nobrowser -ngl 999 -c 8192 --host 0.0.0.0",
     {"engine": "llamafile", "quantization": "gguf:Q6_K", "context": 8192, "task": "serve"}),
    ("MODEL=${MODEL:-Qwen/Qwen2.5-7B-Instruct}\nARGS=\"--model $MODEL\"\nARGS=\"$ARGS --tensor-parallel-size 2\"\nnohup python3 -u -m vllm.entrypoints.openai.api_server $ARGS > vllm.log 2>&1 &\ntail -f vllm.log",
     {"engine": "vllm", "model_name": "Qwen/Qwen2.5-7B-Instruct", "tensor_parallel": 2, "task": "serve"}),
    ("CMD=(vllm serve Qwen/Qwen3-8B)\nCMD+=(--max-model-len 8192)\nexec \"${CMD[@]}\"", {"model_name": "Qwen/Qwen3-8B", "context": 8192, "task": "serve"}),
    ("tmux new-session -d -s vllm 'source ~/venv/bin/activate && vllm serve Qwen/Qwen3-8B --max-model-len 8192'\nsleep infinity", {"model_name": "Qwen/Qwen3-8B", "context": 8192, "task": "serve"}),
    ("conda run -n vllm --no-capture-output vllm serve Qwen/Qwen3-8B --max-num-seqs 16", {"model_name": "Qwen/Qwen3-8B", "concurrency": 16, "task": "serve"}),
    ("numactl --cpunodebind=0 --membind=0 vllm serve Qwen/Qwen3-8B --max-num-seqs 16", {"model_name": "Qwen/Qwen3-8B", "concurrency": 16, "task": "serve"}),
    ("poetry run python -m vllm.entrypoints.openai.api_server --model Qwen/Qwen3-8B", {"engine": "vllm", "model_name": "Qwen/Qwen3-8B", "task": "serve"}),
    ("uvx --from vllm==0.10.1 vllm serve Qwen/Qwen3-8B", {"engine": "vllm", "model_name": "Qwen/Qwen3-8B", "engine_version": "0.10.1", "task": "serve"}),
]  # fmt: skip

FOLDERS: list[Row] = [
    ("git lfs install && git clone https://huggingface.co/Qwen/Qwen2.5-7B-Instruct && vllm serve ./Qwen2.5-7B-Instruct --max-model-len 8192", {"model_name": "Qwen/Qwen2.5-7B-Instruct", "context": 8192}),
    ("git clone --depth 1 https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-32B /workspace/model\npython -m sglang.launch_server --model-path /workspace/model --tp 2", {"model_name": "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "tensor_parallel": 2}),
    ("GIT_LFS_SKIP_SMUDGE=0 git clone https://huggingface.co/google/gemma-2-27b-it.git\ncd gemma-2-27b-it && git lfs pull && cd ..\nvllm serve gemma-2-27b-it", {"model_name": "google/gemma-2-27b-it"}),
    ("git clone git@hf.co:Qwen/Qwen2.5-14B-Instruct m\nvllm serve m", {"model_name": "Qwen/Qwen2.5-14B-Instruct"}),
    ("huggingface-cli download Qwen/Qwen3-14B-AWQ --local-dir /models/m\nvllm serve /models/m", {"model_name": "Qwen/Qwen3-14B-AWQ", "quantization": "awq"}),
    ("hf download --local-dir ./weights --token $HF_TOKEN meta-llama/Llama-3.1-8B-Instruct\nvllm serve ./weights", {"model_name": "meta-llama/Llama-3.1-8B-Instruct"}),
    ("MODEL_DIR=/workspace/models\nhuggingface-cli download Qwen/Qwen2.5-32B-Instruct --local-dir=$MODEL_DIR/q --local-dir-use-symlinks False\ncd /workspace && vllm serve models/q -tp 2", {"model_name": "Qwen/Qwen2.5-32B-Instruct", "tensor_parallel": 2}),
    ("huggingface-cli download bartowski/Meta-Llama-3.1-8B-Instruct-GGUF Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf --local-dir ./models\nllama-server -m ./models/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf -c 8192", {"quantization": "gguf:Q4_K_M", "context": 8192}),
    ("wget https://huggingface.co/TheBloke/Mistral-7B-Instruct-v0.2-GGUF/resolve/main/mistral-7b-instruct-v0.2.Q5_K_M.gguf -O model.gguf && ./llama-server -m model.gguf", {"quantization": "gguf:Q5_K_M", "engine": "llama.cpp"}),
    ("wget -q https://huggingface.co/bartowski/Qwen2.5-7B-Instruct-GGUF/resolve/main/Qwen2.5-7B-Instruct-Q6_K_L.gguf -P models/\n./llama-server -m models/Qwen2.5-7B-Instruct-Q6_K_L.gguf", {"engine": "llama.cpp"}),
    ("modelscope download --model Qwen/Qwen2.5-7B-Instruct --local_dir ./m && python -m sglang.launch_server --model-path ./m", {"model_name": "Qwen/Qwen2.5-7B-Instruct"}),
    ("python -c \"from huggingface_hub import snapshot_download; snapshot_download('Qwen/Qwen2.5-7B-Instruct', local_dir='/data/m')\"\nvllm serve /data/m", {"model_name": "Qwen/Qwen2.5-7B-Instruct"}),
    ("aws s3 cp s3://bucket/llama-3.1-8b-instruct ./m --recursive\nvllm serve ./m", {"model_name": "./m"}),
]  # fmt: skip

_FACTORY_YAML = """model_name_or_path: Qwen/Qwen2.5-7B-Instruct
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 16
cutoff_len: 4096
per_device_train_batch_size: 2
gradient_accumulation_steps: 8
bf16: true
"""
_ZERO3 = '{"zero_optimization": {"stage": 3, "offload_optimizer": {"device": "cpu"}}, "train_micro_batch_size_per_gpu": "auto"}'
_ACCELERATE = """compute_environment: LOCAL_MACHINE
distributed_type: FSDP
fsdp_config:
  fsdp_sharding_strategy: FULL_SHARD
  fsdp_activation_checkpointing: true
mixed_precision: bf16
num_machines: 1
num_processes: 4
"""

TRAINERS: list[Row] = [
    ("python3 -m verl.trainer.main_ppo algorithm.adv_estimator=grpo data.train_batch_size=1024 data.max_prompt_length=512 data.max_response_length=1024 actor_rollout_ref.model.path=Qwen/Qwen2.5-7B-Instruct actor_rollout_ref.rollout.tensor_model_parallel_size=2 actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=8 trainer.n_gpus_per_node=4 trainer.nnodes=1",
     {"engine": "verl", "model_name": "Qwen/Qwen2.5-7B-Instruct", "algorithm": "grpo", "batch": 8, "processes": 4, "nodes": 1, "task": "train"}),
    ("uv run --isolated --extra vllm -m skyrl_train.entrypoints.main_base data.train_data=\"['/root/data/gsm8k/train.parquet']\" trainer.algorithm.advantage_estimator=grpo trainer.policy.model.path=\"Qwen/Qwen2.5-1.5B-Instruct\" trainer.placement.colocate_all=true trainer.strategy=fsdp2 generator.num_inference_engines=4 generator.inference_engine_tensor_parallel_size=1 trainer.micro_train_batch_size_per_gpu=8",
     {"engine": "skyrl", "model_name": "Qwen/Qwen2.5-1.5B-Instruct", "algorithm": "grpo", "batch": 8, "task": "train"}),
    ("python -m src.train +model=mistralai/Mistral-7B-v0.1 training.per_device_train_batch_size=4 ++training.gradient_accumulation_steps=2", {"model_name": "mistralai/Mistral-7B-v0.1", "batch": 4, "gradient_accumulation": 2, "task": "train"}),
    ("python train.py model.name=meta-llama/Llama-3.2-3B trainer.max_steps=1000 data.batch_size=8", {"model_name": "meta-llama/Llama-3.2-3B", "task": "train"}),
    ("python scripts/train.py model=llama3_8b experiment=sft", {"model_name": None, "task": "train"}),
    ("ray job submit --address=http://127.0.0.1:8265 --runtime-env-json='{\"working_dir\": \"/openrlhf\"}' -- python3 -m openrlhf.cli.train_ppo_ray --pretrain OpenRLHF/Llama-3-8b-sft-mixture --micro_train_batch_size 8 --zero_stage 3 --actor_num_gpus_per_node 4 --bf16",
     {"engine": "openrlhf", "model_name": "OpenRLHF/Llama-3-8b-sft-mixture", "algorithm": "ppo", "batch": 8, "sharding": "zero3", "task": "train"}),
    ("ray submit cluster.yaml train.py --model_name_or_path mistralai/Mistral-7B-v0.1 --per_device_train_batch_size 2", {"model_name": "mistralai/Mistral-7B-v0.1", "batch": 2, "task": "train"}),
    ("torchrun --nproc_per_node 1 example_chat_completion.py --ckpt_dir llama-2-7b-chat/ --tokenizer_path tokenizer.model --max_seq_len 512 --max_batch_size 6",
     {"model_name": "llama-2-7b-chat", "context": 512, "concurrency": 6, "tensor_parallel": 1, "task": "batch"}),
    ("torchrun --nproc_per_node 8 example_text_completion.py --ckpt_dir /data/Meta-Llama-3-70B/ --tokenizer_path /data/Meta-Llama-3-70B/tokenizer.model --max_seq_len 128 --max_batch_size 4",
     {"model_name": "/data/Meta-Llama-3-70B", "tensor_parallel": 8, "task": "batch"}),
    ("python finetune.py --model_name_or_path meta-llama/Llama-2-7b-hf --load_in_4bit True --bnb_4bit_quant_type nf4 --bnb_4bit_compute_dtype bfloat16 --bnb_4bit_use_double_quant True --lora_r 64 --per_device_train_batch_size 4",
     {"method": "qlora", "quantization": "nf4-dq", "lora_rank": 64, "batch": 4, "task": "train"}),
    ("python finetune.py --model_name_or_path meta-llama/Llama-2-7b-hf --load_in_4bit false --use_lora true --lora_r 16 --per_device_train_batch_size 4", {"method": "lora", "quantization": None, "lora_rank": 16, "task": "train"}),
    ("python sft.py --model_name_or_path Qwen/Qwen2.5-14B --use_peft --load_in_4bit --use_bnb_nested_quant --lora_r 32", {"method": "qlora", "quantization": "nf4-dq", "lora_rank": 32, "task": "train"}),
    ("python unsloth-cli.py --model_name unsloth/llama-3-8b --max_seq_length 8192 --dtype None --load_in_4bit --r 64 --lora_alpha 32 --per_device_train_batch_size 4 --gradient_accumulation_steps 8 --max_steps 400",
     {"engine": "unsloth", "method": "qlora", "sequence": 8192, "lora_rank": 64, "batch": 4, "gradient_accumulation": 8, "steps": 400, "dtype": None, "task": "train"}),
    ("llamafactory-cli train qwen.yaml", {"files": {"qwen.yaml": _FACTORY_YAML}, "engine": "llama-factory", "model_name": "Qwen/Qwen2.5-7B-Instruct", "method": "lora", "lora_rank": 16, "sequence": 4096, "batch": 2, "task": "train"}),
    ("llamafactory-cli train qwen.yaml per_device_train_batch_size=8 cutoff_len=2048", {"files": {"qwen.yaml": _FACTORY_YAML}, "engine": "llama-factory", "batch": 8, "sequence": 2048, "lora_rank": 16}),
    ("FORCE_TORCHRUN=1 NNODES=1 NPROC_PER_NODE=4 llamafactory-cli train qwen.yaml", {"files": {"qwen.yaml": _FACTORY_YAML}, "processes": 4, "nodes": 1, "batch": 2}),
    ("cd LLaMA-Factory && python src/train.py ../qwen.yaml", {"files": {"qwen.yaml": _FACTORY_YAML}, "engine": "llama-factory", "model_name": "Qwen/Qwen2.5-7B-Instruct", "method": "lora", "task": "train"}),
    ("python src/train.py qwen.yaml", {"files": {"qwen.yaml": _FACTORY_YAML}, "engine": "llama-factory", "model_name": "Qwen/Qwen2.5-7B-Instruct", "method": "lora", "task": "train"}),
    ("lmf train qwen.yaml", {"files": {"qwen.yaml": _FACTORY_YAML}, "engine": "llama-factory", "method": "lora", "task": "train"}),
    ("CUDA_VISIBLE_DEVICES=0 python src/train_bash.py --stage sft --do_train --model_name_or_path baichuan-inc/Baichuan2-13B-Chat --finetuning_type lora --quantization_bit 4 --per_device_train_batch_size 4",
     {"engine": "llama-factory", "method": "qlora", "processes": 1, "batch": 4, "task": "train"}),
    ("deepspeed --num_gpus 4 src/train.py --deepspeed configs/ds_z3_config.json --stage sft --do_train --model_name_or_path Qwen/Qwen2.5-32B --finetuning_type full --per_device_train_batch_size 1",
     {"engine": "llama-factory", "method": "full", "sharding": "zero3", "processes": 4, "batch": 1, "task": "train"}),
    ("accelerate launch --config_file fsdp.yaml train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1", {"files": {"fsdp.yaml": _ACCELERATE}, "sharding": "fsdp", "processes": 4, "nodes": 1, "gradient_checkpointing": True, "batch": 1, "task": "train"}),
    ("deepspeed --include localhost:0,1 finetune.py --model_name_or_path facebook/opt-6.7b --deepspeed ds.json --per_device_train_batch_size 2", {"files": {"ds.json": _ZERO3}, "sharding": "zero3-offload", "processes": 2, "batch": 2, "task": "train"}),
    ("mpirun -np 4 --allow-run-as-root -x NCCL_DEBUG=INFO python train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1", {"model_name": "Qwen/Qwen2.5-7B", "batch": 1, "task": "train"}),
    ("torchrun --nnodes $SKYPILOT_NUM_NODES --node_rank $SKYPILOT_NODE_RANK --nproc_per_node $SKYPILOT_NUM_GPUS_PER_NODE train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1",
     {"nodes": 1, "processes": 4, "task": "train"}),
    ("accelerate launch --num_machines ${SKYPILOT_NUM_NODES} --num_processes $((SKYPILOT_NUM_NODES * SKYPILOT_NUM_GPUS_PER_NODE)) train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1",
     {"nodes": 1, "processes": 4, "task": "train"}),
    ("HEAD=$(echo \"$SKYPILOT_NODE_IPS\" | head -n1)\nif [ \"$SKYPILOT_NODE_RANK\" = 0 ]; then vllm serve Qwen/Qwen2.5-72B-Instruct --tensor-parallel-size 4; fi", {"nodes": 1, "tensor_parallel": 4, "task": "serve"}),
    ("torchrun --nnodes 4 --nproc_per_node 8 train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1", {"nodes": 4, "processes": 8, "task": "train"}),
    ("srun --nodes=1 --ntasks-per-node=1 --gres=gpu:4 bash -c 'torchrun --nnodes $SLURM_NNODES --nproc_per_node 4 train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1'", {"processes": 4, "batch": 1, "task": "train"}),
    ("swift sft --model Qwen/Qwen2.5-7B-Instruct --train_type lora --lora_rank 16 --per_device_train_batch_size 2 --max_length 4096 --torch_dtype bfloat16", {"engine": "ms-swift", "method": "lora", "lora_rank": 16, "batch": 2, "sequence": 4096, "dtype": "bf16", "task": "train"}),
    ("singularity exec --nv train.sif accelerate launch --multi_gpu --num_processes=4 train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1", {"processes": 4, "sharding": "ddp", "task": "train"}),
    ("uv run --with trl --with peft trl sft --model_name_or_path Qwen/Qwen2.5-3B --use_peft --lora_r 32 --per_device_train_batch_size 2", {"engine": "trl", "method": "lora", "lora_rank": 32, "batch": 2, "task": "train"}),
]  # fmt: skip

ROWS: list[Row] = [*CONTAINERS, *SERVERS, *FOLDERS, *TRAINERS]
