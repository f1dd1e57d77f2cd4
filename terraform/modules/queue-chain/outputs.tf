output "queues" {
  description = "Every queue by its key (`source`, `retry_1` and so on, `dlq`): name, ARN, URL and the numbers that a consumer must respect."
  value = {
    for key, queue in aws_sqs_queue.this : key => {
      name                       = queue.name
      arn                        = queue.arn
      url                        = queue.url
      visibility_timeout_seconds = queue.visibility_timeout_seconds
      retention_seconds          = queue.message_retention_seconds
      max_receive_count          = local.queues[key].max_receive_count
    }
  }
}

output "names" {
  description = "Queue names by key, known at plan and without a dependency on the queues."
  value       = local.names
}

output "static_arns" {
  description = "Queue ARNs by key, built from the names: for IAM policies that must not wait for the queues."
  value       = local.static_arns
}

output "path" {
  description = "Queue keys in the order in which a message that keeps failing visits them."
  value       = tolist(local.path)
}

output "redrive_policy_ids" {
  description = "Ids of the redrive policies by the key of the queue they empty; depend on this to wait until the chain is linked."
  value       = { for key, policy in aws_sqs_queue_redrive_policy.this : key => policy.id }
}
