variable "job_id" {}
variable "dataset" {}
variable "epochs" { default = "10" }

provider "google" {
  project = "vision-lab"
  zone    = "us-central1-a"
}

resource "google_compute_instance" "trainer" {
  name         = "trainer-${var.job_id}"
  machine_type = "g2-standard-8"
  guest_accelerator {
    type  = "nvidia-l4"
    count = 1
  }
  scheduling {
    on_host_maintenance = "TERMINATE"
  }
  boot_disk {
    initialize_params {
      image = "projects/deeplearning-platform-release/global/images/family/common-cu123"
      size  = 100
    }
  }
  network_interface {
    network = "default"
    access_config {}
  }
  metadata_startup_script = templatefile("${path.module}/start.sh", {
    job_id  = var.job_id
    dataset = var.dataset
    epochs  = var.epochs
  })
}
