# One retry level: a queue, the function that reads it and sends each message back to the source queue later, and the
# mapping between them. As one module, so that no retry queue is without a consumer.
#
# These environment variables are the interface to the function's code:
#
#   SOURCE_QUEUE_NAME, LEVEL, MAX_ATTEMPTS, BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS

locals {
  key_statements = var.kms_key_arn == null ? [] : [{
    sid       = "UseQueueKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }]

  source_queue_arn = replace(module.queue.static_arn, "/[^:]+$/", var.source_queue_name)
}

module "queue" {
  source = "../queue"

  name                       = var.name
  delay_seconds              = var.delay_seconds
  receive_wait_seconds       = var.receive_wait_seconds
  visibility_timeout_seconds = var.visibility_timeout_seconds
  retention_seconds          = var.retention_seconds
  redrive_from               = var.redrive_from
  kms_key_arn                = var.kms_key_arn
  kms_data_key_reuse_seconds = var.kms_data_key_reuse_seconds
  protect_existing           = var.protect_existing
  tags                       = var.tags
}

# Refers to the queues by name and by an ARN that is built from the name, and so does not depend on them.
module "function" {
  source = "../go-function"

  name            = var.name
  role_name       = var.role_name
  description     = "Replays messages from ${var.name} to ${var.source_queue_name}, each time with a longer delay."
  zip_file        = var.zip_file
  build_hint      = var.build_hint
  architecture    = var.architecture
  timeout_seconds = var.timeout_seconds
  memory_mb       = var.memory_mb

  environment = merge(var.environment, {
    SOURCE_QUEUE_NAME    = var.source_queue_name
    LEVEL                = tostring(var.level)
    MAX_ATTEMPTS         = tostring(var.max_attempts)
    BACKOFF_BASE_SECONDS = tostring(var.backoff_base_seconds)
    BACKOFF_CAP_SECONDS  = tostring(var.backoff_cap_seconds)
  })

  policy_statements = concat(local.key_statements, [
    {
      sid       = "ReceiveFromRetry"
      actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      resources = [module.queue.static_arn]
    },
    {
      sid       = "ReplayToSource"
      actions   = ["sqs:GetQueueUrl", "sqs:SendMessage"]
      resources = [local.source_queue_arn]
    },
  ])

  reserved_concurrency     = var.reserved_concurrency
  recursive_loop           = var.recursive_loop
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = var.tags
}

# The function reports failures per message. With whole_batch, a batch with one message out of attempts would replay its
# other messages once more on each receive.
module "mapping" {
  source = "../queue-consumer"

  queue = {
    arn                        = module.queue.arn
    visibility_timeout_seconds = var.visibility_timeout_seconds
    max_receive_count          = var.max_receive_count
  }

  function = {
    name                 = module.function.name
    timeout_seconds      = var.timeout_seconds
    reserved_concurrency = var.reserved_concurrency
    failure_reporting    = "per_message"
  }

  enabled                         = var.enabled
  failure_reporting               = "per_message"
  batch_size                      = var.batch_size
  maximum_batching_window_seconds = var.maximum_batching_window_seconds
  maximum_concurrency             = var.maximum_concurrency
  accepted_risks                  = var.accepted_risks
  tags                            = var.tags
}
