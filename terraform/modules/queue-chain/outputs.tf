output "queues" {
  description = "The queues made here by key (`source`, `dlq`): name, ARN, URL and the numbers that a consumer must respect."
  value = {
    for key, queue in module.queue : key => {
      name                       = queue.name
      arn                        = queue.arn
      url                        = queue.url
      visibility_timeout_seconds = queue.visibility_timeout_seconds
      retention_seconds          = queue.retention_seconds
      max_receive_count          = key == "source" ? var.source_queue.max_receive_count : null
    }
  }
}

output "names" {
  description = "Names of the queues made here by key (`source`, `dlq`), known at plan and without a dependency on the queues."
  value       = local.names
}

output "static_arns" {
  description = "ARNs of the queues made here by key, built from the names: for IAM policies that must not wait for the queues."
  value       = { for key, queue in module.queue : key => queue.static_arn }
}

output "path" {
  description = "Queue keys in the order in which a message that keeps failing visits them."
  value       = tolist(local.path)
}

output "redrive_from" {
  description = "By queue key, the names of the queues that SQS moves messages from: `redrive_from` of each retry level."
  value       = local.redrive_from
}

output "redrive_policy_ids" {
  description = "Ids of the redrive policies by the key of the queue they empty; depend on this to wait until the chain is linked."
  value       = { for key, policy in aws_sqs_queue_redrive_policy.this : key => policy.id }
}
