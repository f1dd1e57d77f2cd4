# What AWS advises: a visibility timeout of at least six function timeouts plus the batching window, at least five
# receives, a bound on concurrency. Take it for production; see docs/terraform.md. A bad message takes longer to reach
# the dead-letter queue: nearly nine minutes here, against more than four with the defaults, since a receive costs 20 s.

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
