# A chain of standard queues, linked by redrive policies: source queue, any number of retry levels, dead-letter queue. This
# module creates the source and the dead-letter queue. The module retry-level creates a level's queue together with the
# mapping that reads it, so that no level is without a consumer.
#
# The redrive policies are separate resources, so that all queues are created concurrently. As an argument of the queue,
# a redrive policy would make each queue wait for the next one's ARN, 25 s for each queue.

locals {
  names = {
    source = var.name
    dlq    = coalesce(var.dead_letter_queue_name, "${var.name}_dlq")
  }

  levels = { for level in var.retry_levels : level.key => level }

  # Keys of the queues that a message passes through when it always fails. No message enters a level that is draining.
  path = concat(["source"], [for level in var.retry_levels : level.key if !level.draining], ["dlq"])

  # Keys of all queues in the same sequence, with the levels that are draining.
  sequence = concat(["source"], [for level in var.retry_levels : level.key], ["dlq"])

  # The dead-letter target of each queue but the last: the next queue in the path.
  redrive_target = {
    for i, key in slice(local.sequence, 0, length(local.sequence) - 1) :
    key => [for later in slice(local.sequence, i + 1, length(local.sequence)) : later if contains(local.path, later)][0]
  }

  # Names of the queues that may redrive into each. Those of a draining level include the queue that did before, for
  # messages that SQS moves while the redrive policies are being replaced.
  redrive_from = {
    for i, key in local.sequence : key => concat(
      [for from in local.sequence : local.queue_names[from] if lookup(local.redrive_target, from, "") == key],
      contains(local.path, key) ? [] : [local.queue_names[reverse([for earlier in slice(local.sequence, 0, i) : earlier if contains(local.path, earlier)])[0]]],
    )
  }

  queue_names = merge(local.names, { for key, level in local.levels : key => level.name })

  # Attributes of each queue that are known at plan.
  attributes = merge(
    { for key, level in local.levels : key => { max_receive_count = level.max_receive_count, retention_seconds = level.retention_seconds } },
    {
      source = { max_receive_count = var.source_queue.max_receive_count, retention_seconds = var.source_queue.retention_seconds }
      dlq    = { max_receive_count = null, retention_seconds = var.dead_letter_queue.retention_seconds }
    },
  )

  retry_queues = { for queue in var.retry_queues : queue.name => queue }

  # Attributes of each queue that are known once it is created.
  queues = merge(
    { for key in ["source", "dlq"] : key => { arn = module.queue[key].arn, url = module.queue[key].url, reader = null } },
    { for key, level in local.levels : key => local.retry_queues[level.name] },
  )
}

module "queue" {
  source   = "../queue"
  for_each = { source = var.source_queue, dlq = var.dead_letter_queue }

  name                       = local.names[each.key]
  delay_seconds              = each.value.delay_seconds
  receive_wait_seconds       = each.value.receive_wait_seconds
  visibility_timeout_seconds = each.value.visibility_timeout_seconds
  retention_seconds          = each.value.retention_seconds
  redrive_from               = local.redrive_from[each.key]
  senders                    = each.key == "source" ? var.senders : []
  kms_key_arn                = var.kms_key_arn
  kms_data_key_reuse_seconds = var.kms_data_key_reuse_seconds
  protect_existing           = var.protect_existing
  tags                       = var.tags
}

# The name of each queue's redrive target: a change of it replaces the redrive policy.
resource "terraform_data" "target" {
  for_each = local.redrive_target

  input = local.queue_names[each.value]
}

# A redrive policy depends on the mapping that reads its target: it is created after the mapping and destroyed before it.
#
# When the target changes, the policy is replaced, not updated. Terraform would delete the old target queue before it
# updates a resource that refers to it, but it destroys such a resource before it deletes the queue. So SQS never moves a
# message to a queue that is deleted, and the level's function runs for 25 s after the last message arrived. Between the
# two policies messages stay in their queue and are received again.
resource "aws_sqs_queue_redrive_policy" "this" {
  for_each = local.redrive_target

  queue_url = local.queues[each.key].url
  redrive_policy = jsonencode({
    deadLetterTargetArn = local.queues[each.value].arn
    maxReceiveCount     = local.attributes[each.key].max_receive_count
  })

  lifecycle {
    replace_triggered_by = [terraform_data.target[each.key]]

    precondition {
      condition     = length(distinct(values(local.queue_names))) == length(local.queue_names)
      error_message = "Two queues of the chain have the same name: a queue would be its own dead-letter queue. Choose another dead_letter_queue_name."
    }

    precondition {
      condition = local.attributes[each.value].retention_seconds >= local.attributes[each.key].retention_seconds
      error_message = join(" ", [
        "The retention of ${each.value} (${local.attributes[each.value].retention_seconds} s) is shorter than that of",
        "${each.key} (${local.attributes[each.key].retention_seconds} s). The age of a message counts from its first",
        "send, so one that waited in ${each.key} could be deleted on arrival. Allowed: at least the retention of the",
        "queue before.",
      ])
    }

    precondition {
      condition = each.value != "dlq" || local.attributes[each.value].retention_seconds > local.attributes[each.key].retention_seconds
      error_message = join(" ", [
        "The dead-letter queue's retention (${local.attributes[each.value].retention_seconds} s) must be longer than that",
        "of ${each.key} (${local.attributes[each.key].retention_seconds} s): a message that is moved late would be deleted",
        "before anyone sees it. Allowed: more, up to 1209600 s (14 days).",
      ])
    }
  }
}
