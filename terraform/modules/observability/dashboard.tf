# One page: what waits, how old it is, what the functions and the mappings made of it.

data "aws_region" "current" {}

locals {
  # Each graph: its title, its statistic and its metrics as CloudWatch writes them.
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

  # CloudWatch refuses a graph without metrics; the grid is 24 columns wide, three graphs in a row.
  shown = [for g in local.graphs : g if length(g.metrics) > 0]

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

# Dashboards are global: without the region in its name, a second region would overwrite the dashboard of the first, and
# each would delete it for both.
resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name}-${data.aws_region.current.id}"
  dashboard_body = jsonencode({ widgets = local.widgets })
}
