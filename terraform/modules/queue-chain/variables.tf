variable "name" {
  description = "Name of the source queue."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.name))
    error_message = "name: 1 to 80 letters, digits, hyphens and underscores."
  }

  validation {
    condition     = !endswith(var.name, ".fifo")
    error_message = "name: FIFO queues cannot be in this chain. They refuse a delay per message, which a replay with jitter needs."
  }
}

variable "dead_letter_queue_name" {
  description = "Name of the dead-letter queue; null means NAME_dlq."
  type        = string
  default     = null

  validation {
    condition     = var.dead_letter_queue_name == null || can(regex("^[A-Za-z0-9_-]{1,80}$", var.dead_letter_queue_name))
    error_message = "dead_letter_queue_name: 1 to 80 letters, digits, hyphens and underscores. A FIFO queue cannot be the dead-letter queue of standard queues."
  }
}

variable "source_queue" {
  description = <<-EOT
    The queue that producers send to.
    `delay_seconds` (0 to 900): how long a message stays hidden after it is sent.
    `receive_wait_seconds` (0 to 20): wait time of a receive that sets none (long polling).
    `visibility_timeout_seconds` (0 to 43200): how long a message stays hidden after it is received; longer
    than its processing takes.
    `max_receive_count` (1 to 1000): receives before SQS moves a message to the next queue.
    `retention_seconds` (60 to 1209600): age at which SQS deletes a message.
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
      floor(var.source_queue.max_receive_count) == var.source_queue.max_receive_count
      && var.source_queue.max_receive_count >= 1
      && var.source_queue.max_receive_count <= 1000
    )
    error_message = "source_queue.max_receive_count: a whole number from 1 to 1000."
  }
}

variable "retry_levels" {
  description = <<-EOT
    The retry levels between source and dead-letter queue, in the order in which a failing message passes through them:
    the output `level` of each module retry-level. By default there is none, and SQS moves messages from the source queue
    to the dead-letter queue.
    `key`: a unique key, such as retry_1. `name`: of the level's queue. `max_receive_count`, `retention_seconds`: as
    in `source_queue`. `draining`: true for a level that will be removed; no message enters it.
  EOT
  type = list(object({
    key               = string
    name              = string
    max_receive_count = number
    retention_seconds = number
    draining          = optional(bool, false)
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(var.retry_levels) <= 10
    error_message = "retry_levels: at most 10 levels."
  }

  validation {
    condition     = length(distinct(concat(["source", "dlq"], var.retry_levels[*].key))) == length(var.retry_levels) + 2
    error_message = "retry_levels[*].key: each level needs a unique key, other than source and dlq."
  }

  validation {
    condition = alltrue([for l in var.retry_levels : (
      floor(l.max_receive_count) == l.max_receive_count
      && l.max_receive_count >= 1
      && l.max_receive_count <= 1000
    )])
    error_message = "retry_levels[*].max_receive_count: a whole number from 1 to 1000."
  }
}

variable "retry_queues" {
  description = <<-EOT
    The queues of `retry_levels`, in any order: the output `queue` of each module retry-level. `name`, `arn`, `url`.
    `reader`: UUID of the event source mapping that reads the queue, or the name of another consumer. A level without a
    consumer is refused: messages would stay in its queue until their retention ends.
  EOT
  type = list(object({
    name   = string
    arn    = string
    url    = string
    reader = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = toset(var.retry_queues[*].name) == toset(var.retry_levels[*].name)
    error_message = "retry_queues: one queue for each of retry_levels, of the same name. A level needs a queue and a consumer of the queue."
  }

  validation {
    condition     = alltrue([for q in var.retry_queues : q.reader != ""])
    error_message = "retry_queues[*].reader: the consumer of the queue. Without one, messages stay in the queue until their retention ends."
  }
}

variable "dead_letter_queue" {
  description = <<-EOT
    The last queue of the chain. It has no redrive policy and so no `max_receive_count`. Its `retention_seconds` must exceed
    that of every queue before it: on standard queues the age counts from the first send.
  EOT
  type = object({
    delay_seconds              = optional(number, 0)
    receive_wait_seconds       = optional(number, 10)
    visibility_timeout_seconds = optional(number, 30)
    retention_seconds          = optional(number, 1209600)
  })
  default  = {}
  nullable = false
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
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the queues; null means keys that SQS manages (SSE-SQS), at no charge. The policy of a key must let the `senders` use it."
  type        = string
  default     = null
}

variable "kms_data_key_reuse_seconds" {
  description = "Seconds for which SQS reuses a data key before it asks KMS again (60 to 86400). Only read with `kms_key_arn`."
  type        = number
  default     = 300
  nullable    = false
}

variable "protect_existing" {
  description = "Stop a plan that would create a queue whose name exists, or delete and create it again: see the module queue."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of every queue."
  type        = map(string)
  default     = {}
  nullable    = false
}
