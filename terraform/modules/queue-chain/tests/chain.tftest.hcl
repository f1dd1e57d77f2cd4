# Runs of the chain against a mocked provider: what is linked to what, and what is refused. A run applies where it looks
# at what only exists after that.

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

  # Both queues that are made here get these. Those of the levels are given, each with its own.
  mock_resource "aws_sqs_queue" {
    defaults = { id = "url-of-mocked", url = "url-of-mocked", arn = "arn:aws:sqs:eu-west-1:123456789012:mocked" }
  }
}

variables {
  name = "orders"
}

run "defaults_have_no_level_correct" {
  command = apply

  assert {
    condition     = output.names == { source = "orders", dlq = "orders_dlq" } && output.path == tolist(["source", "dlq"])
    error_message = "Without levels the source leads to the dead-letter queue: no queue is made that nothing reads."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_policy.this["source"].redrive_policy) == { deadLetterTargetArn = output.queues["dlq"].arn, maxReceiveCount = 5 }
    error_message = "Without levels the source redrives into the dead-letter queue."
  }

  assert {
    condition     = output.static_arns == { source = "arn:aws:sqs:eu-west-1:123456789012:orders", dlq = "arn:aws:sqs:eu-west-1:123456789012:orders_dlq" }
    error_message = "ARNs are built from the names."
  }

  assert {
    condition = (
      [for key in output.path : [output.queues[key].visibility_timeout_seconds, output.queues[key].retention_seconds]] == [[10, 345600], [30, 1209600]]
      && output.queues["source"].max_receive_count == 5
      && output.queues["dlq"].max_receive_count == null
    )
    error_message = "The defaults are the table of the documentation."
  }
}

run "links_correct" {
  command = apply

  variables {
    retry_levels = [
      { key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_2", name = "orders_retry_2", max_receive_count = 7, retention_seconds = 345600 },
    ]
    retry_queues = [
      { name = "orders_retry_2", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_2", url = "url-of-retry-2", reader = "mapping-2" },
      { name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "mapping-1" },
    ]
  }

  assert {
    condition = { for key, policy in aws_sqs_queue_redrive_policy.this : key => [policy.queue_url, policy.redrive_policy] } == {
      source  = ["url-of-mocked", "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:123456789012:orders_retry_1\",\"maxReceiveCount\":5}"]
      retry_1 = ["url-of-retry-1", "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:123456789012:orders_retry_2\",\"maxReceiveCount\":3}"]
      retry_2 = ["url-of-retry-2", "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:123456789012:mocked\",\"maxReceiveCount\":7}"]
    }
    error_message = "Each queue redrives into the next one, with its own count, and the dead-letter queue into none."
  }

  assert {
    condition     = output.redrive_from == { source = [], retry_1 = ["orders"], retry_2 = ["orders_retry_1"], dlq = ["orders_retry_2"] }
    error_message = "Only the queue before may redrive into a queue."
  }
}

run "draining_correct" {
  command = apply

  variables {
    retry_levels = [
      { key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_2", name = "orders_retry_2", max_receive_count = 3, retention_seconds = 345600, draining = true },
      { key = "retry_3", name = "orders_retry_3", max_receive_count = 3, retention_seconds = 345600 },
    ]
    retry_queues = [
      { name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "mapping-1" },
      { name = "orders_retry_2", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_2", url = "url-of-retry-2", reader = "mapping-2" },
      { name = "orders_retry_3", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_3", url = "url-of-retry-3", reader = "mapping-3" },
    ]
  }

  assert {
    condition     = output.path == tolist(["source", "retry_1", "retry_3", "dlq"])
    error_message = "A message that fails passes a draining level by."
  }

  assert {
    condition = { for key, target in terraform_data.target : key => target.output } == {
      source = "orders_retry_1", retry_1 = "orders_retry_3", retry_2 = "orders_retry_3", retry_3 = "orders_dlq"
    }
    error_message = "Nothing leads into a draining level, and what it cannot replay leaves it."
  }

  assert {
    condition = output.redrive_from == {
      source = [], retry_1 = ["orders"], retry_2 = ["orders_retry_1"], retry_3 = ["orders_retry_1", "orders_retry_2"], dlq = ["orders_retry_3"]
    }
    error_message = "The level after a draining one takes messages from both, and the draining one those still on their way."
  }
}

run "first_and_last_draining_correct" {
  command = apply

  variables {
    retry_levels = [
      { key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600, draining = true },
      { key = "retry_2", name = "orders_retry_2", max_receive_count = 3, retention_seconds = 345600, draining = true },
    ]
    retry_queues = [
      { name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "mapping-1" },
      { name = "orders_retry_2", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_2", url = "url-of-retry-2", reader = "mapping-2" },
    ]
  }

  assert {
    condition     = { for key, target in terraform_data.target : key => target.output } == { source = "orders_dlq", retry_1 = "orders_dlq", retry_2 = "orders_dlq" }
    error_message = "With all levels draining the source leads to the dead-letter queue."
  }

  assert {
    condition     = output.redrive_from["dlq"] == ["orders", "orders_retry_1", "orders_retry_2"]
    error_message = "The dead-letter queue takes what each of them cannot replay."
  }
}

run "dead_letter_queue_name_correct" {
  command = apply

  variables {
    dead_letter_queue_name = "orders_to_review"
  }

  assert {
    condition     = output.queues["dlq"].name == "orders_to_review"
    error_message = "The dead-letter queue takes the name it is given."
  }
}

run "senders_correct" {
  command = apply

  variables {
    senders = [{ service = "sns.amazonaws.com", source_arns = ["arn:aws:sns:eu-west-1:123456789012:orders"] }]
  }

  assert {
    condition     = [for key in ["source", "dlq"] : length(jsondecode(module.queue[key].policy_json).Statement)] == [2, 1]
    error_message = "Services send to the source queue alone."
  }
}

run "level_without_a_reader_incorrect" {
  command = plan

  variables {
    retry_levels = [{ key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600 }]
    retry_queues = [{ name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "" }]
  }

  expect_failures = [var.retry_queues]
}

run "level_without_a_queue_incorrect" {
  command = plan

  variables {
    retry_levels = [{ key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600 }]
  }

  expect_failures = [var.retry_queues]
}

run "level_key_taken_incorrect" {
  command = plan

  variables {
    retry_levels = [{ key = "dlq", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600 }]
    retry_queues = [{ name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "mapping-1" }]
  }

  expect_failures = [var.retry_levels]
}

run "level_receives_incorrect" {
  command = plan

  variables {
    retry_levels = [{ key = "retry_1", name = "orders_retry_1", max_receive_count = 0, retention_seconds = 345600 }]
    retry_queues = [{ name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "mapping-1" }]
  }

  expect_failures = [var.retry_levels]
}

run "too_many_levels_incorrect" {
  command = plan

  variables {
    retry_levels = [
      { key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_2", name = "orders_retry_2", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_3", name = "orders_retry_3", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_4", name = "orders_retry_4", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_5", name = "orders_retry_5", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_6", name = "orders_retry_6", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_7", name = "orders_retry_7", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_8", name = "orders_retry_8", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_9", name = "orders_retry_9", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_10", name = "orders_retry_10", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_11", name = "orders_retry_11", max_receive_count = 3, retention_seconds = 345600 },
    ]
    retry_queues = [
      { name = "orders_retry_1", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_2", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_3", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_4", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_5", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_6", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_7", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_8", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_9", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_10", arn = "arn", url = "url", reader = "mapping" },
      { name = "orders_retry_11", arn = "arn", url = "url", reader = "mapping" },
    ]
  }

  expect_failures = [var.retry_levels]
}

run "fifo_incorrect" {
  command = plan

  variables {
    name = "orders.fifo"
  }

  expect_failures = [var.name]
}

run "fifo_dead_letter_queue_incorrect" {
  command = plan

  variables {
    dead_letter_queue_name = "orders_dlq.fifo"
  }

  expect_failures = [var.dead_letter_queue_name]
}

run "name_too_long_incorrect" {
  command = plan

  variables {
    name = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
  }

  expect_failures = [var.name]
}

run "source_receives_incorrect" {
  command = plan

  variables {
    source_queue = { max_receive_count = 1001 }
  }

  expect_failures = [var.source_queue]
}

run "two_queues_of_one_name_incorrect" {
  command = plan

  variables {
    dead_letter_queue_name = "orders_retry_1"
    retry_levels = [
      { key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 345600 },
      { key = "retry_2", name = "orders_retry_2", max_receive_count = 7, retention_seconds = 345600 },
    ]
    retry_queues = [
      { name = "orders_retry_2", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_2", url = "url-of-retry-2", reader = "mapping-2" },
      { name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "mapping-1" },
    ]
  }

  expect_failures = [aws_sqs_queue_redrive_policy.this]
}

run "shorter_retention_on_the_way_incorrect" {
  command = plan

  variables {
    retry_levels = [
      { key = "retry_1", name = "orders_retry_1", max_receive_count = 3, retention_seconds = 86400 },
    ]
    retry_queues = [
      { name = "orders_retry_1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1", url = "url-of-retry-1", reader = "mapping-1" },
    ]
  }

  expect_failures = [aws_sqs_queue_redrive_policy.this["source"]]
}

run "dead_letter_retention_not_longer_incorrect" {
  command = plan

  variables {
    dead_letter_queue = { retention_seconds = 345600 }
  }

  expect_failures = [aws_sqs_queue_redrive_policy.this["source"]]
}
