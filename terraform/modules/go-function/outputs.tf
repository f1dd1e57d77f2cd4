output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "timeout_seconds" {
  description = "Seconds after which Lambda stops an invocation; the module queue-consumer compares them with the queue's visibility timeout."
  value       = aws_lambda_function.this.timeout
}

output "reserved_concurrency" {
  description = "Concurrent executions reserved for the function, or null."
  value       = var.reserved_concurrency
}

output "role_name" {
  description = "Name of the function's role, for attaching more policies."
  value       = aws_iam_role.this.name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "policy_json" {
  description = "What the role allows, as JSON: for reviews and tests."
  value       = aws_iam_role_policy.this.policy
}

output "environment" {
  description = "Environment variables of the function, without those that Lambda sets."
  value       = var.environment
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}
