# Alarms for a queue, its dead-letter queue and the function between them, sent to a topic.

provider "aws" {}

resource "aws_sns_topic" "on_call" {
  name = "on-call"
}

module "alarms" {
  source = "../.."

  name = "payments"
  queues = {
    payments = { name = "payments", retention_seconds = 345600 }
    dlq      = { name = "payments_dlq", retention_seconds = 1209600, dead_letter = true }
  }
  functions     = { worker = { name = "payments-worker" } }
  alarm_actions = [aws_sns_topic.on_call.arn]
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.alarms.alarm_names
}
