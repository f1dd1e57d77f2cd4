output "name" {
  description = "Name of the queue, once it exists."
  value       = aws_sqs_queue.this.name
}

output "arn" {
  description = "ARN of the queue."
  value       = aws_sqs_queue.this.arn
}

output "url" {
  description = "URL of the queue."
  value       = aws_sqs_queue.this.url
}

output "static_arn" {
  description = "ARN of the queue, built from its name: for IAM policies that must not depend on the queue."
  value       = local.static_arn
}

output "visibility_timeout_seconds" {
  description = "How long a message stays hidden after it is received."
  value       = aws_sqs_queue.this.visibility_timeout_seconds
}

output "retention_seconds" {
  description = "Age at which SQS deletes a message."
  value       = aws_sqs_queue.this.message_retention_seconds
}

output "state_id" {
  description = "Value of the tag `terraform-state-id`: the id of the state that owns the queue."
  value       = aws_sqs_queue.this.tags["terraform-state-id"]
}

output "policy_json" {
  description = "The queue's policy, as JSON: for reviews and tests."
  value       = local.access_policy
}
