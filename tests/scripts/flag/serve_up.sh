for m in llama mistral; do sky serve up -y -n "$m" serve-$m.yaml; done
# expect GS301: 1x2
