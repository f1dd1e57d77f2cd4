variable "name" {
  description = "Name of the source queue. Retry queues are called NAME_retry_1, NAME_retry_2 and so on."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,71}$", var.name))
    error_message = "name: 1 to 71 letters, digits, hyphens and underscores (SQS allows 80, and _retry_10 needs nine of them)."
  }

  validation {
    condition     = !endswith(var.name, ".fifo")
    error_message = "name: FIFO queues cannot be in this chain. They refuse a delay per message, which replay with jitter needs."
  }
}

variable "dead_letter_queue_name" {
  description = "Name of the dead-letter queue; null means NAME_dlq."
  type        = string
  default     = null

  validation {
    condition     = var.dead_letter_queue_name == null || can(regex("^[A-Za-z0-9_-]{1,80}$", var.dead_letter_queue_name))
    error_message = "dead_letter_queue_name: 1 to 80 letters, digits, hyphens and underscores. A FIFO queue cannot end a chain of standard queues."
  }
}

variable "source_queue" {
  description = <<-EOT
    The queue that producers send to.
    `delay_seconds` (0 to 900): how long a new message stays hidden.
    `receive_wait_seconds` (0 to 20): long poll of receivers that name none.
    `visibility_timeout_seconds` (0 to 43200): how long a received message stays hidden; more than the work takes.
    `max_receive_count` (1 to 1000): receives before SQS moves a message on.
    `retention_seconds` (60 to 1209600): age at which SQS drops a message.
  EOT
  type = object({
    delay_seconds              = optional(number, 2)
    receive_wait_seconds       = optional(number, 10)
    visibility_timeout_seconds = optional(number, 10)
    max_receive_count          = optional(number, 5)
    retention_seconds          = optional(number, 345600)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      floor(var.source_queue.delay_seconds) == var.source_queue.delay_seconds
      && var.source_queue.delay_seconds >= 0
      && var.source_queue.delay_seconds <= 900
    )
    error_message = "source_queue.delay_seconds: a whole number from 0 to 900."
  }

  validation {
    condition = (
      floor(var.source_queue.receive_wait_seconds) == var.source_queue.receive_wait_seconds
      && var.source_queue.receive_wait_seconds >= 0
      && var.source_queue.receive_wait_seconds <= 20
    )
    error_message = "source_queue.receive_wait_seconds: a whole number from 0 to 20."
  }

  validation {
    condition = (
      floor(var.source_queue.visibility_timeout_seconds) == var.source_queue.visibility_timeout_seconds
      && var.source_queue.visibility_timeout_seconds >= 0
      && var.source_queue.visibility_timeout_seconds <= 43200
    )
    error_message = "source_queue.visibility_timeout_seconds: a whole number from 0 to 43200 (12 hours)."
  }

  validation {
    condition = (
      floor(var.source_queue.max_receive_count) == var.source_queue.max_receive_count
      && var.source_queue.max_receive_count >= 1
      && var.source_queue.max_receive_count <= 1000
    )
    error_message = "source_queue.max_receive_count: a whole number from 1 to 1000."
  }

  validation {
    condition = (
      floor(var.source_queue.retention_seconds) == var.source_queue.retention_seconds
      && var.source_queue.retention_seconds >= 60
      && var.source_queue.retention_seconds <= 1209600
    )
    error_message = "source_queue.retention_seconds: a whole number from 60 (a minute) to 1209600 (14 days)."
  }
}

variable "retry_levels" {
  description = <<-EOT
    The retry queues between source and dead-letter queue, in the order in which a failing message visits them. Each
    has the fields of `source_queue`. An empty list joins the source to the dead-letter queue directly.
  EOT
  type = list(object({
    delay_seconds              = optional(number, 10)
    receive_wait_seconds       = optional(number, 10)
    visibility_timeout_seconds = optional(number, 10)
    max_receive_count          = optional(number, 3)
    retention_seconds          = optional(number, 345600)
  }))
  default  = [{}]
  nullable = false

  validation {
    condition     = length(var.retry_levels) <= 10
    error_message = "retry_levels: at most 10 levels."
  }

  validation {
    condition = alltrue([for l in var.retry_levels : (
      floor(l.delay_seconds) == l.delay_seconds
      && l.delay_seconds >= 0
      && l.delay_seconds <= 900
    )])
    error_message = "retry_levels[*].delay_seconds: a whole number from 0 to 900."
  }

  validation {
    condition = alltrue([for l in var.retry_levels : (
      floor(l.receive_wait_seconds) == l.receive_wait_seconds
      && l.receive_wait_seconds >= 0
      && l.receive_wait_seconds <= 20
    )])
    error_message = "retry_levels[*].receive_wait_seconds: a whole number from 0 to 20."
  }

  validation {
    condition = alltrue([for l in var.retry_levels : (
      floor(l.visibility_timeout_seconds) == l.visibility_timeout_seconds
      && l.visibility_timeout_seconds >= 0
      && l.visibility_timeout_seconds <= 43200
    )])
    error_message = "retry_levels[*].visibility_timeout_seconds: a whole number from 0 to 43200 (12 hours)."
  }

  validation {
    condition = alltrue([for l in var.retry_levels : (
      floor(l.max_receive_count) == l.max_receive_count
      && l.max_receive_count >= 1
      && l.max_receive_count <= 1000
    )])
    error_message = "retry_levels[*].max_receive_count: a whole number from 1 to 1000."
  }

  validation {
    condition = alltrue([for l in var.retry_levels : (
      floor(l.retention_seconds) == l.retention_seconds
      && l.retention_seconds >= 60
      && l.retention_seconds <= 1209600
    )])
    error_message = "retry_levels[*].retention_seconds: a whole number from 60 (a minute) to 1209600 (14 days)."
  }
}

variable "dead_letter_queue" {
  description = <<-EOT
    The queue at the end. Nothing leaves it by itself, so it has no `max_receive_count`, and its `retention_seconds`
    must exceed that of every queue before it: on standard queues the age counts from the first send.
  EOT
  type = object({
    delay_seconds              = optional(number, 0)
    receive_wait_seconds       = optional(number, 10)
    visibility_timeout_seconds = optional(number, 30)
    retention_seconds          = optional(number, 1209600)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      floor(var.dead_letter_queue.delay_seconds) == var.dead_letter_queue.delay_seconds
      && var.dead_letter_queue.delay_seconds >= 0
      && var.dead_letter_queue.delay_seconds <= 900
    )
    error_message = "dead_letter_queue.delay_seconds: a whole number from 0 to 900."
  }

  validation {
    condition = (
      floor(var.dead_letter_queue.receive_wait_seconds) == var.dead_letter_queue.receive_wait_seconds
      && var.dead_letter_queue.receive_wait_seconds >= 0
      && var.dead_letter_queue.receive_wait_seconds <= 20
    )
    error_message = "dead_letter_queue.receive_wait_seconds: a whole number from 0 to 20."
  }

  validation {
    condition = (
      floor(var.dead_letter_queue.visibility_timeout_seconds) == var.dead_letter_queue.visibility_timeout_seconds
      && var.dead_letter_queue.visibility_timeout_seconds >= 0
      && var.dead_letter_queue.visibility_timeout_seconds <= 43200
    )
    error_message = "dead_letter_queue.visibility_timeout_seconds: a whole number from 0 to 43200 (12 hours)."
  }

  validation {
    condition = (
      floor(var.dead_letter_queue.retention_seconds) == var.dead_letter_queue.retention_seconds
      && var.dead_letter_queue.retention_seconds >= 60
      && var.dead_letter_queue.retention_seconds <= 1209600
    )
    error_message = "dead_letter_queue.retention_seconds: a whole number from 60 (a minute) to 1209600 (14 days)."
  }
}

variable "senders" {
  description = <<-EOT
    AWS services that may send to the source queue, such as SNS: `service` (sns.amazonaws.com) and the `source_arns` on
    whose behalf. Principals of the queue's own account need none of this, only a policy of their own.
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
  description = "ARN of the KMS key that encrypts the queues; null means keys that SQS manages (SSE-SQS), at no charge. The policy of a key must let the `senders` use it."
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

variable "tags" {
  description = "Tags of every queue."
  type        = map(string)
  default     = {}
  nullable    = false
}
