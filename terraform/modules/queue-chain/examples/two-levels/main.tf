# Payments that fail wait ten seconds, then two minutes, before a person has to look at them.

provider "aws" {}

module "payments" {
  source = "../.."

  name                   = "payments"
  dead_letter_queue_name = "payments_to_review"

  source_queue = { visibility_timeout_seconds = 180 }
  retry_levels = [
    { delay_seconds = 10, visibility_timeout_seconds = 180, max_receive_count = 5 },
    { delay_seconds = 120, visibility_timeout_seconds = 180, max_receive_count = 5, retention_seconds = 604800 },
  ]
}

output "send_to" {
  description = "URL of the queue that producers send to."
  value       = module.payments.queues["source"].url
}
