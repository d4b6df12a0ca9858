cluster       = "ml-dev"
min_gpu_nodes = 0
