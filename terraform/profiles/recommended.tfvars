# What AWS recommends: a visibility timeout of at least six function timeouts plus the batching window, at least five
# receives, a maximum concurrency. Use it for production; see docs/terraform.md. A bad message takes longer to reach the
# dead-letter queue: nearly nine minutes here, against more than four with the defaults, since each receive takes 20 s.

source_queue = {
  visibility_timeout_seconds = 20
  receive_wait_seconds       = 20
  max_receive_count          = 5
}

retry_levels = [{
  visibility_timeout_seconds = 20
  receive_wait_seconds       = 20
  max_receive_count          = 5
  backoff_cap_seconds        = 900
  maximum_concurrency        = 2
}]

maximum_concurrency = 10
