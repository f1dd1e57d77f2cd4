locals {
  functions = merge({ producer = module.producer, consumer = module.consumer }, module.retry)

  console_domain = lookup({
    aws-cn     = "console.amazonaws.cn"
    aws-us-gov = "console.amazonaws-us-gov.com"
  }, data.aws_partition.current.partition, "console.aws.amazon.com")

  console    = "https://${data.aws_region.current.id}.${local.console_domain}"
  lambda     = "${local.console}/lambda/home?region=${data.aws_region.current.id}"
  cloudwatch = "${local.console}/cloudwatch/home?region=${data.aws_region.current.id}"

  # The console double-escapes a slash in the fragment of its URLs, with $ in place of %.
  producer_log = replace(module.producer.log_group_name, "/", "$252F")
}

output "region" {
  description = "Region of all resources."
  value       = data.aws_region.current.id
}

output "queue_path" {
  description = "Queue keys in the order that a message takes when it always fails: `source`, `retry_1` and so on, `dlq`."
  value       = module.queues.path
}

output "queue_names" {
  description = "Queue names by key."
  value       = { for key, queue in local.queues : key => queue.name }
}

output "queue_urls" {
  description = "Queue URLs by key."
  value       = { for key, queue in local.queues : key => queue.url }
}

output "queue_arns" {
  description = "Queue ARNs by key."
  value       = { for key, queue in local.queues : key => queue.arn }
}

output "function_names" {
  description = "Function names by key: `producer`, `consumer`, `retry_1` and so on."
  value       = { for key, function in local.functions : key => function.name }
}

output "function_arns" {
  description = "Function ARNs by key."
  value       = { for key, function in local.functions : key => function.arn }
}

output "log_group_names" {
  description = "Log groups of the functions by key."
  value       = { for key, function in local.functions : key => function.log_group_name }
}

output "mapping_uuids" {
  description = "UUIDs of the event source mappings by the key of the function they invoke."
  value       = merge({ consumer = module.consumer_mapping.uuid }, { for key, level in module.retry : key => level.mapping_uuid })
}

output "failure_reporting" {
  description = "How the consumer reports failures: `per_message` or `whole_batch`."
  value       = var.failure_reporting
}

output "max_attempts" {
  description = "Maximum number of replays of a message, over all levels, before SQS moves it to the dead-letter queue."
  value       = sum(concat([0], values(local.levels)[*].max_attempts))
}

output "alarm_names" {
  description = "Alarm names by key, such as `dlq_visible`."
  value       = module.observability.alarm_names
}

output "console_links" {
  description = "URLs in the AWS console: the producer's test tab, its log group, and the dashboard."
  value = {
    producer      = "${local.lambda}#/functions/${module.producer.name}?tab=testing"
    producer_logs = "${local.cloudwatch}#logsV2:log-groups/log-group/${local.producer_log}"
    dashboard     = "${local.cloudwatch}#dashboards/dashboard/${module.observability.dashboard_name}"
  }
}
