for model in a b; do
  sky jobs launch --pool eval-pool -y -d eval.yaml --env M=$model
  sky launch -c shared-$USER -y eval.yaml --env M=$model
done
