while [[ $launched -lt $WANT ]]; do
  id=$(vastai search offers "$Q" --raw | jq -r ".[$launched].id")
  vastai create instance "$id" --image x --disk 10 && launched=$((launched+1))
done
