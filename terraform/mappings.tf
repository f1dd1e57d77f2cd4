# The event source mappings: source queue to consumer, each retry queue to its function.

module "consumer_mapping" {
  source = "./modules/queue-consumer"

  queue = module.queues.queues["source"]
  function = {
    name                 = module.consumer.name
    timeout_seconds      = var.consumer.timeout_seconds
    reserved_concurrency = var.reserved_concurrency
    failure_reporting    = var.failure_reporting
  }

  enabled                         = var.mappings_enabled
  failure_reporting               = var.failure_reporting
  batch_size                      = var.batch_size
  maximum_batching_window_seconds = var.maximum_batching_window_seconds
  maximum_concurrency             = var.maximum_concurrency
  accepted_risks                  = var.accepted_risks
}

# The retry function reports each message by itself in either mode of the consumer. Without that, a batch with one
# message out of attempts would replay its neighbours once more on each receive.
module "retry_mapping" {
  source   = "./modules/queue-consumer"
  for_each = local.levels

  queue = module.queues.queues[each.key]
  function = {
    name                 = module.retry[each.key].name
    timeout_seconds      = each.value.timeout_seconds
    reserved_concurrency = each.value.reserved_concurrency
    failure_reporting    = "per_message"
  }

  enabled                         = var.mappings_enabled
  failure_reporting               = "per_message"
  batch_size                      = each.value.batch_size
  maximum_batching_window_seconds = each.value.maximum_batching_window_seconds
  maximum_concurrency             = each.value.maximum_concurrency
  accepted_risks                  = var.accepted_risks
}
