for job in $(yq '.jobs[].name' sweep.yaml); do
  OUT=$(sky jobs launch -y -d -n "$job" "jobs/$job.yaml" 2>&1) || { echo "$OUT"; continue; }
  ID=$(echo "$OUT" | grep -oP 'Job ID: \K\d+')
  echo "$job $ID" >> ids.txt
done
# expect GS301: 2
