# A queue with a dead-letter queue, read by a function that exists already, at most ten invocations at a time.

provider "aws" {}

variable "function_name" {
  description = "Name of the function that works on the messages and reports each failure by itself."
  type        = string
  default     = "payments-worker"
}

resource "aws_sqs_queue" "dlq" {
  name                      = "payments_dlq"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "payments" {
  name                       = "payments"
  visibility_timeout_seconds = 180
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dlq.arn, maxReceiveCount = 5 })
}

module "worker" {
  source = "../.."

  queue = {
    arn                        = aws_sqs_queue.payments.arn
    visibility_timeout_seconds = aws_sqs_queue.payments.visibility_timeout_seconds
    max_receive_count          = 5
  }
  function            = { name = var.function_name, timeout_seconds = 30 }
  maximum_concurrency = 10
}

output "mapping" {
  description = "UUID of the event source mapping."
  value       = module.worker.uuid
}
