variable "queue" {
  description = <<-EOT
    The queue to read. `arn`; `visibility_timeout_seconds`; `max_receive_count` of its redrive policy, or null when it
    has none; `fifo`, true when the queue is a FIFO queue. The module does not
    set these values; it compares its own with them.
  EOT
  type = object({
    arn                        = string
    visibility_timeout_seconds = number
    max_receive_count          = optional(number)
    fifo                       = optional(bool, false)
  })
  nullable = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:.+$", var.queue.arn))
    error_message = "queue.arn: the ARN of an SQS queue (arn:aws:sqs:REGION:ACCOUNT:NAME)."
  }
}

variable "function" {
  description = <<-EOT
    The function to invoke. `name` (or ARN); `timeout_seconds`; `reserved_concurrency`, or null when it has none;
    `failure_reporting`, how its code reports failures (`per_message` or `whole_batch`), or null when that is unknown;
    `concurrency_of_other_mappings`, the sum of `maximum_concurrency` of the other mappings that invoke it.
  EOT
  type = object({
    name                          = string
    timeout_seconds               = number
    reserved_concurrency          = optional(number)
    failure_reporting             = optional(string)
    concurrency_of_other_mappings = optional(number, 0)
  })
  nullable = false

  validation {
    condition     = var.function.failure_reporting == null || contains(["per_message", "whole_batch"], coalesce(var.function.failure_reporting, "-"))
    error_message = "function.failure_reporting: per_message, whole_batch or null."
  }
}

variable "failure_reporting" {
  description = <<-EOT
    How the mapping reads the function's response. `per_message`: the messages in `batchItemFailures` are received again, the
    others are deleted. `whole_batch`: the response is not read; after an error all messages of the batch are received again.
  EOT
  type        = string
  default     = "per_message"
  nullable    = false

  validation {
    condition     = contains(["per_message", "whole_batch"], var.failure_reporting)
    error_message = "failure_reporting: per_message or whole_batch."
  }
}

variable "batch_size" {
  description = "Maximum number of messages per invocation: 1 to 10, up to 10000 with a batching window on a standard queue."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = floor(var.batch_size) == var.batch_size && var.batch_size >= 1 && var.batch_size <= 10000
    error_message = "batch_size: a whole number from 1 to 10000."
  }
}

variable "maximum_batching_window_seconds" {
  description = "Seconds to wait for a batch to fill (0 to 300). With 0, each receive is one batch. Standard queues only."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition = (
      floor(var.maximum_batching_window_seconds) == var.maximum_batching_window_seconds
      && var.maximum_batching_window_seconds >= 0
      && var.maximum_batching_window_seconds <= 300
    )
    error_message = "maximum_batching_window_seconds: a whole number from 0 to 300."
  }
}

variable "maximum_concurrency" {
  description = "Maximum number of concurrent invocations by this mapping (2 to 1000); null sets no maximum. Further messages wait in the queue without being received."
  type        = number
  default     = null

  validation {
    condition     = try(contains(range(2, 1001), var.maximum_concurrency), var.maximum_concurrency == null)
    error_message = "maximum_concurrency: a whole number from 2 to 1000, or null."
  }
}

variable "filter_patterns" {
  description = "Up to five JSON patterns, of which a message must match one. An SQS mapping DELETES messages that match none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.filter_patterns) <= 5
    error_message = "filter_patterns: at most 5."
  }

  validation {
    condition     = alltrue([for p in var.filter_patterns : can(keys(jsondecode(p))) && length(p) <= 4096])
    error_message = "filter_patterns: each a JSON object of at most 4096 characters."
  }
}

variable "enabled" {
  description = "Whether the mapping reads the queue. Set to false to stop processing without losing a message."
  type        = bool
  default     = true
  nullable    = false
}

variable "event_count_metrics" {
  description = "Whether the mapping publishes the metrics of its events: polled, invoked, failed, deleted and dropped (CloudWatch charges for custom metrics)."
  type        = bool
  default     = true
  nullable    = false
}

variable "accepted_risks" {
  description = <<-EOT
    Recommendations that you decide not to follow, so that no warning is shown: `short_visibility` (less than six
    function timeouts plus the batching window), `few_receives` (maxReceiveCount under 5), `no_redrive` (no redrive policy on the queue),
    `throttling` (reserved concurrency without maximum concurrency).
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.accepted_risks, ["short_visibility", "few_receives", "no_redrive", "throttling"])) == 0
    error_message = "accepted_risks: any of short_visibility, few_receives, no_redrive, throttling."
  }
}

variable "tags" {
  description = "Tags of the mapping."
  type        = map(string)
  default     = {}
  nullable    = false
}
