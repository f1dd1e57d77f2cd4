# A chain of standard queues: source, any number of retry levels, dead-letter queue. Source and dead-letter queue are
# made here; a retry level is a module of its own (retry-level), so that there is no level without a reader.
#
# The queues are created side by side; only then do the redrive policies, which are resources of their own, link them.
# An inline redrive policy would make each queue wait for the next one's ARN, 25 s per link.

locals {
  names = {
    source = var.name
    dlq    = coalesce(var.dead_letter_queue_name, "${var.name}_dlq")
  }

  levels = { for level in var.retry_levels : level.key => level }

  # The queues of a message that cannot be processed, in order. No message enters a level that is draining.
  path = concat(["source"], [for level in var.retry_levels : level.key if !level.draining], ["dlq"])

  # Every queue in the order of the levels, those that are draining too.
  order = concat(["source"], [for level in var.retry_levels : level.key], ["dlq"])

  # Where SQS moves a message from each queue but the last: to the next station after it.
  next = {
    for i, key in slice(local.order, 0, length(local.order) - 1) :
    key => [for later in slice(local.order, i + 1, length(local.order)) : later if contains(local.path, later)][0]
  }

  # Which queues may redrive into each. A draining level keeps the one that did, for what is still on its way.
  redrive_from = {
    for i, key in local.order : key => concat(
      [for from in local.order : local.queue_names[from] if lookup(local.next, from, "") == key],
      contains(local.path, key) ? [] : [local.queue_names[reverse([for earlier in slice(local.order, 0, i) : earlier if contains(local.path, earlier)])[0]]],
    )
  }

  queue_names = merge(local.names, { for key, level in local.levels : key => level.name })

  # What the links need to know of each queue: at plan, and once it is there.
  settings = merge(
    { for key, level in local.levels : key => { max_receive_count = level.max_receive_count, retention_seconds = level.retention_seconds } },
    {
      source = { max_receive_count = var.source_queue.max_receive_count, retention_seconds = var.source_queue.retention_seconds }
      dlq    = { max_receive_count = null, retention_seconds = var.dead_letter_queue.retention_seconds }
    },
  )

  retry_queues = { for queue in var.retry_queues : queue.name => queue }

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

# Where each queue leads, so that a change of it replaces the link.
resource "terraform_data" "target" {
  for_each = local.next

  input = local.queue_names[each.value]
}

# A link is made after the mapping that reads its target, and removed before it. When the target changes, the link is
# removed and made again, not updated: Terraform deletes a queue before it updates what refers to it, but removes a link
# before it deletes the queue. So nothing is moved to a queue that is gone, and a level's function goes on for 25 s after
# the last message came. While there is no link, messages stay where they are and are received again.
resource "aws_sqs_queue_redrive_policy" "this" {
  for_each = local.next

  queue_url = local.queues[each.key].url
  redrive_policy = jsonencode({
    deadLetterTargetArn = local.queues[each.value].arn
    maxReceiveCount     = local.settings[each.key].max_receive_count
  })

  lifecycle {
    replace_triggered_by = [terraform_data.target[each.key]]

    precondition {
      condition     = length(distinct(values(local.queue_names))) == length(local.queue_names)
      error_message = "Two queues of the chain have the same name: a queue would be its own dead-letter queue. Choose another dead_letter_queue_name."
    }

    precondition {
      condition = local.settings[each.value].retention_seconds >= local.settings[each.key].retention_seconds
      error_message = join(" ", [
        "The retention of ${each.value} (${local.settings[each.value].retention_seconds} s) is shorter than that of",
        "${each.key} (${local.settings[each.key].retention_seconds} s). The age of a message counts from its first",
        "send, so one that waited in ${each.key} could be dropped on arrival. Allowed: at least the retention of the",
        "queue before.",
      ])
    }

    precondition {
      condition = each.value != "dlq" || local.settings[each.value].retention_seconds > local.settings[each.key].retention_seconds
      error_message = join(" ", [
        "The dead-letter queue's retention (${local.settings[each.value].retention_seconds} s) must be longer than that",
        "of ${each.key} (${local.settings[each.key].retention_seconds} s): a message moved late would be dropped before",
        "anyone saw it. Allowed: more, up to 1209600 s (14 days).",
      ])
    }
  }
}
