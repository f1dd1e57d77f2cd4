# One standard SQS queue: encrypted, TLS-only, with a redrive-allow policy that names the queues that may use it, and
# protected from a plan that would delete a queue of this name to create it again.
#
# The queue policy and the redrive-allow policy are arguments of the queue: as separate resources each would take 25 s
# more. The ARNs in them are built from names, so that no queue depends on another.

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  arn_prefix = join(":", [
    "arn", data.aws_partition.current.partition, "sqs", data.aws_region.current.id,
    data.aws_caller_identity.current.account_id, "",
  ])

  static_arn = "${local.arn_prefix}${var.name}"

  redrive_allow_policy = length(var.redrive_from) == 0 ? jsonencode({ redrivePermission = "denyAll" }) : jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [for name in var.redrive_from : "${local.arn_prefix}${name}"]
  })

  access_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "DenyWithoutTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.static_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for i, sender in var.senders : {
        Sid       = "AllowSender${i + 1}"
        Effect    = "Allow"
        Principal = { Service = sender.service }
        Action    = "sqs:SendMessage"
        Resource  = local.static_arn
        Condition = { ArnLike = { "aws:SourceArn" = sender.source_arns } }
      }],
    )
  })
}

# A unique id of this state, for the tag terraform-state-id. CreateQueue returns an existing queue whose attributes are
# the same, but fails if its tags differ. Without the tag, one queue could be in two states, and each could delete it.
resource "terraform_data" "owner" {}

resource "aws_sqs_queue" "this" {
  name                       = var.name
  delay_seconds              = var.delay_seconds
  receive_wait_time_seconds  = var.receive_wait_seconds
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds  = var.retention_seconds

  policy               = local.access_policy
  redrive_allow_policy = local.redrive_allow_policy

  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : var.kms_data_key_reuse_seconds

  tags = merge({ terraform-state-id = terraform_data.owner.id }, var.tags)
}
