# The whole flow: producer, source queue, consumer, retry levels, dead-letter queue.
#
# Functions know queues by name and ARN, both built from names, and so do not wait for them: while the provider watches
# the queues settle, the functions are made. Only event source mappings need both.

data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  queue_name = "${var.name_prefix}reliable_q"

  # retry_1, retry_2 and so on: keys of the levels' queues, functions and mappings.
  levels = { for i, level in var.retry_levels : "retry_${i + 1}" => merge(level, { number = i + 1 }) }

  # A message carries one replay count through all levels, so each level ends at the sum of the budgets up to its own.
  attempts_up_to = { for key, level in local.levels : key => sum(slice(var.retry_levels[*].max_attempts, 0, level.number)) }
}

module "queues" {
  source = "./modules/queue-chain"

  name                   = local.queue_name
  dead_letter_queue_name = "${var.name_prefix}dlq_for_reliable_q"
  source_queue           = var.source_queue
  retry_levels           = var.retry_levels
  dead_letter_queue      = var.dead_letter_queue
  kms_key_arn            = var.kms_key_arn
}
