for i in {1..10}; do sky jobs launch -p gpu-pool -y -d t.yaml --env I=$i; done
