# Recommendations of AWS that a design may have reasons not to follow. A failing check is a warning and does not stop the
# plan.

locals {
  advised_visibility_seconds = 6 * var.function.timeout_seconds + var.maximum_batching_window_seconds
}

check "visibility_timeout" {
  assert {
    condition = contains(var.accepted_risks, "short_visibility") || var.queue.visibility_timeout_seconds >= local.advised_visibility_seconds
    error_message = join(" ", [
      "${var.function.name}: the queue's visibility timeout (${var.queue.visibility_timeout_seconds} s) is below",
      "the six function timeouts plus batching window that AWS recommends (${local.advised_visibility_seconds} s): when",
      "invocations are throttled, messages use up receives. Accept with \"short_visibility\".",
    ])
  }
}

check "receives" {
  assert {
    condition = contains(var.accepted_risks, "few_receives") || coalesce(var.queue.max_receive_count, 5) >= 5
    error_message = join(" ", [
      "${var.function.name}: the queue's maxReceiveCount (${coalesce(var.queue.max_receive_count, 0)}) is below",
      "the 5 that AWS recommends: throttled invocations count as receives and can dead-letter good messages. Accept",
      "with \"few_receives\".",
    ])
  }
}

check "redrive_policy" {
  assert {
    condition = contains(var.accepted_risks, "no_redrive") || var.queue.max_receive_count != null
    error_message = join(" ", [
      "${var.function.name}: the queue has no redrive policy, so a message that always fails is received again until",
      "its retention ends, and is then lost. This also applies to a dead-letter queue with a mapping. Accept with",
      "\"no_redrive\".",
    ])
  }
}

check "concurrency" {
  assert {
    condition = contains(var.accepted_risks, "throttling") || var.function.reserved_concurrency == null || var.maximum_concurrency != null
    error_message = join(" ", [
      "${var.function.name}: reserved concurrency without maximum_concurrency throttles instead of waiting, and",
      "each throttled receive counts towards",
      "maxReceiveCount.${coalesce(var.function.reserved_concurrency, 5) < 5 ? " Lambda starts with five pollers, more than the reserved concurrency." : ""}",
      "Set maximum_concurrency, or accept with \"throttling\".",
    ])
  }
}
