# Plans of the chain against a mocked provider: what is linked to what, and what is refused.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  # A mocked resource has one default for all instances; the links are only visible when each queue has its own.
  override_resource {
    target = aws_sqs_queue.this["source"]
    values = { id = "url-of-source", arn = "arn:aws:sqs:eu-west-1:123456789012:orders" }
  }

  override_resource {
    target = aws_sqs_queue.this["retry_1"]
    values = { id = "url-of-retry-1", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_1" }
  }

  override_resource {
    target = aws_sqs_queue.this["retry_2"]
    values = { id = "url-of-retry-2", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_retry_2" }
  }

  override_resource {
    target = aws_sqs_queue.this["dlq"]
    values = { id = "url-of-dlq", arn = "arn:aws:sqs:eu-west-1:123456789012:orders_dlq" }
  }
}

variables {
  name = "orders"
}

run "names_correct" {
  command = plan

  assert {
    condition     = output.names == { source = "orders", retry_1 = "orders_retry_1", dlq = "orders_dlq" }
    error_message = "Names follow from the source queue's name."
  }

  assert {
    condition     = output.path == tolist(["source", "retry_1", "dlq"])
    error_message = "The path runs from the source over the levels to the dead-letter queue."
  }

  assert {
    condition     = output.static_arns["retry_1"] == output.queues["retry_1"].arn
    error_message = "ARNs built from names must equal those of the queues."
  }
}

run "numbers_correct" {
  command = plan

  assert {
    condition = [for key in output.path : [
      aws_sqs_queue.this[key].delay_seconds, aws_sqs_queue.this[key].receive_wait_time_seconds,
      aws_sqs_queue.this[key].visibility_timeout_seconds, aws_sqs_queue.this[key].message_retention_seconds,
    ]] == [[2, 10, 10, 345600], [10, 10, 10, 345600], [0, 10, 30, 1209600]]
    error_message = "The defaults are the table of the documentation."
  }
}

run "links_correct" {
  command = plan

  variables {
    retry_levels = [{}, { max_receive_count = 7 }]
  }

  assert {
    condition = { for key, policy in aws_sqs_queue_redrive_policy.this : key => [policy.queue_url, policy.redrive_policy] } == {
      source  = ["url-of-source", "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:123456789012:orders_retry_1\",\"maxReceiveCount\":5}"]
      retry_1 = ["url-of-retry-1", "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:123456789012:orders_retry_2\",\"maxReceiveCount\":3}"]
      retry_2 = ["url-of-retry-2", "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:123456789012:orders_dlq\",\"maxReceiveCount\":7}"]
    }
    error_message = "Each queue redrives into the next one, with its own count, and the dead-letter queue into none."
  }

  assert {
    condition = { for key, queue in aws_sqs_queue.this : key => jsondecode(queue.redrive_allow_policy) } == {
      source  = { redrivePermission = "denyAll" }
      retry_1 = { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-west-1:123456789012:orders"] }
      retry_2 = { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-west-1:123456789012:orders_retry_1"] }
      dlq     = { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:eu-west-1:123456789012:orders_retry_2"] }
    }
    error_message = "Only the queue before may redrive into a queue."
  }
}

run "no_levels_correct" {
  command = plan

  variables {
    retry_levels           = []
    dead_letter_queue_name = "orders_to_review"
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_policy.this["source"].redrive_policy).deadLetterTargetArn == aws_sqs_queue.this["dlq"].arn
    error_message = "Without levels the source redrives into the dead-letter queue."
  }

  assert {
    condition     = aws_sqs_queue.this["dlq"].name == "orders_to_review"
    error_message = "The dead-letter queue takes the name it is given."
  }
}

run "tls_only_correct" {
  command = plan

  assert {
    condition = alltrue([for key, queue in aws_sqs_queue.this : jsondecode(queue.policy).Statement[0] == {
      Sid       = "DenyWithoutTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = output.static_arns[key]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }])
    error_message = "Each queue refuses requests without TLS, and only those for itself."
  }
}

run "senders_correct" {
  command = plan

  variables {
    senders = [{ service = "sns.amazonaws.com", source_arns = ["arn:aws:sns:eu-west-1:123456789012:orders"] }]
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this["source"].policy).Statement[1] == {
      Sid       = "AllowSender1"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-west-1:123456789012:orders"
      Condition = { ArnLike = { "aws:SourceArn" = ["arn:aws:sns:eu-west-1:123456789012:orders"] } }
    }
    error_message = "A service sends on behalf of what is named."
  }

  assert {
    condition     = length(jsondecode(aws_sqs_queue.this["dlq"].policy).Statement) == 1
    error_message = "Services send to the source queue alone."
  }
}

run "sender_that_is_no_service_incorrect" {
  command = plan

  variables {
    senders = [{ service = "*", source_arns = ["arn:aws:sns:eu-west-1:123456789012:orders"] }]
  }

  expect_failures = [var.senders]
}

run "sender_on_behalf_of_anyone_incorrect" {
  command = plan

  variables {
    senders = [{ service = "sns.amazonaws.com", source_arns = ["*"] }]
  }

  expect_failures = [var.senders]
}

run "encryption_correct" {
  command = plan

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.this : queue.sqs_managed_sse_enabled])
    error_message = "Without a key SQS encrypts with its own."
  }
}

run "encryption_with_key_correct" {
  command = plan

  variables {
    kms_key_arn                = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    kms_data_key_reuse_seconds = 600
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.this : queue.kms_master_key_id == var.kms_key_arn && queue.kms_data_key_reuse_period_seconds == 600])
    error_message = "With a key every queue is encrypted with it."
  }
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
    name = join("", [for _ in range(72) : "q"])
  }

  expect_failures = [var.name]
}

run "own_dead_letter_queue_incorrect" {
  command = plan

  variables {
    dead_letter_queue_name = "orders_retry_1"
  }

  expect_failures = [aws_sqs_queue.this]
}

run "source_delay_incorrect" {
  command = plan

  variables {
    source_queue = { delay_seconds = 901 }
  }

  expect_failures = [var.source_queue]
}

run "source_wait_incorrect" {
  command = plan

  variables {
    source_queue = { receive_wait_seconds = 21 }
  }

  expect_failures = [var.source_queue]
}

run "source_visibility_incorrect" {
  command = plan

  variables {
    source_queue = { visibility_timeout_seconds = 43201 }
  }

  expect_failures = [var.source_queue]
}

run "source_receives_incorrect" {
  command = plan

  variables {
    source_queue = { max_receive_count = 1001 }
  }

  expect_failures = [var.source_queue]
}

run "source_retention_incorrect" {
  command = plan

  variables {
    source_queue = { retention_seconds = 59 }
  }

  expect_failures = [var.source_queue]
}

run "source_fraction_incorrect" {
  command = plan

  variables {
    source_queue = { delay_seconds = 1.5 }
  }

  expect_failures = [var.source_queue]
}

run "level_delay_incorrect" {
  command = plan

  variables {
    retry_levels = [{}, { delay_seconds = 901 }]
  }

  expect_failures = [var.retry_levels]
}

run "level_wait_incorrect" {
  command = plan

  variables {
    retry_levels = [{ receive_wait_seconds = 21 }]
  }

  expect_failures = [var.retry_levels]
}

run "level_visibility_incorrect" {
  command = plan

  variables {
    retry_levels = [{ visibility_timeout_seconds = -1 }]
  }

  expect_failures = [var.retry_levels]
}

run "level_receives_incorrect" {
  command = plan

  variables {
    retry_levels = [{ max_receive_count = 0 }]
  }

  expect_failures = [var.retry_levels]
}

run "level_retention_incorrect" {
  command = plan

  variables {
    retry_levels = [{ retention_seconds = 1209601 }]
  }

  expect_failures = [var.retry_levels]
}

run "too_many_levels_incorrect" {
  command = plan

  variables {
    retry_levels = [for _ in range(11) : {}]
  }

  expect_failures = [var.retry_levels]
}

run "dead_letter_delay_incorrect" {
  command = plan

  variables {
    dead_letter_queue = { delay_seconds = -1 }
  }

  expect_failures = [var.dead_letter_queue]
}

run "dead_letter_wait_incorrect" {
  command = plan

  variables {
    dead_letter_queue = { receive_wait_seconds = 21 }
  }

  expect_failures = [var.dead_letter_queue]
}

run "dead_letter_visibility_incorrect" {
  command = plan

  variables {
    dead_letter_queue = { visibility_timeout_seconds = 43201 }
  }

  expect_failures = [var.dead_letter_queue]
}

run "dead_letter_retention_incorrect" {
  command = plan

  variables {
    dead_letter_queue = { retention_seconds = 1209601 }
  }

  expect_failures = [var.dead_letter_queue]
}

run "shorter_retention_on_the_way_incorrect" {
  command = plan

  variables {
    retry_levels = [{ retention_seconds = 86400 }]
  }

  expect_failures = [aws_sqs_queue_redrive_policy.this["source"]]
}

run "dead_letter_retention_not_longer_incorrect" {
  command = plan

  variables {
    dead_letter_queue = { retention_seconds = 345600 }
  }

  expect_failures = [aws_sqs_queue_redrive_policy.this["retry_1"]]
}

run "key_alias_incorrect" {
  command = plan

  variables {
    kms_key_arn = "alias/queues"
  }

  expect_failures = [var.kms_key_arn]
}

run "key_reuse_incorrect" {
  command = plan

  variables {
    kms_data_key_reuse_seconds = 59
  }

  expect_failures = [var.kms_data_key_reuse_seconds]
}
