# Plans of the whole flow against a mocked provider: names, wiring and permissions. Checks of the modules would fail a
# run, since the classic numbers go against some advice; so the risks are accepted here, and profiles.tftest.hcl shows
# that the recommended numbers need no acceptance.

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
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:mocked" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:mocked" }
  }
}

variables {
  dist_dir       = "tests/packages"
  accepted_risks = ["short_visibility", "few_receives"]
}

# With nothing set: names, numbers, permissions, reporting, alarms and links.
run "defaults_correct" {
  command = apply

  assert {
    condition     = output.queue_names == { source = "reliable_q", retry_1 = "reliable_q_retry_1", dlq = "dlq_for_reliable_q" }
    error_message = "The queues have the names that people look for."
  }

  assert {
    condition     = output.function_names == { producer = "reliable_q_producer", consumer = "reliable_q_consumer", retry_1 = "reliable_q_retry_1" }
    error_message = "The functions have the names that people look for."
  }

  assert {
    condition     = output.log_group_names["retry_1"] == "/aws/lambda/reliable_q_retry_1"
    error_message = "Each function has its own log group."
  }

  assert {
    condition = (
      [for key in output.queue_path : [local.queues[key].visibility_timeout_seconds, local.queues[key].retention_seconds]] == [[10, 345600], [10, 345600], [30, 1209600]]
      && [for key in ["source", "retry_1"] : local.queues[key].max_receive_count] == [5, 3]
      && local.queues["dlq"].max_receive_count == null
    )
    error_message = "The classic numbers are the default."
  }

  assert {
    condition     = [module.producer.timeout_seconds, module.consumer.timeout_seconds, module.retry["retry_1"].timeout_seconds] == [5, 3, 3]
    error_message = "The functions time out after 5, 3 and 3 seconds."
  }

  assert {
    condition     = output.max_attempts == 3
    error_message = "A message is replayed three times."
  }

  assert {
    condition = slice(jsondecode(module.producer.policy_json).Statement, 1, 2) == [
      { Sid = "SendToSource", Effect = "Allow", Action = ["sqs:GetQueueUrl", "sqs:SendMessage"], Resource = ["arn:aws:sqs:eu-west-1:123456789012:reliable_q"] },
    ]
    error_message = "The producer may send to the source queue."
  }

  assert {
    condition = [for s in jsondecode(module.consumer.policy_json).Statement : [s.Action, s.Resource] if s.Sid != "WriteOwnLog"] == [
      [["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], ["arn:aws:sqs:eu-west-1:123456789012:reliable_q"]],
    ]
    error_message = "The consumer may empty the source queue, and nothing else."
  }

  assert {
    condition = [for s in jsondecode(module.retry["retry_1"].policy_json).Statement : [s.Action, s.Resource] if s.Sid != "WriteOwnLog"] == [
      [["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], ["arn:aws:sqs:eu-west-1:123456789012:reliable_q_retry_1"]],
      [["sqs:GetQueueUrl", "sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:123456789012:reliable_q"]],
    ]
    error_message = "The retry function may empty its own queue and send to the source queue, and nothing else."
  }

  assert {
    condition     = module.consumer_mapping.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "per_message reads what the consumer reports."
  }

  assert {
    condition = keys(output.alarm_names) == [
      "consumer_dropped_events", "consumer_errors", "consumer_failed_events", "consumer_recursion", "consumer_throttles",
      "dlq_oldest", "dlq_visible", "producer_errors", "producer_throttles",
      "retry_1_dropped_events", "retry_1_errors", "retry_1_failed_events", "retry_1_oldest", "retry_1_recursion", "retry_1_throttles", "retry_1_unread",
      "source_oldest", "source_unread",
    ]
    error_message = "Everything that can go wrong has its alarm."
  }

  assert {
    condition     = output.console_links["producer"] == "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/reliable_q_producer?tab=testing"
    error_message = "The link opens the producer's test tab."
  }
}

run "prefix_correct" {
  command = apply

  variables {
    name_prefix = "test_"
  }

  assert {
    condition     = alltrue([for name in concat(values(output.queue_names), values(output.function_names), values(output.alarm_names)) : startswith(name, "test_")])
    error_message = "With a prefix two deployments fit in one account."
  }
}

run "environment_correct" {
  command = apply

  variables {
    log_level = "DEBUG"
  }

  assert {
    condition     = module.producer.environment == tomap({ QUEUE_NAME = "reliable_q", PROJECT = "reliableq", BAD_RATIO = "0.1", LOG_LEVEL = "DEBUG" })
    error_message = "The producer is told its queue by name."
  }

  assert {
    condition     = module.consumer.environment == tomap({ FAILURE_REPORTING = "per_message", LOG_LEVEL = "DEBUG" })
    error_message = "The consumer is told how to fail."
  }

  assert {
    condition = module.retry["retry_1"].environment == tomap({
      SOURCE_QUEUE_NAME = "reliable_q", LEVEL = "1", MAX_ATTEMPTS = "3", BACKOFF_BASE_SECONDS = "2", BACKOFF_CAP_SECONDS = "900", LOG_LEVEL = "DEBUG"
    })
    error_message = "The retry function is told where to replay to, how often and how late."
  }
}

run "levels_correct" {
  command = apply

  variables {
    retry_levels = [{}, { max_attempts = 4, backoff_base_seconds = 0.5, backoff_cap_seconds = 60 }, { max_attempts = 2 }]
  }

  assert {
    condition     = [for key in ["retry_1", "retry_2", "retry_3"] : module.retry[key].environment["MAX_ATTEMPTS"]] == ["3", "7", "9"]
    error_message = "The replay count runs on through the levels, so each level ends at the sum so far."
  }

  assert {
    condition     = module.retry["retry_2"].environment["BACKOFF_BASE_SECONDS"] == "0.5" && module.retry["retry_2"].environment["BACKOFF_CAP_SECONDS"] == "60"
    error_message = "Each level has its own backoff."
  }

  assert {
    condition     = keys(output.mapping_uuids) == ["consumer", "retry_1", "retry_2", "retry_3"]
    error_message = "Each level has a mapping of its own."
  }
}

run "draining_level_correct" {
  command = apply

  variables {
    retry_levels = [{}, { status = "draining" }, {}]
  }

  assert {
    condition     = output.queue_path == tolist(["source", "retry_1", "retry_3", "dlq"]) && keys(output.mapping_uuids) == ["consumer", "retry_1", "retry_2", "retry_3"]
    error_message = "Nothing leads into a draining level, and its function goes on."
  }

  assert {
    condition     = [for key in ["retry_1", "retry_2", "retry_3"] : module.retry[key].environment["MAX_ATTEMPTS"]] == ["3", "6", "9"]
    error_message = "While a level drains, its budget of replays stays in the sum."
  }
}

run "removed_level_correct" {
  command = apply

  variables {
    retry_levels = [{}, { status = "removed" }, {}]
  }

  assert {
    condition     = output.queue_path == tolist(["source", "retry_1", "retry_3", "dlq"]) && keys(output.mapping_uuids) == ["consumer", "retry_1", "retry_3"]
    error_message = "A removed level is gone, and the one after it keeps its name."
  }

  assert {
    condition     = [for key in ["retry_1", "retry_3"] : module.retry[key].environment["MAX_ATTEMPTS"]] == ["3", "6"] && output.max_attempts == 6
    error_message = "A removed level adds no replays."
  }
}

run "level_status_incorrect" {
  command = plan

  variables {
    retry_levels = [{ status = "gone" }]
  }

  expect_failures = [var.retry_levels]
}

run "too_many_levels_incorrect" {
  command = plan

  variables {
    retry_levels   = [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}]
    recursive_loop = { consumer = "Allow", retry = "Allow" }
  }

  expect_failures = [var.retry_levels]
}

run "no_levels_correct" {
  command = apply

  variables {
    retry_levels = []
  }

  assert {
    condition     = keys(output.queue_names) == ["dlq", "source"] && output.max_attempts == 0
    error_message = "Without levels a message that fails goes straight to the dead-letter queue."
  }
}

run "key_permissions_correct" {
  command = apply

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = alltrue([
      for function in [module.producer, module.consumer, module.retry["retry_1"]] :
      contains([for s in jsondecode(function.policy_json).Statement : s.Resource], [var.kms_key_arn])
    ])
    error_message = "Where a key encrypts the queues every function may use it."
  }
}

run "whole_batch_correct" {
  command = apply

  variables {
    failure_reporting = "whole_batch"
  }

  assert {
    condition     = length(module.consumer_mapping.function_response_types) == 0 && module.consumer.environment["FAILURE_REPORTING"] == "whole_batch"
    error_message = "Mapping and consumer follow the one switch."
  }

  assert {
    condition     = module.retry["retry_1"].function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "The retry function reports each message in either mode; a mapping that did not read it would delete what failed."
  }
}

run "mappings_disabled_correct" {
  command = apply

  variables {
    mappings_enabled = false
  }

  assert {
    condition     = !module.consumer_mapping.enabled && !module.retry["retry_1"].mapping_enabled
    error_message = "One switch holds everything in the queues."
  }
}

run "attempts_at_the_guard_correct" {
  command = apply

  variables {
    retry_levels = [{ max_attempts = 7 }, { max_attempts = 7 }]
  }

  assert {
    condition     = output.max_attempts == 14
    error_message = "Fourteen replays and the last visit stay under the guard."
  }
}

run "attempts_over_the_guard_incorrect" {
  command = plan

  variables {
    retry_levels = [{ max_attempts = 7 }, { max_attempts = 8 }]
  }

  expect_failures = [var.retry_levels]
}

run "attempts_over_the_guard_half_allowed_incorrect" {
  command = plan

  variables {
    retry_levels   = [{ max_attempts = 15 }]
    recursive_loop = { retry = "Allow" }
  }

  expect_failures = [var.retry_levels]
}

run "attempts_over_the_guard_allowed_correct" {
  command = apply

  variables {
    retry_levels   = [{ max_attempts = 15 }]
    recursive_loop = { consumer = "Allow", retry = "Allow" }
  }

  assert {
    condition     = output.max_attempts == 15
    error_message = "Without the guard there is no bound."
  }
}

run "level_without_attempts_incorrect" {
  command = plan

  variables {
    retry_levels = [{ max_attempts = 0 }]
  }

  expect_failures = [var.retry_levels]
}

run "backoff_over_the_longest_delay_incorrect" {
  command = plan

  variables {
    retry_levels = [{ backoff_cap_seconds = 901 }]
  }

  expect_failures = [var.retry_levels]
}

run "backoff_base_over_cap_incorrect" {
  command = plan

  variables {
    retry_levels = [{ backoff_base_seconds = 20, backoff_cap_seconds = 10 }]
  }

  expect_failures = [var.retry_levels]
}

run "ranges_incorrect" {
  command = plan

  variables {
    name_prefix                     = "1_"
    tags                            = { "aws:mine" = "no" }
    dist_dir                        = "dist/"
    architecture                    = "arm"
    failure_reporting               = "per_item"
    batch_size                      = 0
    maximum_batching_window_seconds = 301
    maximum_concurrency             = 1001
    reserved_concurrency            = -1
    accepted_risks                  = ["no_redrive"]
    log_level                       = "LOUD"
    oldest_message_fraction         = 0
    whole_batch_errors              = 0
    recursive_loop                  = { producer = "Deny" }
  }

  expect_failures = [
    var.name_prefix, var.tags, var.dist_dir, var.architecture, var.failure_reporting, var.batch_size,
    var.maximum_batching_window_seconds, var.maximum_concurrency, var.reserved_concurrency, var.accepted_risks,
    var.log_level, var.oldest_message_fraction, var.whole_batch_errors, var.recursive_loop,
  ]
}

run "bad_ratio_incorrect" {
  command = plan

  variables {
    producer = { bad_ratio = 1.1 }
  }

  expect_failures = [var.producer]
}

run "project_incorrect" {
  command = plan

  variables {
    producer = { project = "" }
  }

  expect_failures = [var.producer]
}
