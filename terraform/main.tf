# The whole flow: producer, source queue, consumer, retry levels, dead-letter queue.
#
# The functions refer to the queues by name and by an ARN that is built from the name, never by a resource attribute. So
# Terraform creates the functions while the provider still polls the new queues until their attributes are consistent
# (25 s). Only the event source mappings depend on both.

data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  queue_name = "${var.name_prefix}reliable_q"

  # Tags every taggable resource with the id of this state: see docs/terraform.md, "Two deployments, one account".
  owner_tags = { terraform-state-id = terraform_data.owner.id }

  # The levels by key: retry_1, retry_2 and so on. A removed level leaves its number unused, so that the levels after it
  # are not renumbered, which would destroy and create their resources.
  levels = {
    for i, level in var.retry_levels : "retry_${i + 1}" => merge(level, {
      number = i + 1
      name   = "${local.queue_name}_retry_${i + 1}"
    }) if level.status != "removed"
  }

  level_keys = [for i, level in var.retry_levels : "retry_${i + 1}" if level.status != "removed"]

  # A message has one replay count for all levels, so a level stops replaying at the sum of max_attempts of all levels up
  # to and including it.
  attempts_up_to = {
    for key, level in local.levels :
    key => sum([for other in local.levels : other.max_attempts if other.number <= level.number])
  }

  queues = merge(
    module.queues.queues,
    {
      for key, level in module.retry : key => {
        name                       = level.queue.name
        arn                        = level.queue.arn
        url                        = level.queue.url
        visibility_timeout_seconds = level.visibility_timeout_seconds
        retention_seconds          = level.retention_seconds
        max_receive_count          = level.max_receive_count
      }
    },
  )
}

resource "terraform_data" "owner" {}

module "queues" {
  source = "./modules/queue-chain"

  name                   = local.queue_name
  dead_letter_queue_name = "${var.name_prefix}dlq_for_reliable_q"
  source_queue           = var.source_queue
  dead_letter_queue      = var.dead_letter_queue
  kms_key_arn            = var.kms_key_arn
  protect_existing       = var.protect_existing_queues
  tags                   = local.owner_tags

  retry_levels = [
    for key in local.level_keys : {
      key               = key
      name              = local.levels[key].name
      max_receive_count = local.levels[key].max_receive_count
      retention_seconds = local.levels[key].retention_seconds
      draining          = local.levels[key].status == "draining"
    }
  ]

  retry_queues = [for level in module.retry : level.queue]
}
