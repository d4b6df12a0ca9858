for cfg in train.yaml; do
  sky launch -y -c run $cfg
done
for n in only; do gpu run python a.py $n; done
