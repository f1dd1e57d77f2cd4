# Stops a plan that would create a queue whose name exists. There are two such plans:
#
# - The queue is in this state but tainted, because an apply was interrupted while the provider polled the new queue.
#   Terraform would delete it, with the messages in it, and create it again.
# - The queue is not in this state: it belongs to another deployment, or the apply was killed before it wrote the state.
#
# In a plan the URL of a queue is unknown exactly when the plan creates it. No condition can test whether a value is
# unknown, but count refuses an unknown value. Terraform prints the lines of the expression, so the comment inside it is
# the error message. No terraform_data is ever created: where count is known, it is 0.

data "aws_sqs_queues" "existing" {
  count = var.protect_existing ? 1 : 0

  queue_name_prefix = var.name
}

locals {
  exists = anytrue([for url in flatten(data.aws_sqs_queues.existing[*].queue_urls) : basename(url) == var.name])
}

resource "terraform_data" "queue_exists_and_its_messages_would_be_lost" {
  count = (
    # STOP: a queue of this name exists, and this plan would create it, or delete it with its messages and create it again.
    # Nothing was changed. To see what this state has: terraform state list | grep aws_sqs_queue.this
    # - In the list: an apply was interrupted. Keep the queue with     terraform untaint 'ADDRESS'
    # - Not in the list, but yours: an apply was killed. Import it, with the protection switched off.
    # - Another deployment's: choose another name, or destroy that deployment first.
    # To import or to destroy, switch the protection off: -var protect_existing_queues=false (protect_existing of the module).
    # Ignore the advice below: -target deletes the queue. More: docs/terraform.md, "After an interrupted apply".
    var.protect_existing ? (local.exists ? 0 * length(aws_sqs_queue.this.url) : 0) : 0
  )
}
