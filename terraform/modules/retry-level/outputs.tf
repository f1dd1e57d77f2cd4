output "level" {
  description = "The level, for `retry_levels` of the module queue-chain; known at plan."
  value = {
    key               = "retry_${var.level}"
    name              = var.name
    max_receive_count = var.max_receive_count
    retention_seconds = var.retention_seconds
    draining          = var.draining
  }
}

output "queue" {
  description = "The level's queue and the mapping that reads it, for `retry_queues` of the module queue-chain."
  value = {
    name   = var.name
    arn    = module.queue.arn
    url    = module.queue.url
    reader = module.mapping.uuid
  }
}

output "static_arn" {
  description = "ARN of the queue, built from its name: for IAM policies that must not depend on the queue."
  value       = module.queue.static_arn
}

output "visibility_timeout_seconds" {
  description = "How long a message stays hidden after it is received from the level's queue."
  value       = module.queue.visibility_timeout_seconds
}

output "retention_seconds" {
  description = "Age at which SQS deletes a message in the level's queue."
  value       = module.queue.retention_seconds
}

output "max_receive_count" {
  description = "Receives before SQS moves a message from the level's queue to the next one."
  value       = var.max_receive_count
}

output "name" {
  description = "Name of the function, which is also that of the queue."
  value       = module.function.name
}

output "arn" {
  description = "ARN of the function."
  value       = module.function.arn
}

output "timeout_seconds" {
  description = "Seconds after which Lambda stops an invocation of the function."
  value       = module.function.timeout_seconds
}

output "environment" {
  description = "Environment variables of the function, without those that Lambda sets."
  value       = module.function.environment
}

output "policy_json" {
  description = "What the function's role allows, as JSON: for reviews and tests."
  value       = module.function.policy_json
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = module.function.log_group_name
}

output "mapping_uuid" {
  description = "UUID of the event source mapping."
  value       = module.mapping.uuid
}

output "mapping_enabled" {
  description = "Whether the function reads the queue."
  value       = module.mapping.enabled
}

output "function_response_types" {
  description = "What the mapping expects the function to return: always `ReportBatchItemFailures`."
  value       = module.mapping.function_response_types
}
