ids=()
for i in $(cat items.txt); do
  response=$(curl -s --request POST --header 'content-type: application/json' --url "https://api.runpod.io/graphql?api_key=${K}" --data "{\"query\": \"mutation { podFindAndDeployOnDemand( input: { name: \\\"pod-$i\\\" } ) { id } }\"}")
  ids+=("$(echo $response | jq -r .data.id)")
done
# expect GS301: 3
