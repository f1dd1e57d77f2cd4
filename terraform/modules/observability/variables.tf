variable "name" {
  description = "Prefix of the names of the alarms and of the dashboard."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,100}$", var.name))
    error_message = "name: 1 to 100 letters, digits, hyphens and underscores."
  }
}

variable "queues" {
  description = <<-EOT
    Queues to monitor, by any unique key. `name`; `retention_seconds`, with which the age of the oldest message is
    compared; `dead_letter`, true for a queue without a consumer, where a single message raises an alarm. The other queues
    have an alarm for messages that are not received.
  EOT
  type = map(object({
    name              = string
    retention_seconds = number
    dead_letter       = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for q in var.queues : q.retention_seconds >= 60 && q.retention_seconds <= 1209600])
    error_message = "queues[*].retention_seconds: from 60 to 1209600."
  }
}

variable "functions" {
  description = <<-EOT
    Functions to monitor, by any unique key. `name`; `errors`, the number of failed invocations in five minutes that
    raises the alarm; `recursive`, true when messages of the function can invoke it again, which adds an alarm for
    Lambda's recursive loop detection.
  EOT
  type = map(object({
    name      = string
    errors    = optional(number, 1)
    recursive = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for f in var.functions : f.errors >= 1])
    error_message = "functions[*].errors: at least 1."
  }
}

variable "mappings" {
  description = <<-EOT
    Event source mappings to monitor, by any unique key; they need `event_count_metrics`. `uuid`; `failed_events`, the
    number of failed events in five minutes that raises the alarm, those that the function reports as failed included.
  EOT
  type = map(object({
    uuid          = string
    failed_events = optional(number, 100)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for m in var.mappings : m.failed_events >= 1])
    error_message = "mappings[*].failed_events: at least 1."
  }
}

variable "oldest_message_fraction" {
  description = "Age of a queue's oldest message that raises the alarm, as a fraction of the queue's retention (above 0, at most 1)."
  type        = number
  default     = 0.5
  nullable    = false

  validation {
    condition     = var.oldest_message_fraction > 0 && var.oldest_message_fraction <= 1
    error_message = "oldest_message_fraction: above 0 and at most 1, such as 0.5."
  }
}

variable "alarm_actions" {
  description = "ARNs that are notified when an alarm enters and leaves the state ALARM, such as SNS topics. Without any, alarms are only shown in CloudWatch."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for a in var.alarm_actions : startswith(a, "arn:")])
    error_message = "alarm_actions: ARNs, such as arn:aws:sns:REGION:ACCOUNT:TOPIC."
  }

  validation {
    condition     = length(var.alarm_actions) <= 5
    error_message = "alarm_actions: at most 5."
  }
}

variable "tags" {
  description = "Tags of every alarm."
  type        = map(string)
  default     = {}
  nullable    = false
}
