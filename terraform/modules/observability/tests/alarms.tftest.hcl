# Plans of alarms and dashboard against a mocked provider.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }
}

variables {
  name = "orders"
  queues = {
    source = { name = "orders", retention_seconds = 345600 }
    dlq    = { name = "orders_dlq", retention_seconds = 1209600, dead_letter = true }
  }
  functions = {
    worker = { name = "orders-worker", errors = 3 }
    retry  = { name = "orders-retry", recursive = true }
  }
  mappings = { worker = { uuid = "11111111-2222-3333-4444-555555555555" } }
}

run "one_alarm_for_each_danger_correct" {
  command = apply

  assert {
    condition = keys(aws_cloudwatch_metric_alarm.this) == [
      "dlq_oldest", "dlq_visible", "retry_errors", "retry_recursion", "retry_throttles", "source_oldest",
      "worker_dropped_events", "worker_errors", "worker_failed_events", "worker_throttles",
    ]
    error_message = "Each queue, function and mapping has its alarms, and no others."
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.this : a.treat_missing_data == "notBreaching" && a.comparison_operator == "GreaterThanOrEqualToThreshold"])
    error_message = "Silence is good news."
  }
}

run "unread_queue_correct" {
  command = apply

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.unread) == ["source_unread"]
    error_message = "Every queue but the dead-letter queue is watched for messages that are not received."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.unread["source_unread"].alarm_name == "orders-source-unread"
      && output.alarm_names["source_unread"] == "orders-source-unread"
      && toset([for q in aws_cloudwatch_metric_alarm.unread["source_unread"].metric_query : one(q.metric[*].dimensions["QueueName"]) if length(q.metric) > 0]) == toset(["orders"])
    )
    error_message = "The alarm looks at what is visible in the queue and at what is received from it."
  }
}

run "keys_of_one_name_incorrect" {
  command = plan

  variables {
    functions = { a_b = { name = "first" }, a-b = { name = "second" } }
  }

  expect_failures = [aws_cloudwatch_metric_alarm.this]
}

run "keys_of_one_name_for_queues_incorrect" {
  command = plan

  variables {
    queues = {
      a_b = { name = "first", retention_seconds = 345600 }
      a-b = { name = "second", retention_seconds = 345600 }
      dlq = { name = "dlq", retention_seconds = 1209600, dead_letter = true }
    }
  }

  expect_failures = [aws_cloudwatch_metric_alarm.this]
}

run "thresholds_correct" {
  command = apply

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["dlq_visible"].threshold == 1
      && aws_cloudwatch_metric_alarm.this["dlq_visible"].metric_name == "ApproximateNumberOfMessagesVisible"
      && aws_cloudwatch_metric_alarm.this["dlq_visible"].dimensions == tomap({ QueueName = "orders_dlq" })
    )
    error_message = "One visible message in the dead-letter queue raises its alarm. (A move counts in no metric of messages sent.)"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["source_oldest"].threshold == 172800 && aws_cloudwatch_metric_alarm.this["dlq_oldest"].threshold == 604800
    error_message = "Age is measured against each queue's own retention."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["worker_errors"].threshold == 3 && aws_cloudwatch_metric_alarm.this["retry_errors"].threshold == 1
    error_message = "Each function has its own bound of errors."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["worker_dropped_events"].dimensions == tomap({ EventSourceMappingUUID = "11111111-2222-3333-4444-555555555555" })
    error_message = "Event counts are found by the mapping's UUID."
  }
}

run "actions_correct" {
  command = apply

  variables {
    alarm_actions           = ["arn:aws:sns:eu-west-1:123456789012:on-call"]
    oldest_message_fraction = 0.25
  }

  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.this : a.alarm_actions == toset(var.alarm_actions) && a.ok_actions == toset(var.alarm_actions)])
    error_message = "Whoever hears of an alarm hears of its end."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["source_oldest"].threshold == 86400
    error_message = "The fraction moves the bound."
  }
}

run "dashboard_correct" {
  command = apply

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 6
    error_message = "Queues, functions and mappings have three, two and one graphs."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[3].properties.metrics == [
      for pair in setproduct(["Invocations", "Errors", "Throttles"], ["orders-retry", "orders-worker"]) : ["AWS/Lambda", pair[0], "FunctionName", pair[1]]
    ]
    error_message = "A graph has one line per metric and function."
  }

  assert {
    condition     = alltrue([for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : w.x + w.width <= 24 && w.properties.region == "eu-west-1"])
    error_message = "The graphs lie in CloudWatch's grid of 24 columns."
  }
}

run "dashboard_name_has_the_region_correct" {
  command = apply

  assert {
    condition     = aws_cloudwatch_dashboard.this.dashboard_name == "orders-eu-west-1" && output.dashboard_name == "orders-eu-west-1"
    error_message = "Dashboards are global: two regions need two names."
  }
}

run "no_empty_graph_correct" {
  command = apply

  variables {
    functions = {}
    mappings  = {}
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 3
    error_message = "CloudWatch refuses a graph without metrics."
  }
}

run "ranges_incorrect" {
  command = plan

  variables {
    name                    = "no spaces"
    queues                  = { dlq = { name = "orders_dlq", retention_seconds = 59, dead_letter = true } }
    functions               = { worker = { name = "orders-worker", errors = 0 } }
    mappings                = { worker = { uuid = "1", failed_events = 0 } }
    oldest_message_fraction = 1.1
    alarm_actions           = ["on-call"]
  }

  expect_failures = [var.name, var.queues, var.functions, var.mappings, var.oldest_message_fraction, var.alarm_actions]
}

run "no_dead_letter_queue_is_warned_about" {
  command = plan

  variables {
    queues = { source = { name = "orders", retention_seconds = 345600 } }
  }

  expect_failures = [check.dead_letter_queue]
}
