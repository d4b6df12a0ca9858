for model in llama qwen; do
  helm install "vllm-$model" ./chart --set model=$model --set resources.limits."nvidia\.com/gpu"=1
done
# expect GS301: 2x2
