# A queue with a dead-letter queue and a function that reads it, with at most ten concurrent invocations. The function
# here is a shell script that only logs.

provider "aws" {}

module "payments" {
  source = "../../../queue-chain"

  name         = "payments"
  source_queue = { visibility_timeout_seconds = 180 }
}

module "worker" {
  source = "../../../go-function"

  name            = "payments-worker"
  zip_file        = "${path.module}/../../../go-function/examples/hello/hello.zip"
  timeout_seconds = 30
  policy_statements = [{
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [module.payments.static_arns["source"]]
  }]
}

module "worker_mapping" {
  source = "../.."

  queue               = module.payments.queues["source"]
  function            = { name = module.worker.name, timeout_seconds = module.worker.timeout_seconds }
  maximum_concurrency = 10
}

output "queue_url" {
  description = "URL of the queue that producers send to."
  value       = module.payments.queues["source"].url
}

output "log_group" {
  description = "Log group of the function."
  value       = module.worker.log_group_name
}
