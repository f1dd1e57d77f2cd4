# One event source mapping from an SQS queue to a function. Configurations that AWS refuses, or that lose messages, fail a
# precondition; those that AWS only advises against fail a check, which is a warning (checks.tf).

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn = var.queue.arn
  function_name    = var.function.name
  enabled          = var.enabled

  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.maximum_batching_window_seconds
  function_response_types            = var.failure_reporting == "per_message" ? ["ReportBatchItemFailures"] : []

  dynamic "scaling_config" {
    for_each = var.maximum_concurrency == null ? [] : [var.maximum_concurrency]
    content {
      maximum_concurrency = scaling_config.value
    }
  }

  dynamic "filter_criteria" {
    for_each = length(var.filter_patterns) == 0 ? [] : [var.filter_patterns]
    content {
      dynamic "filter" {
        for_each = filter_criteria.value
        content {
          pattern = filter.value
        }
      }
    }
  }

  dynamic "metrics_config" {
    for_each = var.event_count_metrics ? ["EventCount"] : []
    content {
      metrics = [metrics_config.value]
    }
  }

  tags = var.tags

  lifecycle {
    precondition {
      condition = var.function.timeout_seconds < var.queue.visibility_timeout_seconds
      error_message = join(" ", [
        "The function's timeout (${var.function.timeout_seconds} s) must be shorter than the queue's visibility",
        "timeout (${var.queue.visibility_timeout_seconds} s): a message would be delivered again while it is still",
        "being processed. AWS recommends a visibility timeout of six function timeouts.",
      ])
    }

    precondition {
      condition = var.batch_size <= 10 || var.queue.fifo || var.maximum_batching_window_seconds >= 1
      error_message = join(" ", [
        "A batch size of ${var.batch_size} needs a batching window. Allowed: a batch size of at most 10, or",
        "maximum_batching_window_seconds of at least 1.",
      ])
    }

    precondition {
      condition     = !var.queue.fifo || var.batch_size <= 10
      error_message = "A FIFO queue allows batches of at most 10, not ${var.batch_size}."
    }

    precondition {
      condition     = !var.queue.fifo || var.maximum_batching_window_seconds == 0
      error_message = "A FIFO queue allows no batching window: maximum_batching_window_seconds must be 0."
    }

    precondition {
      condition = (
        var.maximum_batching_window_seconds == 0
        || var.maximum_batching_window_seconds + var.function.timeout_seconds < var.queue.visibility_timeout_seconds
      )
      error_message = join(" ", [
        "The batching window (${var.maximum_batching_window_seconds} s) and the function's timeout",
        "(${var.function.timeout_seconds} s) together must be shorter than the queue's visibility timeout",
        "(${var.queue.visibility_timeout_seconds} s), which runs from the receive of a batch's first message.",
      ])
    }

    precondition {
      condition = local.concurrency_wanted <= local.concurrency_reserved
      error_message = join(" ", [
        "The maximum concurrency of all mappings of the function (${local.concurrency_wanted}) is above its reserved",
        "concurrency (${coalesce(var.function.reserved_concurrency, 0)}): the excess is throttled, and each throttled",
        "receive counts towards maxReceiveCount. Allowed: at most the reserved concurrency.",
      ])
    }

    precondition {
      condition = coalesce(var.function.failure_reporting, var.failure_reporting) == var.failure_reporting
      error_message = join(" ", [
        "The function reports ${coalesce(var.function.failure_reporting, "-")}, but the mapping expects",
        "${var.failure_reporting}: failed messages would be deleted, or good ones processed again. Set both to the same value.",
      ])
    }
  }
}

locals {
  # The two sums are only compared when both limits are set; otherwise both are 0.
  concurrency_limited  = var.maximum_concurrency != null && var.function.reserved_concurrency != null
  concurrency_wanted   = local.concurrency_limited ? coalesce(var.maximum_concurrency, 0) + var.function.concurrency_of_other_mappings : 0
  concurrency_reserved = local.concurrency_limited ? coalesce(var.function.reserved_concurrency, 0) : 0
}
