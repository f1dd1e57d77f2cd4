output "alarm_names" {
  description = "Names of the alarms by key: the key of the queue, function or mapping and the kind of alarm, such as `dlq_visible`."
  value       = { for key, alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.unread) : key => alarm.alarm_name }
}

output "alarm_arns" {
  description = "ARNs of the alarms by the same keys, for composite alarms."
  value       = { for key, alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.unread) : key => alarm.arn }
}

output "dashboard_name" {
  description = "Name of the dashboard: `name` with the region, since dashboards are global in an account."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
