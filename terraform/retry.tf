# The retry levels. Each has a queue, a function and an event source mapping.

module "retry" {
  source   = "./modules/retry-level"
  for_each = local.levels

  name              = each.value.name
  level             = each.value.number
  source_queue_name = module.queues.names["source"]
  redrive_from      = module.queues.redrive_from[each.key]
  draining          = each.value.status == "draining"

  delay_seconds              = each.value.delay_seconds
  receive_wait_seconds       = each.value.receive_wait_seconds
  visibility_timeout_seconds = each.value.visibility_timeout_seconds
  max_receive_count          = each.value.max_receive_count
  retention_seconds          = each.value.retention_seconds
  kms_key_arn                = var.kms_key_arn
  protect_existing           = var.protect_existing_queues

  max_attempts         = local.attempts_up_to[each.key]
  backoff_base_seconds = each.value.backoff_base_seconds
  backoff_cap_seconds  = each.value.backoff_cap_seconds

  role_name                = "${each.value.name}_${data.aws_region.current.id}"
  zip_file                 = "${var.dist_dir}/retry.zip"
  build_hint               = local.build_hint
  architecture             = var.architecture
  timeout_seconds          = each.value.timeout_seconds
  memory_mb                = each.value.memory_mb
  environment              = local.common_environment
  reserved_concurrency     = each.value.reserved_concurrency
  recursive_loop           = var.recursive_loop.retry
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = var.permissions_boundary_arn

  enabled                         = var.mappings_enabled
  batch_size                      = each.value.batch_size
  maximum_batching_window_seconds = each.value.maximum_batching_window_seconds
  maximum_concurrency             = each.value.maximum_concurrency
  accepted_risks                  = var.accepted_risks

  tags = local.owner_tags
}
