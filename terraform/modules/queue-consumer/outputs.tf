output "uuid" {
  description = "UUID of the mapping: its id in the API and the dimension EventSourceMappingUUID of its metrics."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "arn" {
  description = "ARN of the mapping."
  value       = aws_lambda_event_source_mapping.this.arn
}

output "enabled" {
  description = "Whether the mapping reads the queue."
  value       = aws_lambda_event_source_mapping.this.enabled
}

output "function_response_types" {
  description = "What the mapping expects the function to return: `ReportBatchItemFailures`, or nothing."
  value       = aws_lambda_event_source_mapping.this.function_response_types
}
