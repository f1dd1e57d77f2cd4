terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }
}

# The target is chosen by the environment alone: region, credentials and, for anything but AWS itself, AWS_ENDPOINT_URL.
provider "aws" {
  default_tags {
    tags = var.tags
  }
}
