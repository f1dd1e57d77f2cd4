variable "name" {
  description = "Begins the name of every alarm and of the dashboard."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,100}$", var.name))
    error_message = "name: 1 to 100 letters, digits, hyphens and underscores."
  }
}

variable "queues" {
  description = <<-EOT
    Queues to watch, by a key of your own. `name`; `retention_seconds`, against which the age of the oldest message is
    measured; `dead_letter`, true for a queue without a consumer, in which a single message is one too many. Every other
    queue is watched for messages that are not received.
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
    Functions to watch, by a key of your own. `name`; `errors`, how many failed invocations in five minutes raise the
    alarm; `recursive`, true when messages of the function can invoke it again, so that Lambda's guard may drop them.
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
    Event source mappings with the metric EventCount to watch, by a key of your own. `uuid`; `failed_events`, how many
    failed events in five minutes raise the alarm; an event that the function reports as failed counts.
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
  description = "Share of a queue's retention that its oldest message may reach before the alarm (above 0, at most 1)."
  type        = number
  default     = 0.5
  nullable    = false

  validation {
    condition     = var.oldest_message_fraction > 0 && var.oldest_message_fraction <= 1
    error_message = "oldest_message_fraction: above 0 and at most 1, such as 0.5."
  }
}

variable "alarm_actions" {
  description = "ARNs told when an alarm goes off and when it ends, such as SNS topics. With none, alarms are only seen in CloudWatch."
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
