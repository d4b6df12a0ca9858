variable "min_gpu_nodes" {}
variable "cluster" {}

resource "google_container_node_pool" "gpu" {
  name    = "gpu"
  cluster = var.cluster
  autoscaling {
    min_node_count = var.min_gpu_nodes
    max_node_count = 8
  }
  node_config {
    machine_type = "g2-standard-12"
    guest_accelerator {
      type  = "nvidia-l4"
      count = 1
    }
  }
}
