cluster       = "ml-prod"
min_gpu_nodes = 2
