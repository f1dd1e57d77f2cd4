# A queue and its dead-letter queue, linked by a redrive policy.

provider "aws" {}

module "invoices" {
  source = "../.."

  name                       = "invoices"
  visibility_timeout_seconds = 180
}

module "invoices_dlq" {
  source = "../.."

  name              = "invoices_dlq"
  retention_seconds = 1209600
  redrive_from      = ["invoices"]
}

resource "aws_sqs_queue_redrive_policy" "invoices" {
  queue_url      = module.invoices.url
  redrive_policy = jsonencode({ deadLetterTargetArn = module.invoices_dlq.arn, maxReceiveCount = 5 })
}

output "queue_url" {
  description = "URL of the queue that producers send to."
  value       = module.invoices.url
}

output "dead_letter_url" {
  description = "URL of the dead-letter queue."
  value       = module.invoices_dlq.url
}
