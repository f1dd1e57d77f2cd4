variable "name" {
  description = "Name of the queue and of the function that reads it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name: 1 to 64 letters, digits, hyphens and underscores."
  }
}

variable "level" {
  description = "Number of the level, from 1. Its key in the module queue-chain is `retry_N`, and the function's environment variable LEVEL has it."
  type        = number
  nullable    = false

  validation {
    condition     = floor(var.level) == var.level && var.level >= 1
    error_message = "level: a whole number of 1 or more."
  }
}

variable "source_queue_name" {
  description = "Name of the queue, in the same account and region, to which the function sends messages back."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.source_queue_name))
    error_message = "source_queue_name: 1 to 80 letters, digits, hyphens and underscores. A FIFO queue refuses the delay per message that a replay needs."
  }
}

variable "redrive_from" {
  description = "Names of the queues that may redrive into the level's queue: the output `redrive_from` of the module queue-chain, or the queue before."
  type        = list(string)
  nullable    = false
}

variable "draining" {
  description = <<-EOT
    Whether the level is about to be removed. No message enters a draining level; its function runs until the
    queue is empty, and then the level can be removed without losing messages.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "delay_seconds" {
  description = "How long a message stays hidden after it is sent to the queue (0 to 900). It has no effect on messages that SQS moves into the queue, which are normally all: the backoff delays a retry."
  type        = number
  default     = 0
  nullable    = false
}

variable "receive_wait_seconds" {
  description = "Wait time in seconds of a receive that sets none (0 to 20): long polling."
  type        = number
  default     = 10
  nullable    = false
}

variable "visibility_timeout_seconds" {
  description = "How long a message stays hidden after it is received (0 to 43200); longer than `timeout_seconds`. AWS recommends six times as long."
  type        = number
  default     = 30
  nullable    = false
}

variable "max_receive_count" {
  description = "Receives before SQS moves a message to the next queue (1 to 1000). Messages that have no attempts left, or cannot be sent back, reach it."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = floor(var.max_receive_count) == var.max_receive_count && var.max_receive_count >= 1 && var.max_receive_count <= 1000
    error_message = "max_receive_count: a whole number from 1 to 1000."
  }
}

variable "retention_seconds" {
  description = "Age at which SQS deletes a message (60 to 1209600), counted from its first send."
  type        = number
  default     = 345600
  nullable    = false
}

variable "max_attempts" {
  description = "Replay count of a message at which this level stops replaying it: the sum of the replays of all levels up to and including this one, since a message has one count for all levels."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = floor(var.max_attempts) == var.max_attempts && var.max_attempts >= 1
    error_message = "max_attempts: a whole number of 1 or more. A level without replays only adds receives: leave it out."
  }
}

variable "backoff_base_seconds" {
  description = "Replay n is delayed by a random time up to min(`backoff_cap_seconds`, `backoff_base_seconds` * 2^n)."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.backoff_base_seconds >= 0 && var.backoff_base_seconds <= 900
    error_message = "backoff_base_seconds: from 0 to 900."
  }
}

variable "backoff_cap_seconds" {
  description = "Longest delay of a replay (0 to 900, the longest delay of an SQS message)."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.backoff_cap_seconds >= var.backoff_base_seconds && var.backoff_cap_seconds <= 900
    error_message = "backoff_cap_seconds: from backoff_base_seconds to 900, the longest delay of an SQS message."
  }
}

variable "zip_file" {
  description = "Path of the deployment package: a zip with an executable `bootstrap` at its top that replays messages as its environment variables configure."
  type        = string
  nullable    = false
}

variable "build_hint" {
  description = "End of the error message when `zip_file` is missing: how to build it."
  type        = string
  default     = "Build it: CGO_ENABLED=0 GOOS=linux go build -tags lambda.norpc -o bootstrap, then zip the file bootstrap."
  nullable    = false
}

variable "architecture" {
  description = "Instruction set that `bootstrap` was built for: `x86_64` or `arm64`."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda stops an invocation (1 to 900); less than `visibility_timeout_seconds`."
  type        = number
  default     = 3
  nullable    = false
}

variable "memory_mb" {
  description = "Memory of the function in MB (128 to 10240)."
  type        = number
  default     = 128
  nullable    = false
}

variable "environment" {
  description = "Further environment variables of the function, such as a log level."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "role_name" {
  description = "Name of the function's role; null means the name with the region, since roles are global."
  type        = string
  default     = null
}

variable "reserved_concurrency" {
  description = "Reserved concurrency of the function, which is both guaranteed and its maximum; null reserves none."
  type        = number
  default     = null
}

variable "recursive_loop" {
  description = "Lambda's recursive loop detection: `Terminate` stops the function after about 16 invocations that were caused by its own messages, `Allow` does not. Replays count."
  type        = string
  default     = "Terminate"
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which CloudWatch retains the function's log; 0 retains it forever, with a warning."
  type        = number
  default     = 14
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the permissions boundary of the function's role; null sets none."
  type        = string
  default     = null
}

variable "enabled" {
  description = "Whether the mapping reads the queue. While it is false, messages stay in the queue."
  type        = bool
  default     = true
  nullable    = false
}

variable "batch_size" {
  description = "Maximum number of messages per invocation: 1 to 10, up to 10000 with a batching window."
  type        = number
  default     = 5
  nullable    = false
}

variable "maximum_batching_window_seconds" {
  description = "Seconds to wait for a batch to fill (0 to 300)."
  type        = number
  default     = 0
  nullable    = false
}

variable "maximum_concurrency" {
  description = "Maximum number of concurrent invocations of the function by its mapping (2 to 1000); null sets no maximum."
  type        = number
  default     = null
}

variable "accepted_risks" {
  description = "Recommendations of AWS that you decide not to follow, so that no warning is shown: `short_visibility`, `few_receives`, `throttling`."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the queues; null means keys that SQS manages (SSE-SQS)."
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
  description = "Stop a plan that would create a queue whose name exists: see the module queue."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of the queue, the function, its role, its log group and the mapping."
  type        = map(string)
  default     = {}
  nullable    = false
}
