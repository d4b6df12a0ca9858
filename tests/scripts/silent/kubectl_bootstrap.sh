for i in 1 2 3; do kubectl apply -f gpu-job.yaml && break; sleep 5; done
for ns in a b; do kubectl create configmap cm-$ns --from-file=x -n $ns; done # gpu cluster
for c in nvidia-device-plugin gpu-operator; do helm install $c nvidia/$c; done
