# A source queue, one retry level and a dead-letter queue. The package here is a shell script that only logs; yours is a
# binary that sends each message back to SOURCE_QUEUE_NAME, delayed.

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

module "orders" {
  source = "../../../queue-chain"

  name         = "orders"
  retry_levels = [module.orders_retry_1.level]
  retry_queues = [module.orders_retry_1.queue]
}

module "orders_retry_1" {
  source = "../.."

  name              = "orders_retry_1"
  level             = 1
  source_queue_name = module.orders.names["source"]
  redrive_from      = module.orders.redrive_from["retry_1"]
  zip_file          = coalesce(var.package, "${path.module}/retry.zip")
  architecture      = var.architecture
}

output "queue_url" {
  description = "URL of the queue that producers send to."
  value       = module.orders.queues["source"].url
}

output "dead_letter_url" {
  description = "URL of the queue of messages that could not be processed."
  value       = module.orders.queues["dlq"].url
}
