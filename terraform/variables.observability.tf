variable "alarm_actions" {
  description = "ARNs that are notified when an alarm enters and leaves the state ALARM, such as SNS topics."
  type        = list(string)
  default     = []
  nullable    = false
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

variable "whole_batch_errors" {
  description = "Number of failed invocations of the consumer in five minutes that raises the alarm with `failure_reporting = whole_batch`, where each bad message makes several invocations fail."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.whole_batch_errors >= 1
    error_message = "whole_batch_errors: at least 1."
  }
}
