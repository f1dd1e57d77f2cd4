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
  description = "Number of the level, from 1. Its key in the module queue-chain is `retry_N`, and the function is told it as LEVEL."
  type        = number
  nullable    = false

  validation {
    condition     = floor(var.level) == var.level && var.level >= 1
    error_message = "level: a whole number of 1 or more."
  }
}

variable "source_queue_name" {
  description = "Name of the queue, in the same account and region, that messages are sent back to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.source_queue_name))
    error_message = "source_queue_name: 1 to 80 letters, digits, hyphens and underscores. A FIFO queue refuses the delay per message that a replay needs."
  }
}

variable "redrive_from" {
  description = "Names of the queues that SQS moves messages here from: `redrive_from` of the module queue-chain, or the queue before."
  type        = list(string)
  nullable    = false
}

variable "draining" {
  description = <<-EOT
    Whether the level is about to be removed. No message enters a draining level; its function runs until the
    queue is empty, and then the level can be removed without a loss.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "delay_seconds" {
  description = "How long a message that is sent to the queue stays hidden (0 to 900). It does not apply to messages that SQS moves here, which are the usual ones: what delays a retry is the backoff."
  type        = number
  default     = 0
  nullable    = false
}

variable "receive_wait_seconds" {
  description = "Long poll of receivers that name none (0 to 20)."
  type        = number
  default     = 10
  nullable    = false
}

variable "visibility_timeout_seconds" {
  description = "How long a received message stays hidden (0 to 43200); more than `timeout_seconds`, six times as long by advice of AWS."
  type        = number
  default     = 30
  nullable    = false
}

variable "max_receive_count" {
  description = "Receives before SQS moves a message on (1 to 1000): how often a message out of attempts, or one that cannot be sent back, is tried."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = floor(var.max_receive_count) == var.max_receive_count && var.max_receive_count >= 1 && var.max_receive_count <= 1000
    error_message = "max_receive_count: a whole number from 1 to 1000."
  }
}

variable "retention_seconds" {
  description = "Age at which SQS drops a message (60 to 1209600), counted from its first send."
  type        = number
  default     = 345600
  nullable    = false
}

variable "max_attempts" {
  description = "Replays that a message may have had when this level gives up: the sum of the replays of the levels up to this one, since a message carries one count through all of them."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = floor(var.max_attempts) == var.max_attempts && var.max_attempts >= 1
    error_message = "max_attempts: a whole number of 1 or more. A level that never replays only costs receives: leave it out."
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
  description = "What to run when `zip_file` is missing; ends the error message."
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
  description = "More environment variables of the function, such as a log level."
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
  description = "Concurrent executions reserved for, and the limit of, the function; null for none."
  type        = number
  default     = null
}

variable "recursive_loop" {
  description = "What Lambda does when a chain of replays invokes the function about 16 times: `Terminate` or `Allow`."
  type        = string
  default     = "Terminate"
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which CloudWatch retains the function's log; 0 retains it forever (and is warned about)."
  type        = number
  default     = 14
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of a policy that bounds the function's role, where an organisation asks for one."
  type        = string
  default     = null
}

variable "enabled" {
  description = "Whether the function reads the queue. Switch off to hold messages in the queue."
  type        = bool
  default     = true
  nullable    = false
}

variable "batch_size" {
  description = "Most messages per invocation: 1 to 10, up to 10000 with a batching window."
  type        = number
  default     = 5
  nullable    = false
}

variable "maximum_batching_window_seconds" {
  description = "Seconds to gather a batch (0 to 300)."
  type        = number
  default     = 0
  nullable    = false
}

variable "maximum_concurrency" {
  description = "Most concurrent invocations of the function by its mapping (2 to 1000); null for no bound."
  type        = number
  default     = null
}

variable "accepted_risks" {
  description = "Advice that you have weighed and do not want to be warned about: `short_visibility`, `few_receives`, `throttling`."
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
