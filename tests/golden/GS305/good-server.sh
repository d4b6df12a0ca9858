sky launch -y -c vllm serve.yaml
vastai create instance 123 --image vllm/vllm-openai --args --model Qwen/Qwen2.5-7B-Instruct
