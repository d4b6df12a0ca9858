sky launch -y -c worker task.yaml
sky exec worker map.yaml
