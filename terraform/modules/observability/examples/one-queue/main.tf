# Alarms for a queue, its dead-letter queue and the function between them, with notifications to an optional SNS topic.

provider "aws" {}

variable "topic_arn" {
  description = "ARN of the SNS topic that is notified of alarms; null for none."
  type        = string
  default     = null
}

module "invoices" {
  source = "../../../queue-chain"

  name = "invoices"
}

module "alarms" {
  source = "../.."

  name = "invoices"
  queues = {
    for key, queue in module.invoices.queues : key => {
      name              = queue.name
      retention_seconds = queue.retention_seconds
      dead_letter       = key == "dlq"
    }
  }
  functions     = { worker = { name = "invoices-worker" } }
  alarm_actions = var.topic_arn == null ? [] : [var.topic_arn]
}

output "queue_url" {
  description = "URL of the monitored queue."
  value       = module.invoices.queues["source"].url
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.alarms.alarm_names
}
