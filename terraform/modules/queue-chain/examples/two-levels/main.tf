# Two retry levels: payments that fail are replayed after seconds, then after minutes, before SQS moves them to the
# dead-letter queue for a person to review. The package here is a shell script that only logs.

provider "aws" {}

variable "package" {
  description = "Deployment package of the retry functions; null for a shell script that only logs."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Instruction set that the package was built for."
  type        = string
  default     = "arm64"
}

locals {
  package = coalesce(var.package, "${path.module}/../../../retry-level/examples/one-level/retry.zip")
}

module "payments" {
  source = "../.."

  name                   = "payments"
  dead_letter_queue_name = "payments_to_review"

  source_queue = { visibility_timeout_seconds = 180 }
  retry_levels = [module.payments_retry_1.level, module.payments_retry_2.level]
  retry_queues = [module.payments_retry_1.queue, module.payments_retry_2.queue]
}

module "payments_retry_1" {
  source = "../../../retry-level"

  name                = "payments_retry_1"
  level               = 1
  source_queue_name   = module.payments.names["source"]
  redrive_from        = module.payments.redrive_from["retry_1"]
  backoff_cap_seconds = 60
  zip_file            = local.package
  architecture        = var.architecture
}

module "payments_retry_2" {
  source = "../../../retry-level"

  name              = "payments_retry_2"
  level             = 2
  source_queue_name = module.payments.names["source"]
  redrive_from      = module.payments.redrive_from["retry_2"]
  max_attempts      = 6 # three by the first level, three by this one
  retention_seconds = 604800
  zip_file          = local.package
  architecture      = var.architecture
}

output "queue_url" {
  description = "URL of the queue that producers send to."
  value       = module.payments.queues["source"].url
}

output "dead_letter_url" {
  description = "URL of the queue of messages that could not be processed."
  value       = module.payments.queues["dlq"].url
}
