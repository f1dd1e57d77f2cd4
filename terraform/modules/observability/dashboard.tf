# One dashboard: messages in the queues and their age, invocations of the functions, events of the mappings.

data "aws_region" "current" {}

locals {
  # Title, statistic and metrics of each graph, in the format of a dashboard's metrics array.
  graphs = [
    {
      title = "Messages visible"
      stat  = "Maximum"
      metrics = [for key in sort(keys(var.queues)) :
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.queues[key].name]]
    },
    {
      title = "Messages in flight and delayed"
      stat  = "Maximum"
      metrics = concat(
        [for key in sort(keys(var.queues)) : ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", var.queues[key].name]],
        [for key in sort(keys(var.queues)) : ["AWS/SQS", "ApproximateNumberOfMessagesDelayed", "QueueName", var.queues[key].name]],
      )
    },
    {
      title = "Age of the oldest message (s)"
      stat  = "Maximum"
      metrics = [for key in sort(keys(var.queues)) :
      ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.queues[key].name]]
    },
    {
      title = "Invocations, errors and throttles"
      stat  = "Sum"
      metrics = concat([for metric in ["Invocations", "Errors", "Throttles"] : [for key in sort(keys(var.functions)) :
      ["AWS/Lambda", metric, "FunctionName", var.functions[key].name]]]...)
    },
    {
      title = "Duration (ms)"
      stat  = "p99"
      metrics = [for key in sort(keys(var.functions)) :
      ["AWS/Lambda", "Duration", "FunctionName", var.functions[key].name]]
    },
    {
      title = "Events per mapping"
      stat  = "Sum"
      metrics = concat([for metric in ["PolledEventCount", "DeletedEventCount", "FailedInvokeEventCount"] : [for key in sort(keys(var.mappings)) :
      ["AWS/Lambda", metric, "EventSourceMappingUUID", var.mappings[key].uuid, { label = "${key} ${metric}" }]]]...)
    },
  ]

  # CloudWatch refuses a graph without metrics.
  shown = [for g in local.graphs : g if length(g.metrics) > 0]

  # The grid of a dashboard is 24 columns wide: three graphs in a row.
  widgets = [for i, g in local.shown : {
    type   = "metric"
    x      = 8 * (i % 3)
    y      = 6 * floor(i / 3)
    width  = 8
    height = 6
    properties = {
      title   = g.title
      region  = data.aws_region.current.id
      view    = "timeSeries"
      stat    = g.stat
      period  = 60
      metrics = g.metrics
    }
  }]
}

# Dashboards are global in an account: without the region in the name, deployments in two regions would overwrite and
# delete each other's dashboard.
resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name}-${data.aws_region.current.id}"
  dashboard_body = jsonencode({ widgets = local.widgets })
}
