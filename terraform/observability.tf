# Alarms and dashboard over everything above.

module "observability" {
  source = "./modules/observability"

  name = local.queue_name

  queues = {
    for key, queue in local.queues : key => {
      name              = queue.name
      retention_seconds = queue.retention_seconds
      dead_letter       = key == "dlq"
    }
  }

  # Replays invoke the consumer and the retry functions again, so the recursive-loop guard can strike there.
  functions = merge(
    { producer = { name = module.producer.name } },
    { consumer = { name = module.consumer.name, recursive = true, errors = var.failure_reporting == "whole_batch" ? var.whole_batch_errors : 1 } },
    { for key, function in module.retry : key => { name = function.name, recursive = true } },
  )

  mappings = merge(
    { consumer = { uuid = module.consumer_mapping.uuid } },
    { for key, level in module.retry : key => { uuid = level.mapping_uuid } },
  )

  oldest_message_fraction = var.oldest_message_fraction
  alarm_actions           = var.alarm_actions
  tags                    = local.owner_tags
}
