# The event source mapping from the source queue to the consumer. The mappings of the retry queues are in the
# module retry-level.

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
  tags                            = local.owner_tags
}
