# The producer and the consumer, with the permissions of each. These environment variables are the interface between
# this configuration and the code of the functions:
#
#   producer  QUEUE_NAME, PROJECT, BAD_RATIO
#   consumer  FAILURE_REPORTING
#   both      LOG_LEVEL, unless log_level is null
#
# The retry functions are created by the retry levels, in retry.tf.

locals {
  common_environment = var.log_level == null ? {} : { LOG_LEVEL = var.log_level }

  build_hint = "Run `make build` (or `reliableq build`) first, or set dist_dir to the folder of the packages."

  # Permissions to send to a queue, to be the target of a queue's event source mapping, and to use the queues' KMS key.
  send_actions    = ["sqs:GetQueueUrl", "sqs:SendMessage"]
  receive_actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
  key_statements = var.kms_key_arn == null ? [] : [{
    sid       = "UseQueueKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }]
}

module "producer" {
  source = "./modules/go-function"

  name            = "${local.queue_name}_producer"
  role_name       = "${local.queue_name}_producer_${data.aws_region.current.id}"
  description     = "Sends orders to ${module.queues.names["source"]}, some of them bad."
  zip_file        = "${var.dist_dir}/producer.zip"
  build_hint      = local.build_hint
  architecture    = var.architecture
  timeout_seconds = var.producer.timeout_seconds
  memory_mb       = var.producer.memory_mb
  environment = merge(local.common_environment, {
    QUEUE_NAME = module.queues.names["source"]
    PROJECT    = var.producer.project
    BAD_RATIO  = tostring(var.producer.bad_ratio)
  })

  policy_statements = concat(local.key_statements, [{
    sid       = "SendToSource"
    actions   = local.send_actions
    resources = [module.queues.static_arns["source"]]
  }])

  recursive_loop           = var.recursive_loop.producer
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = local.owner_tags
}

module "consumer" {
  source = "./modules/go-function"

  name            = "${local.queue_name}_consumer"
  role_name       = "${local.queue_name}_consumer_${data.aws_region.current.id}"
  description     = "Processes orders from ${module.queues.names["source"]}."
  zip_file        = "${var.dist_dir}/consumer.zip"
  build_hint      = local.build_hint
  architecture    = var.architecture
  timeout_seconds = var.consumer.timeout_seconds
  memory_mb       = var.consumer.memory_mb
  environment = merge(local.common_environment, {
    FAILURE_REPORTING = var.failure_reporting
  })

  policy_statements = concat(local.key_statements, [{
    sid       = "ReceiveFromSource"
    actions   = local.receive_actions
    resources = [module.queues.static_arns["source"]]
  }])

  reserved_concurrency     = var.reserved_concurrency
  recursive_loop           = var.recursive_loop.consumer
  log_retention_days       = var.log_retention_days
  permissions_boundary_arn = var.permissions_boundary_arn
  tags                     = local.owner_tags
}
