IFS=','; for m in $MODELS; do
kubectl run "eval-$m" --image=x --overrides='{"spec":{"containers":[{"resources":{"limits":{"nvidia.com/gpu":1}}}]}}'
done
# expect GS301: 2
