variable "name" {
  description = "Name of the queue."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.name))
    error_message = "name: 1 to 80 letters, digits, hyphens and underscores. FIFO queues are not supported: they refuse a delay per message."
  }
}

variable "delay_seconds" {
  description = "How long a message stays hidden after it is sent to the queue (0 to 900). A message that SQS moves here by redrive is visible immediately."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = floor(var.delay_seconds) == var.delay_seconds && var.delay_seconds >= 0 && var.delay_seconds <= 900
    error_message = "delay_seconds: a whole number from 0 to 900."
  }
}

variable "receive_wait_seconds" {
  description = "Wait time in seconds of a receive that sets none (0 to 20): long polling."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = floor(var.receive_wait_seconds) == var.receive_wait_seconds && var.receive_wait_seconds >= 0 && var.receive_wait_seconds <= 20
    error_message = "receive_wait_seconds: a whole number from 0 to 20."
  }
}

variable "visibility_timeout_seconds" {
  description = "How long a message stays hidden after it is received (0 to 43200); longer than its processing takes."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition = (
      floor(var.visibility_timeout_seconds) == var.visibility_timeout_seconds
      && var.visibility_timeout_seconds >= 0
      && var.visibility_timeout_seconds <= 43200
    )
    error_message = "visibility_timeout_seconds: a whole number from 0 to 43200 (12 hours)."
  }
}

variable "retention_seconds" {
  description = "Age at which SQS deletes a message (60 to 1209600)."
  type        = number
  default     = 345600
  nullable    = false

  validation {
    condition = (
      floor(var.retention_seconds) == var.retention_seconds
      && var.retention_seconds >= 60
      && var.retention_seconds <= 1209600
    )
    error_message = "retention_seconds: a whole number from 60 (a minute) to 1209600 (14 days)."
  }
}

variable "redrive_from" {
  description = "Names of the queues, in the same account and region, that may use this one as their dead-letter queue; at most 10. Empty: none may."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.redrive_from) <= 10
    error_message = "redrive_from: at most 10 queues."
  }

  validation {
    condition     = !contains(var.redrive_from, var.name)
    error_message = "redrive_from: a queue cannot be its own dead-letter queue."
  }
}

variable "senders" {
  description = <<-EOT
    AWS services that may send to the queue, such as SNS: `service` (sns.amazonaws.com) and the `source_arns` on whose
    behalf. Principals of the queue's own account need none of this, only a policy of their own.
  EOT
  type = list(object({
    service     = string
    source_arns = list(string)
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for s in var.senders : can(regex("^[a-z0-9.-]+[.]amazonaws[.]com$", s.service))])
    error_message = "senders[*].service: a service principal, such as sns.amazonaws.com."
  }

  validation {
    condition     = alltrue([for s in var.senders : length(s.source_arns) > 0 && !contains(s.source_arns, "*")])
    error_message = "senders[*].source_arns: at least one ARN, and not *: any account's topic could send."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the queue; null means keys that SQS manages (SSE-SQS), at no charge. The policy of a key must let the `senders` use it."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID), not an alias, or null."
  }
}

variable "kms_data_key_reuse_seconds" {
  description = "Seconds for which SQS reuses a data key before it asks KMS again (60 to 86400). Only read with `kms_key_arn`."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.kms_data_key_reuse_seconds >= 60 && var.kms_data_key_reuse_seconds <= 86400
    error_message = "kms_data_key_reuse_seconds: from 60 (a minute) to 86400 (a day)."
  }
}

variable "protect_existing" {
  description = <<-EOT
    Stop a plan that would create a queue whose name exists, or delete and create it again. Needs the permission
    sqs:ListQueues, and a `name` that is known at plan. Set to false only to replace a queue whose messages you do not need.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of the queue. The module adds `terraform-state-id` unless it is among them; because of this tag SQS refuses to return the queue to another state that creates it."
  type        = map(string)
  default     = {}
  nullable    = false
}
