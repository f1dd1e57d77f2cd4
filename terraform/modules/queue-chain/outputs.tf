output "queues" {
  description = "The queues of this module by key (`source`, `dlq`): name, ARN, URL and the values that the module queue-consumer checks."
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
  description = "Names of the queues of this module by key (`source`, `dlq`), known at plan and without a dependency on the queues."
  value       = local.names
}

output "static_arns" {
  description = "ARNs of the queues of this module by key, built from the names: for IAM policies that must not depend on the queues."
  value       = { for key, queue in module.queue : key => queue.static_arn }
}

output "path" {
  description = "Queue keys in the order that a message takes when it always fails."
  value       = tolist(local.path)
}

output "redrive_from" {
  description = "Names of the queues that may redrive into each queue, by its key: the value of `redrive_from` of each retry level."
  value       = local.redrive_from
}

output "redrive_policy_ids" {
  description = "Ids of the redrive policies by the key of their queue; depend on this output to wait until the queues are linked."
  value       = { for key, policy in aws_sqs_queue_redrive_policy.this : key => policy.id }
}
