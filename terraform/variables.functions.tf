# Variables of the functions and of the consumer's mapping. Those of the retry levels are fields of retry_levels.

variable "failure_reporting" {
  description = <<-EOT
    How the consumer reports failures. `per_message`: only the failed messages of a batch are received again.
    `whole_batch`: one failed message causes the whole batch to be received again, as in the classic design.
  EOT
  type        = string
  default     = "per_message"
  nullable    = false

  validation {
    condition     = contains(["per_message", "whole_batch"], var.failure_reporting)
    error_message = "failure_reporting: per_message or whole_batch."
  }
}

variable "mappings_enabled" {
  description = <<-EOT
    Whether the event source mappings are enabled. While they are disabled, messages stay in the queues: for maintenance,
    or before `failure_reporting` is changed from `whole_batch` to `per_message` while messages are being processed.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "batch_size" {
  description = "Maximum number of messages per invocation of the consumer: 1 to 10, up to 10000 with a batching window."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = floor(var.batch_size) == var.batch_size && var.batch_size >= 1 && var.batch_size <= 10000
    error_message = "batch_size: a whole number from 1 to 10000."
  }
}

variable "maximum_batching_window_seconds" {
  description = "Seconds for which the consumer's mapping waits for a batch to fill (0 to 300)."
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
  description = "Maximum number of concurrent invocations of the consumer by its mapping (2 to 1000); null sets no maximum."
  type        = number
  default     = null

  validation {
    condition     = try(contains(range(2, 1001), var.maximum_concurrency), var.maximum_concurrency == null)
    error_message = "maximum_concurrency: from 2 to 1000, or null."
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrency of the consumer, which is both guaranteed and its maximum; null reserves none."
  type        = number
  default     = null

  validation {
    condition = try(
      floor(var.reserved_concurrency) == var.reserved_concurrency && var.reserved_concurrency >= 0,
      var.reserved_concurrency == null,
    )
    error_message = "reserved_concurrency: a whole number of 0 or more, or null."
  }
}

variable "accepted_risks" {
  description = "Recommendations of AWS that you decide not to follow, so that no warning is shown: `short_visibility`, `few_receives`, `throttling`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.accepted_risks, ["short_visibility", "few_receives", "throttling"])) == 0
    error_message = "accepted_risks: any of short_visibility, few_receives, throttling."
  }
}

variable "producer" {
  description = <<-EOT
    The producer. `project`: value of the message attribute of that name. `bad_ratio` (0 to 1): share of bad messages when
    the invocation's payload sets none. `timeout_seconds`: also how long it sends when the payload sets no count.
    `memory_mb`.
  EOT
  type = object({
    project         = optional(string, "reliableq")
    bad_ratio       = optional(number, 0.1)
    timeout_seconds = optional(number, 5)
    memory_mb       = optional(number, 128)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.producer.bad_ratio >= 0 && var.producer.bad_ratio <= 1
    error_message = "producer.bad_ratio: from 0 to 1, such as 0.1."
  }

  validation {
    condition     = length(var.producer.project) >= 1 && length(var.producer.project) <= 256
    error_message = "producer.project: 1 to 256 characters."
  }
}

variable "consumer" {
  description = "The consumer. `timeout_seconds`: less than the source queue's visibility timeout. `memory_mb`."
  type = object({
    timeout_seconds = optional(number, 3)
    memory_mb       = optional(number, 128)
  })
  default  = {}
  nullable = false
}

variable "recursive_loop" {
  description = <<-EOT
    Lambda's recursive loop detection, for each function: `Terminate` stops a function after about 16 invocations that
    were caused by its own messages, `Allow` does not. Replays count, so the sum of `max_attempts` is limited unless
    `consumer` and `retry` are both `Allow`.
  EOT
  type = object({
    producer = optional(string, "Terminate")
    consumer = optional(string, "Terminate")
    retry    = optional(string, "Terminate")
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(values(var.recursive_loop), ["Terminate", "Allow"])) == 0
    error_message = "recursive_loop: Terminate or Allow for each function."
  }
}

variable "log_level" {
  description = "Minimum level of log lines: `DEBUG`, `INFO`, `WARN` or `ERROR`; null uses the default of the functions (INFO). `reliableq demo` needs INFO."
  type        = string
  default     = null

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], coalesce(var.log_level, "INFO"))
    error_message = "log_level: DEBUG, INFO, WARN or ERROR, or null."
  }
}

variable "log_retention_days" {
  description = "Days for which CloudWatch retains the functions' logs; 0 retains them forever, with a warning."
  type        = number
  default     = 14
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the permissions boundary of the functions' roles; null sets none."
  type        = string
  default     = null
}
