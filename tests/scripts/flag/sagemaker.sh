for d in a b; do
  aws sagemaker create-training-job --training-job-name "t-$d-$(date +%s)" --cli-input-json file://job.json
done
# expect GS301: 2x2
