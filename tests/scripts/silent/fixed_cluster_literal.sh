for m in small large; do
  sky launch -c shared --env MODEL=$m eval.yaml -y -d
done
