# Alarms and a dashboard for all queues, functions and mappings of the flow.

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

  # A replay invokes the consumer and the retry functions again, so Lambda's recursive loop detection can stop them.
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
