# Runs of one queue against a mocked provider: what is set, what is refused. A run applies where it looks at what only
# exists after that.

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
    defaults = { id = "url", url = "url", arn = "arn:aws:sqs:eu-west-1:123456789012:orders" }
  }
}

variables {
  name = "orders"
}

run "defaults_correct" {
  command = apply

  assert {
    condition = [
      aws_sqs_queue.this.delay_seconds, aws_sqs_queue.this.receive_wait_time_seconds,
      aws_sqs_queue.this.visibility_timeout_seconds, aws_sqs_queue.this.message_retention_seconds,
    ] == [0, 10, 30, 345600]
    error_message = "The defaults are those of the documentation."
  }

  assert {
    condition     = output.static_arn == output.arn
    error_message = "The ARN built from the name must equal that of the queue."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_allow_policy) == { redrivePermission = "denyAll" }
    error_message = "No queue may redrive into one that names none."
  }

  assert {
    condition     = aws_sqs_queue.this.sqs_managed_sse_enabled
    error_message = "Without a key SQS encrypts with its own."
  }

  assert {
    condition     = aws_sqs_queue.this.tags == tomap({ terraform-state-id = terraform_data.owner.id }) && output.state_id == terraform_data.owner.id
    error_message = "The queue carries the id of the state that owns it."
  }
}

run "state_id_of_the_caller_correct" {
  command = apply

  variables {
    tags = { team = "payments", terraform-state-id = "one-for-all" }
  }

  assert {
    condition     = aws_sqs_queue.this.tags == tomap({ team = "payments", terraform-state-id = "one-for-all" }) && output.state_id == "one-for-all"
    error_message = "A caller may mark all that it has with one id."
  }
}

run "redrive_from_correct" {
  command = apply

  variables {
    redrive_from = ["first", "second"]
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this.redrive_allow_policy) == {
      redrivePermission = "byQueue"
      sourceQueueArns   = ["arn:aws:sqs:eu-west-1:123456789012:first", "arn:aws:sqs:eu-west-1:123456789012:second"]
    }
    error_message = "The queues that are named may redrive into this one, and no others."
  }
}

run "tls_only_correct" {
  command = apply

  assert {
    condition = jsondecode(aws_sqs_queue.this.policy).Statement == [{
      Sid       = "DenyWithoutTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = output.static_arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The queue refuses requests without TLS, and only those for itself."
  }
}

run "senders_correct" {
  command = apply

  variables {
    senders = [{ service = "sns.amazonaws.com", source_arns = ["arn:aws:sns:eu-west-1:123456789012:orders"] }]
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this.policy).Statement[1] == {
      Sid       = "AllowSender1"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-west-1:123456789012:orders"
      Condition = { ArnLike = { "aws:SourceArn" = ["arn:aws:sns:eu-west-1:123456789012:orders"] } }
    }
    error_message = "A service sends on behalf of what is named."
  }
}

run "encryption_with_key_correct" {
  command = apply

  variables {
    kms_key_arn                = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    kms_data_key_reuse_seconds = 600
  }

  assert {
    condition     = aws_sqs_queue.this.kms_master_key_id == var.kms_key_arn && aws_sqs_queue.this.kms_data_key_reuse_period_seconds == 600
    error_message = "With a key the queue is encrypted with it."
  }
}

run "protection_switched_off_correct" {
  command = plan

  variables {
    protect_existing = false
  }

  assert {
    condition     = length(data.aws_sqs_queues.existing) == 0 && !local.exists
    error_message = "Without protection nobody asks which queues exist."
  }
}

run "own_dead_letter_queue_incorrect" {
  command = plan

  variables {
    redrive_from = ["orders"]
  }

  expect_failures = [var.redrive_from]
}

run "too_many_redrives_incorrect" {
  command = plan

  variables {
    redrive_from = ["q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11"]
  }

  expect_failures = [var.redrive_from]
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

run "fifo_incorrect" {
  command = plan

  variables {
    name = "orders.fifo"
  }

  expect_failures = [var.name]
}

run "delay_incorrect" {
  command = plan

  variables {
    delay_seconds = 901
  }

  expect_failures = [var.delay_seconds]
}

run "fraction_incorrect" {
  command = plan

  variables {
    delay_seconds = 1.5
  }

  expect_failures = [var.delay_seconds]
}

run "wait_incorrect" {
  command = plan

  variables {
    receive_wait_seconds = 21
  }

  expect_failures = [var.receive_wait_seconds]
}

run "visibility_incorrect" {
  command = plan

  variables {
    visibility_timeout_seconds = 43201
  }

  expect_failures = [var.visibility_timeout_seconds]
}

run "short_retention_incorrect" {
  command = plan

  variables {
    retention_seconds = 59
  }

  expect_failures = [var.retention_seconds]
}

run "long_retention_incorrect" {
  command = plan

  variables {
    retention_seconds = 1209601
  }

  expect_failures = [var.retention_seconds]
}
