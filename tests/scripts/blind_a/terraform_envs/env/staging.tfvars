cluster       = "ml-staging"
min_gpu_nodes = 0
