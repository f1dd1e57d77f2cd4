# Plans of a mapping against a mocked provider: what it asks for, what is refused, what is warned about.

mock_provider "aws" {}

variables {
  queue    = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders", visibility_timeout_seconds = 30, max_receive_count = 5 }
  function = { name = "worker", timeout_seconds = 5 }
}

run "defaults_correct" {
  command = plan

  assert {
    condition = (
      aws_lambda_event_source_mapping.this.batch_size == 10
      && aws_lambda_event_source_mapping.this.maximum_batching_window_in_seconds == 0
      && aws_lambda_event_source_mapping.this.enabled
      && length(aws_lambda_event_source_mapping.this.scaling_config) == 0
      && length(aws_lambda_event_source_mapping.this.filter_criteria) == 0
    )
    error_message = "Without wishes the mapping is what AWS makes of none."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.metrics_config[0].metrics == toset(["EventCount"])
    error_message = "Event counts are published unless switched off."
  }
}

run "per_message_correct" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "per_message reads the function's answer."
  }
}

run "whole_batch_correct" {
  command = plan

  variables {
    failure_reporting = "whole_batch"
  }

  assert {
    condition     = length(aws_lambda_event_source_mapping.this.function_response_types) == 0
    error_message = "whole_batch does not read the function's answer."
  }
}

run "wishes_correct" {
  command = plan

  variables {
    batch_size                      = 100
    maximum_batching_window_seconds = 2
    queue                           = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders", visibility_timeout_seconds = 32, max_receive_count = 5 }
    maximum_concurrency             = 7
    filter_patterns                 = ["{\"body\":{\"kind\":[\"order\"]}}", "{\"body\":{\"kind\":[\"refund\"]}}"]
    enabled                         = false
    event_count_metrics             = false
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.scaling_config[0].maximum_concurrency == 7
    error_message = "The maximum concurrency is handed on."
  }

  assert {
    condition     = toset([for f in tolist(aws_lambda_event_source_mapping.this.filter_criteria)[0].filter : f.pattern]) == toset(var.filter_patterns)
    error_message = "Each pattern is a filter."
  }

  assert {
    condition     = !aws_lambda_event_source_mapping.this.enabled && length(aws_lambda_event_source_mapping.this.metrics_config) == 0
    error_message = "What is switched off stays off."
  }
}

run "fifo_correct" {
  command = plan

  variables {
    queue = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders.fifo", visibility_timeout_seconds = 30, max_receive_count = 5, fifo = true }
  }

  assert {
    condition     = endswith(aws_lambda_event_source_mapping.this.event_source_arn, ".fifo")
    error_message = "A FIFO queue can be read."
  }
}

run "concurrency_of_all_mappings_correct" {
  command = plan

  variables {
    function            = { name = "worker", timeout_seconds = 5, reserved_concurrency = 10, concurrency_of_other_mappings = 5 }
    maximum_concurrency = 5
  }

  assert {
    condition     = local.concurrency_wanted == 10
    error_message = "All mappings together may use all that is reserved."
  }
}

run "timeout_equals_visibility_incorrect" {
  command = plan

  variables {
    function       = { name = "worker", timeout_seconds = 30 }
    accepted_risks = ["short_visibility"]
  }

  expect_failures = [aws_lambda_event_source_mapping.this]
}

run "window_leaves_no_time_incorrect" {
  command = plan

  variables {
    maximum_batching_window_seconds = 25
    accepted_risks                  = ["short_visibility"]
  }

  expect_failures = [aws_lambda_event_source_mapping.this]
}

run "large_batch_without_window_incorrect" {
  command = plan

  variables {
    batch_size = 11
  }

  expect_failures = [aws_lambda_event_source_mapping.this]
}

run "fifo_large_batch_incorrect" {
  command = plan

  variables {
    queue      = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders.fifo", visibility_timeout_seconds = 30, max_receive_count = 5, fifo = true }
    batch_size = 11
  }

  expect_failures = [aws_lambda_event_source_mapping.this]
}

run "fifo_window_incorrect" {
  command = plan

  variables {
    queue                           = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders.fifo", visibility_timeout_seconds = 60, max_receive_count = 5, fifo = true }
    maximum_batching_window_seconds = 1
  }

  expect_failures = [aws_lambda_event_source_mapping.this]
}

run "concurrency_above_reserved_incorrect" {
  command = plan

  variables {
    function            = { name = "worker", timeout_seconds = 5, reserved_concurrency = 10, concurrency_of_other_mappings = 6 }
    maximum_concurrency = 5
  }

  expect_failures = [aws_lambda_event_source_mapping.this]
}

run "reporting_mismatch_incorrect" {
  command = plan

  variables {
    function          = { name = "worker", timeout_seconds = 5, failure_reporting = "per_message" }
    failure_reporting = "whole_batch"
  }

  expect_failures = [aws_lambda_event_source_mapping.this]
}

run "ranges_incorrect" {
  command = plan

  variables {
    batch_size                      = 10001
    maximum_batching_window_seconds = 301
    maximum_concurrency             = 1
    failure_reporting               = "per_item"
    filter_patterns                 = ["not JSON"]
    accepted_risks                  = ["everything"]
  }

  expect_failures = [
    var.batch_size, var.maximum_batching_window_seconds, var.maximum_concurrency, var.failure_reporting,
    var.filter_patterns, var.accepted_risks,
  ]
}

run "not_a_queue_incorrect" {
  command = plan

  variables {
    queue = { arn = "arn:aws:sns:eu-west-1:123456789012:orders", visibility_timeout_seconds = 30 }
  }

  expect_failures = [var.queue]
}

run "unknown_reporting_of_function_incorrect" {
  command = plan

  variables {
    function = { name = "worker", timeout_seconds = 5, failure_reporting = "sometimes" }
  }

  expect_failures = [var.function]
}

run "short_visibility_is_warned_about" {
  command = plan

  variables {
    queue = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders", visibility_timeout_seconds = 29, max_receive_count = 5 }
  }

  expect_failures = [check.visibility_timeout]
}

run "window_counts_in_the_advice" {
  command = plan

  variables {
    maximum_batching_window_seconds = 1
  }

  expect_failures = [check.visibility_timeout]
}

run "few_receives_are_warned_about" {
  command = plan

  variables {
    queue = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders", visibility_timeout_seconds = 30, max_receive_count = 4 }
  }

  expect_failures = [check.receives]
}

run "no_redrive_is_warned_about" {
  command = plan

  variables {
    queue = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders_dlq", visibility_timeout_seconds = 30 }
  }

  expect_failures = [check.redrive_policy]
}

run "reserved_without_maximum_is_warned_about" {
  command = plan

  variables {
    function = { name = "worker", timeout_seconds = 5, reserved_concurrency = 4 }
  }

  expect_failures = [check.concurrency]
}

run "accepted_risks_are_silent" {
  command = plan

  variables {
    queue          = { arn = "arn:aws:sqs:eu-west-1:123456789012:orders", visibility_timeout_seconds = 10 }
    function       = { name = "worker", timeout_seconds = 5, reserved_concurrency = 4 }
    accepted_risks = ["short_visibility", "few_receives", "no_redrive", "throttling"]
  }

  assert {
    condition     = length(var.accepted_risks) == 4
    error_message = "A run with a failing check would not get here."
  }
}
