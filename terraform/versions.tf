terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }
}

# The provider has no target of its own: it reads the region, the credentials and, for a target other than AWS,
# AWS_ENDPOINT_URL from the environment.
provider "aws" {
  default_tags {
    tags = var.tags
  }
}
