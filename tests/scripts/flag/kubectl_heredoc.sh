#!/bin/bash
for sample in s1 s2 s3; do
cat <<EOF | kubectl create -f -
apiVersion: batch/v1
kind: Job
metadata:
  name: infer-${sample}
spec:
  template:
    spec:
      containers:
      - name: c
        image: me/infer
        args: ["${sample}"]
        resources:
          limits:
            nvidia.com/gpu: 1
      restartPolicy: Never
EOF
done
# expect GS301: 3x3
