# The other way to read "three and five" in the classic design: three receives from the source queue, then five from the
# retry queue.

source_queue = { max_receive_count = 3 }
retry_levels = [{ max_receive_count = 5 }]
