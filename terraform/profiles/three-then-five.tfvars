# The other reading of "three and five": three receives from the source queue, then five from the retry queue.

source_queue = { max_receive_count = 3 }
retry_levels = [{ max_receive_count = 5 }]
