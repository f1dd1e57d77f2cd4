# Runs of a retry level against a mocked provider: that it is whole, and what is refused.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { id = "url-of-retry-1", url = "url-of-retry-1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:mocked" }
  }
}

variables {
  name              = "orders_retry_1"
  level             = 1
  source_queue_name = "orders"
  redrive_from      = ["orders"]
  zip_file          = "examples/one-level/retry.zip"
}

run "level_is_whole_correct" {
  command = apply

  assert {
    condition     = output.level == { key = "retry_1", name = "orders_retry_1", max_receive_count = 5, retention_seconds = 345600, draining = false }
    error_message = "The chain is told the level's name and numbers."
  }

  assert {
    condition     = output.queue.reader == output.mapping_uuid && output.queue.arn == output.static_arn && output.mapping_enabled
    error_message = "The level's queue has a reader."
  }

  assert {
    condition     = output.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "A mapping that did not read what the function reports would delete what it could not replay."
  }

  assert {
    condition = output.environment == tomap({
      SOURCE_QUEUE_NAME = "orders", LEVEL = "1", MAX_ATTEMPTS = "3", BACKOFF_BASE_SECONDS = "2", BACKOFF_CAP_SECONDS = "900"
    })
    error_message = "The function is told where to replay to, how often and how late."
  }

  assert {
    condition = [for s in jsondecode(output.policy_json).Statement : [s.Action, s.Resource] if s.Sid != "WriteOwnLog"] == [
      [["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], ["arn:aws:sqs:eu-west-1:123456789012:orders_retry_1"]],
      [["sqs:GetQueueUrl", "sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:123456789012:orders"]],
    ]
    error_message = "The function may empty its own queue and send to the source queue, and nothing else."
  }
}

run "draining_correct" {
  command = apply

  variables {
    draining = true
  }

  assert {
    condition     = output.level.draining && output.mapping_enabled
    error_message = "A draining level is still read."
  }
}

run "ranges_incorrect" {
  command = plan

  variables {
    name                 = "no spaces"
    level                = 0
    source_queue_name    = "orders.fifo"
    max_receive_count    = 0
    max_attempts         = 0
    backoff_base_seconds = 901
  }

  expect_failures = [
    var.name, var.level, var.source_queue_name, var.max_receive_count, var.max_attempts, var.backoff_base_seconds,
  ]
}

run "backoff_over_the_longest_delay_incorrect" {
  command = plan

  variables {
    backoff_cap_seconds = 901
  }

  expect_failures = [var.backoff_cap_seconds]
}
