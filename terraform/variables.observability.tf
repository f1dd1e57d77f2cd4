variable "alarm_actions" {
  description = "ARNs told when an alarm goes off and when it ends, such as SNS topics."
  type        = list(string)
  default     = []
  nullable    = false
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

variable "whole_batch_errors" {
  description = "Failed invocations of the consumer in five minutes that raise the alarm with `whole_batch`, where each bad message fails some."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.whole_batch_errors >= 1
    error_message = "whole_batch_errors: at least 1."
  }
}
