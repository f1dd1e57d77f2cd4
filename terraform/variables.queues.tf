# Variables of the queues. The modules check the range of each value; the validations here compare several values.

variable "source_queue" {
  description = <<-EOT
    The queue that the producer sends to and the consumer reads.
    `delay_seconds` (0 to 900): how long a message stays hidden after it is sent.
    `receive_wait_seconds` (0 to 20): wait time of a receive that sets none (long polling).
    `visibility_timeout_seconds` (0 to 43200): how long a message stays hidden after it is received.
    `max_receive_count` (1 to 1000): receives before SQS moves a message to the first retry queue.
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
}

variable "retry_levels" {
  description = <<-EOT
    The retry levels, in the order in which a failing message passes through them. Each has a queue, a function and a
    mapping. A level has the fields of `source_queue`, with a `max_receive_count` of 3 by default. Its `delay_seconds` has
    no effect on messages that SQS moves into the queue, and no others arrive: the backoff delays a retry. Further fields:
    `status`: `active`; `draining` before a level is removed: no message enters it while its function empties the queue;
    `removed`: the level has no resources, and the entry stays in the list so that later levels are not renumbered.
    `max_attempts` (1 or more): number of replays to the source queue that this level adds.
    `backoff_base_seconds`, `backoff_cap_seconds` (0 to 900): replay n is delayed by a random time up to min(cap, base * 2^n).
    `timeout_seconds`, `memory_mb`, `reserved_concurrency`: as for the consumer, for the level's function.
    `batch_size`, `maximum_batching_window_seconds`, `maximum_concurrency`: as for the consumer, for the level's mapping.
  EOT
  type = list(object({
    status = optional(string, "active")

    delay_seconds              = optional(number, 10)
    receive_wait_seconds       = optional(number, 10)
    visibility_timeout_seconds = optional(number, 10)
    max_receive_count          = optional(number, 3)
    retention_seconds          = optional(number, 345600)

    max_attempts         = optional(number, 3)
    backoff_base_seconds = optional(number, 2)
    backoff_cap_seconds  = optional(number, 900)

    timeout_seconds      = optional(number, 3)
    memory_mb            = optional(number, 128)
    reserved_concurrency = optional(number)

    batch_size                      = optional(number, 5)
    maximum_batching_window_seconds = optional(number, 0)
    maximum_concurrency             = optional(number)
  }))
  default  = [{}]
  nullable = false

  validation {
    condition     = length(var.retry_levels) <= 10
    error_message = "retry_levels: at most 10 levels."
  }

  validation {
    condition     = alltrue([for l in var.retry_levels : contains(["active", "draining", "removed"], l.status)])
    error_message = "retry_levels[*].status: active, draining or removed."
  }

  validation {
    condition = alltrue([for l in var.retry_levels : floor(l.max_attempts) == l.max_attempts && l.max_attempts >= 1])
    error_message = join(" ", [
      "retry_levels[*].max_attempts: a whole number of 1 or more. A level without replays only",
      "adds receives: leave it out.",
    ])
  }

  validation {
    condition = alltrue([for l in var.retry_levels : (
      l.backoff_base_seconds >= 0
      && l.backoff_cap_seconds >= l.backoff_base_seconds
      && l.backoff_cap_seconds <= 900
    )])
    error_message = join(" ", [
      "retry_levels[*]: backoff_base_seconds from 0 to backoff_cap_seconds, and backoff_cap_seconds at most 900,",
      "the longest delay of an SQS message.",
    ])
  }

  # Lambda's recursive loop detection stops a function that its own messages invoked about 16 times. Each replay through
  # the source queue counts as one invocation; the last invocation of the retry function, which gives up, is one more.
  validation {
    condition = (
      !contains([var.recursive_loop.consumer, var.recursive_loop.retry], "Terminate")
      || sum(concat([1], [for l in var.retry_levels : l.max_attempts if l.status != "removed"])) < 16
    )
    error_message = join(" ", [
      "retry_levels: max_attempts of all levels sum up to ${sum(concat([0], [for l in var.retry_levels : l.max_attempts if l.status != "removed"]))},",
      "and Lambda's recursive loop detection stops a message after about 16 invocations. Allowed: a sum of at most 14, or",
      "recursive_loop = { consumer = \"Allow\", retry = \"Allow\" }.",
    ])
  }
}

variable "dead_letter_queue" {
  description = <<-EOT
    The queue of messages that could not be processed. It has the fields of `source_queue` except `max_receive_count`. Its
    `retention_seconds` must exceed that of every queue before it.
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

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the queues; null means keys that SQS manages (SSE-SQS)."
  type        = string
  default     = null
}

variable "protect_existing_queues" {
  description = <<-EOT
    Stop a plan that would create a queue whose name exists, or delete and create it again after an interrupted apply.
    Needs the permission sqs:ListQueues. Set to false only to replace queues whose messages you do not need.
  EOT
  type        = bool
  default     = true
  nullable    = false
}
