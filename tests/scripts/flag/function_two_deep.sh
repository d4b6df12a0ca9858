#!/usr/bin/env bash
submit() { sky jobs launch -y -n "$1" "$2"; }
run_experiment() {
  echo ">> $1"
  submit "exp-$1" "configs/$1.yaml"
}
while IFS= read -r line; do
  [ -z "$line" ] && continue
  run_experiment "$line"
done < experiments.txt
# expect GS301: 2
