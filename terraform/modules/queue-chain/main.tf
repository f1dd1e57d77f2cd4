# A chain of standard queues: source, any number of retry levels, dead-letter queue.
#
# The queues are created side by side; only then do the redrive policies, which are resources of their own, link them.
# An inline redrive policy would make each queue wait for the next one's ARN, 25 s per link. All else a queue needs is
# inline, because the same attributes as separate resources cost 25 s each; ARNs in them are built from names, so that
# no queue waits for another.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  arn_prefix = join(":", [
    "arn", data.aws_partition.current.partition, "sqs", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id, "",
  ])

  # The stations of a message that nobody can process, in order.
  path = concat(["source"], [for i, _ in var.retry_levels : "retry_${i + 1}"], ["dlq"])

  queues = merge(
    { source = merge(var.source_queue, { name = var.name }) },
    { for i, level in var.retry_levels : "retry_${i + 1}" => merge(level, { name = "${var.name}_retry_${i + 1}" }) },
    { dlq = merge(var.dead_letter_queue, { name = coalesce(var.dead_letter_queue_name, "${var.name}_dlq"), max_receive_count = null }) },
  )

  names       = { for key, queue in local.queues : key => queue.name }
  static_arns = { for key, queue in local.queues : key => "${local.arn_prefix}${queue.name}" }

  # Where SQS moves a message from each queue but the last, and so which one queue may redrive into each but the first.
  next     = { for i, key in slice(local.path, 0, length(local.path) - 1) : key => local.path[i + 1] }
  previous = { for from, to in local.next : to => from }

  redrive_allow_policies = {
    for key, _ in local.queues : key => contains(keys(local.previous), key) ? jsonencode({
      redrivePermission = "byQueue"
      sourceQueueArns   = [local.static_arns[local.previous[key]]]
    }) : jsonencode({ redrivePermission = "denyAll" })
  }

  access_policies = {
    for key, arn in local.static_arns : key => jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [{
          Sid       = "DenyWithoutTLS"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }],
        [for i, sender in var.senders : {
          Sid       = "AllowSender${i + 1}"
          Effect    = "Allow"
          Principal = { Service = sender.service }
          Action    = "sqs:SendMessage"
          Resource  = arn
          Condition = { ArnLike = { "aws:SourceArn" = sender.source_arns } }
        } if key == "source"],
      )
    })
  }
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                       = each.value.name
  delay_seconds              = each.value.delay_seconds
  receive_wait_time_seconds  = each.value.receive_wait_seconds
  visibility_timeout_seconds = each.value.visibility_timeout_seconds
  message_retention_seconds  = each.value.retention_seconds

  policy               = local.access_policies[each.key]
  redrive_allow_policy = local.redrive_allow_policies[each.key]

  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : var.kms_data_key_reuse_seconds

  tags = var.tags

  lifecycle {
    # The queue before must lead past a removed level before that level's queue goes.
    create_before_destroy = true

    precondition {
      condition     = length(distinct(values(local.names))) == length(local.names)
      error_message = "Two queues of the chain have the same name: a queue would be its own dead-letter queue. Choose another dead_letter_queue_name."
    }
  }
}

resource "aws_sqs_queue_redrive_policy" "this" {
  for_each = local.next

  queue_url = aws_sqs_queue.this[each.key].id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.this[each.value].arn
    maxReceiveCount     = local.queues[each.key].max_receive_count
  })

  lifecycle {
    precondition {
      condition = local.queues[each.value].retention_seconds >= local.queues[each.key].retention_seconds
      error_message = join(" ", [
        "The retention of ${each.value} (${local.queues[each.value].retention_seconds} s) is shorter than that of",
        "${each.key} (${local.queues[each.key].retention_seconds} s). The age of a message counts from its first",
        "send, so one that waited in ${each.key} could be dropped on arrival. Allowed: at least the retention of the",
        "queue before.",
      ])
    }

    precondition {
      condition = each.value != "dlq" || local.queues[each.value].retention_seconds > local.queues[each.key].retention_seconds
      error_message = join(" ", [
        "The dead-letter queue's retention (${local.queues[each.value].retention_seconds} s) must be longer than that",
        "of ${each.key} (${local.queues[each.key].retention_seconds} s): a message moved late would be dropped before",
        "anyone saw it. Allowed: more, up to 1209600 s (14 days).",
      ])
    }
  }
}
