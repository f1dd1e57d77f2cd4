# Alarms and a dashboard for queues, functions and event source mappings. local.alarms has what differs between the alarms;
# the resource has what they share.

locals {
  queue_alarms = merge(
    { for key, q in var.queues : "${key}_visible" => {
      description = "The dead-letter queue ${q.name} has messages. Find out why they failed, then replay or delete them."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = q.name }
      statistic   = "Maximum"
      threshold   = 1
      period      = 60
    } if q.dead_letter },
    { for key, q in var.queues : "${key}_oldest" => {
      description = "The oldest message in ${q.name} has reached ${floor(100 * var.oldest_message_fraction)} % of its retention; at 100 % SQS deletes it."
      namespace   = "AWS/SQS"
      metric      = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = q.name }
      statistic   = "Maximum"
      threshold   = floor(q.retention_seconds * var.oldest_message_fraction)
      period      = 300
    } },
  )

  # Alarms for a queue that has messages and no receives. Neither alone is a problem: a busy queue always has messages, and
  # an empty one has no receives. A dead-letter queue has no consumer, and an alarm of its own (visible).
  unread_alarms = {
    for key, q in var.queues : "${key}_unread" => {
      queue       = q.name
      description = "Messages waited in ${q.name} for 15 minutes and none was received: the queue has no consumer, or its mapping is disabled or lacks permissions. SQS deletes the messages when their retention ends."
    } if !q.dead_letter
  }

  function_alarms = merge(
    { for key, f in var.functions : "${key}_errors" => {
      description = "Invocations of ${f.name} failed with a crash, a timeout or an error. A message that the function reports as failed does not count."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = f.name }
      statistic   = "Sum"
      threshold   = f.errors
      period      = 300
    } },
    { for key, f in var.functions : "${key}_throttles" => {
      description = "Invocations of ${f.name} were throttled. With a queue as event source, each throttle counts as a receive: limit the mapping's concurrency."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = f.name }
      statistic   = "Sum"
      threshold   = 1
      period      = 300
    } },
    { for key, f in var.functions : "${key}_recursion" => {
      description = "Lambda's recursive loop detection dropped invocations of ${f.name}. Lower the number of replays, or set recursive_loop to Allow."
      namespace   = "AWS/Lambda"
      metric      = "RecursiveInvocationsDropped"
      dimensions  = { FunctionName = f.name }
      statistic   = "Sum"
      threshold   = 1
      period      = 300
    } if f.recursive },
  )

  mapping_alarms = merge(
    { for key, m in var.mappings : "${key}_failed_events" => {
      description = "${m.failed_events} or more events of the mapping ${key} failed in five minutes: their invocation failed, or the function reported them as failed."
      namespace   = "AWS/Lambda"
      metric      = "FailedInvokeEventCount"
      dimensions  = { EventSourceMappingUUID = m.uuid }
      statistic   = "Sum"
      threshold   = m.failed_events
      period      = 300
    } },
    { for key, m in var.mappings : "${key}_dropped_events" => {
      description = "The mapping ${key} dropped events: it received them from the queue, but they were neither processed nor left in the queue."
      namespace   = "AWS/Lambda"
      metric      = "DroppedEventCount"
      dimensions  = { EventSourceMappingUUID = m.uuid }
      statistic   = "Sum"
      threshold   = 1
      period      = 300
    } },
  )

  alarms = merge(local.queue_alarms, local.function_alarms, local.mapping_alarms)

  # PutMetricAlarm overwrites an alarm of the same name without an error, so no two keys may have the same alarm name.
  alarm_names = {
    for key in concat(keys(local.alarms), keys(local.unread_alarms)) : key => "${var.name}-${replace(key, "_", "-")}"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = local.alarm_names[each.key]
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"

  # CloudWatch has no data points of these metrics while nothing happens, which is no reason for an alarm.
  treat_missing_data = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
  tags          = var.tags

  lifecycle {
    precondition {
      condition = length([for name in values(local.alarm_names) : name if name == local.alarm_names[each.key]]) == 1
      error_message = join(" ", [
        "Two alarms would have the name ${local.alarm_names[each.key]}, and the second would overwrite the first: keys that",
        "differ only in _ and -, such as a_b and a-b, have the same alarm name. Choose another key.",
      ])
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unread" {
  for_each = local.unread_alarms

  alarm_name          = local.alarm_names[each.key]
  alarm_description   = each.value.description
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"

  metric_query {
    id          = "unread"
    label       = "Messages in a queue without receives"
    expression  = "IF(FILL(received, 0) < 1, visible, 0)"
    return_data = true
  }

  metric_query {
    id = "visible"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = each.value.queue }
      period      = 300
      stat        = "Minimum"
    }
  }

  metric_query {
    id = "received"

    metric {
      namespace   = "AWS/SQS"
      metric_name = "NumberOfMessagesReceived"
      dimensions  = { QueueName = each.value.queue }
      period      = 300
      stat        = "Sum"
    }
  }

  treat_missing_data = "notBreaching"

  alarm_actions = var.alarm_actions
  ok_actions    = var.alarm_actions
  tags          = var.tags
}

check "dead_letter_queue" {
  assert {
    condition = length(var.queues) == 0 || anytrue([for q in var.queues : q.dead_letter])
    error_message = join(" ", [
      "${var.name}: no queue is marked dead_letter, so no alarm reports messages that could not be processed.",
      "Set dead_letter for the last queue.",
    ])
  }
}
